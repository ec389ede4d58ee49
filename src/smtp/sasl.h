// The server side of SASL PLAIN (rfc4616) and LOGIN in SMTP AUTH (rfc4954#4): base64 lines in,
// prompts and at last the credentials out. Whether they are right is the caller's question.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "smtp/credentials.h"

namespace pawl::smtp {

class SaslExchange {
 public:
  // Nothing if the mechanism is not one of ours.
  static std::optional<SaslExchange> start(std::string_view mechanism);

  // One line of the client: the initial response ("=" is the empty one) or an answer to a prompt.
  // A text is the reply to send: a 334 prompt, or a refusal that ends the exchange; done() tells.
  // Nothing: the credentials are complete.
  std::optional<std::string> answer(std::string_view line, bool initial);
  // The prompt when the command brought no initial response.
  std::string first_prompt() const;
  bool refused() const { return refused_; }
  Credentials take() { return std::move(credentials_); }

 private:
  enum class Step : unsigned char { plain, login_user, login_password };
  explicit SaslExchange(Step step) : step_(step) {}
  std::string refuse(std::string reply);
  std::optional<std::string> plain(std::string_view message);

  Step step_;
  bool refused_ = false;
  Credentials credentials_;
};

}  // namespace pawl::smtp
