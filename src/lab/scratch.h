// A directory of the lab's own that goes when its handle goes.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pawl::lab {

class Scratch {
 public:
  static Result<Scratch> make();  // under TMPDIR, or /tmp
  Scratch(Scratch&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  Scratch& operator=(Scratch&&) = delete;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();

  const std::filesystem::path& path() const { return path_; }
  std::string file(std::string_view name) const { return (path_ / name).string(); }
  Result<std::string> write(std::string_view name, std::string_view content) const;  // its path

 private:
  explicit Scratch(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

Result<std::string> read_file(const std::string& path);

}  // namespace pawl::lab
