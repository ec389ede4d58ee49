#include "tls/reference_name.h"

#include <algorithm>

#include "base/text.h"

namespace pawl::tls {

namespace {

// A NUL or any other byte that no host name has could make two readers see two names.
bool is_host_name(std::string_view name) {
  if (name.empty() || name.front() == '.' || name.back() == '.') return false;
  if (name.find("..") != std::string_view::npos) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

// What follows the first label, without its dot; empty if there is no second label.
std::string_view after_first_label(std::string_view name) {
  const auto dot = name.find('.');
  return dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
}

}  // namespace

bool matches_reference(std::string_view presented, std::string_view reference) {
  // rfc9525#6.3: the wildcard is the complete left-most label and stands for exactly one label. A
  // wildcard directly under a top-level domain would stand for everybody's names.
  const bool wildcard = presented.starts_with("*.");
  const std::string_view fixed = wildcard ? presented.substr(2) : presented;
  if (!is_host_name(fixed)) return false;
  if (wildcard && after_first_label(fixed).empty()) return false;

  if (reference.starts_with('.')) {
    const std::string_view parent = wildcard ? fixed : after_first_label(presented);
    return is_host_name(reference.substr(1)) && equal_ignoring_case(parent, reference.substr(1));
  }
  if (!is_host_name(reference)) return false;
  return equal_ignoring_case(fixed, wildcard ? after_first_label(reference) : reference);
}

std::string_view find_match(const std::vector<std::string>& presented,
                            const std::vector<std::string>& references) {
  for (const std::string& reference : references) {
    for (const std::string& name : presented) {
      if (matches_reference(name, reference)) return name;
    }
  }
  return {};
}

}  // namespace pawl::tls
