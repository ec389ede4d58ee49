// A string that is wiped when it goes and never printed by accident: no conversion, no operator<<.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace pawl {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept { value_.swap(other.value_); }
  Secret& operator=(Secret&& other) noexcept {
    value_.swap(other.value_);
    return *this;
  }
  ~Secret() {
    volatile char* p = value_.data();
    for (std::size_t i = 0; i < value_.size(); ++i) p[i] = 0;
  }
  std::string_view reveal() const { return value_; }

 private:
  std::string value_;
};

}  // namespace pawl
