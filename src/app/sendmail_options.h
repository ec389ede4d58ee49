// The flags of `pawl send`, which are sendmail's, as far as mail programs and scripts give them,
// and a few of our own in the long form. What sendmail takes and has no meaning here is taken and
// ignored, so that nothing that calls sendmail stumbles.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "smtp/envelope.h"

namespace pawl::app {

struct SendmailOptions {
  std::vector<std::string> recipients;
  bool recipients_from_header = false;           // -t
  bool dot_is_text = false;                      // -i, -oi: a line with a dot alone does not end it
  std::optional<std::string> sender;             // -f, -r; "<>" and "" are the null sender
  std::string full_name;                         // -F
  std::optional<smtp::Notify> notify;            // -N
  smtp::Return ret = smtp::Return::unspecified;  // -R
  std::string envid;                             // -V
  bool verbose = false;                          // -v, --verbose
  bool queue = false;                  // -odq, -odb, --queue: hand it to the relay's queue
  bool require_tls = false;            // --require-tls (rfc8689#4.3)
  bool quiet = false;                  // --quiet
  std::optional<std::string> config;   // --config
  std::optional<std::string> file;     // --file; standard input otherwise
  std::vector<std::string> test_dial;  // --test-dial
};

// Errors: invalid_argument with the next step.
Result<SendmailOptions> parse_sendmail_options(std::span<const std::string> words);

}  // namespace pawl::app
