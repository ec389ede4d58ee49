// The server side of SASL PLAIN (rfc4616) and LOGIN, for every protocol that carries it as base64
// lines: SMTP AUTH (rfc4954#4), IMAP, POP3, ManageSieve. Lines in, challenges and at last the
// credentials out. Whether they are right is the caller's question. The client side of PLAIN is one
// message.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "smtp/credentials.h"

namespace pawl::smtp {

// What a client says in PLAIN, in base64. Neither part holds a NUL.
Secret sasl_plain(std::string_view user, const Secret& password);

// What may be one: UTF-8 without control characters, not empty, not too long (rfc4616#2).
bool is_user_name(std::string_view text);
bool is_password(std::string_view text);

class SaslExchange {
 public:
  enum class Outcome : unsigned char {
    challenge,  // send challenge() and answer() with the client's line
    complete,   // take()
    refused,    // refusal()
  };

  // Nothing if the mechanism is not one of ours.
  static std::optional<SaslExchange> start(std::string_view mechanism);

  // One line of the client: the initial response ("=" is the empty one) or an answer to a
  // challenge; "*" cancels.
  Outcome answer(std::string_view line, bool initial);
  // What to ask now, as base64; also before the first answer, if the command brought none.
  std::string_view challenge() const;
  std::string_view refusal() const { return refusal_; }  // an SMTP reply without its CRLF
  Credentials take() { return std::move(credentials_); }

 private:
  enum class Step : unsigned char { plain, login_user, login_password };
  explicit SaslExchange(Step step) : step_(step) {}
  Outcome refuse(std::string_view reply);
  Outcome plain(std::string_view message);

  Step step_;
  std::string_view refusal_;
  Credentials credentials_;
};

}  // namespace pawl::smtp
