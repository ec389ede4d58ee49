// What a person wrote behind `pawl check`, understood generously; where it is not, the error says
// what to write. Errors: invalid_argument, io.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/command.h"
#include "base/ip_address.h"
#include "check/target.h"

namespace pawl::app {

struct CheckTarget {
  check::Target target;
  std::string remark;  // what was made of it, where that is not what was written; may be empty
};

// "postmaster@example.org" is its domain; a scheme that was misspelt is named.
Result<CheckTarget> check_target(std::string_view text);

// "source=192.0.2.7", "resolver=9.9.9.9", "resolver=[::1]:5300", both with a comma between.
struct ViaPath {
  std::string name;  // as written
  std::optional<IpAddress> source;
  std::optional<Endpoint> resolver;
};
Result<ViaPath> parse_via(const std::string& text);

// "9.9.9.9", "127.0.0.1:5300"; port 53 where none is named.
Result<Endpoint> resolver_address(std::string_view option, const std::string& text);

// A number of the option's unit; nothing: the option was not given.
Result<std::optional<int>> number_option(const Arguments& arguments, std::string_view option,
                                         int least, int most);

// Operands, and the lines of --from-file ("-": standard input).
Result<std::vector<check::Target>> check_targets(const Arguments& arguments);

}  // namespace pawl::app
