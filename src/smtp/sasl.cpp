#include "smtp/sasl.h"

#include "base/bytes.h"
#include "base/text.h"

namespace pawl::smtp {

namespace {

// rfc4616#2: each part is up to 255 bytes by convention; passwords from managers may be longer.
constexpr std::size_t kUser = 255;
constexpr std::size_t kPassword = 1024;

// Strict: what does not encode back to the same text is refused, so that no bits hide in it.
std::optional<Bytes> decode(std::string_view line) {
  auto bytes = from_base64(line);
  if (!bytes || to_base64(*bytes) != line) return std::nullopt;
  return *std::move(bytes);
}

bool is_prepared(std::string_view text, std::size_t limit) {
  if (text.empty() || text.size() > limit || !is_utf8(text)) return false;
  for (char c : text) {
    auto u = static_cast<unsigned char>(c);
    if (u < ' ' || u == 0x7f) return false;
  }
  return true;
}

}  // namespace

// rfc4616#2: no authorization identity: one's own.
Secret sasl_plain(std::string_view user, const Secret& password) {
  Secret message(std::string(1, '\0') + std::string(user) + '\0' + std::string(password.reveal()));
  return Secret(to_base64(message.reveal()));
}

bool is_user_name(std::string_view text) {
  return is_prepared(text, kUser);
}

bool is_password(std::string_view text) {
  return is_prepared(text, kPassword);
}

std::optional<SaslExchange> SaslExchange::start(std::string_view mechanism) {
  if (equal_ignoring_case(mechanism, "PLAIN")) return SaslExchange(Step::plain);
  if (equal_ignoring_case(mechanism, "LOGIN")) return SaslExchange(Step::login_user);
  return std::nullopt;
}

std::string_view SaslExchange::challenge() const {
  switch (step_) {
    case Step::plain:
      return "";
    case Step::login_user:
      return "VXNlcm5hbWU6";  // "Username:"
    case Step::login_password:
      return "UGFzc3dvcmQ6";  // "Password:"
  }
  return "";
}

SaslExchange::Outcome SaslExchange::refuse(std::string_view reply) {
  credentials_ = {};
  refusal_ = reply;
  return Outcome::refused;
}

SaslExchange::Outcome SaslExchange::answer(std::string_view line, bool initial) {
  if (!initial && line == "*") return refuse("501 5.7.0 authentication cancelled");
  if (initial && line == "=") line = "";
  auto message = decode(line);
  if (!message) return refuse("501 5.5.2 this is not base64");
  switch (step_) {
    case Step::plain:
      return plain(*message);
    case Step::login_user:
      if (!is_user_name(*message)) return refuse("501 5.5.2 this is not a user name");
      credentials_.user = *std::move(message);
      step_ = Step::login_password;
      return Outcome::challenge;
    case Step::login_password:
      if (!is_password(*message)) return refuse("501 5.5.2 this is not a password");
      credentials_.password = Secret(*std::move(message));
      return Outcome::complete;
  }
  return Outcome::refused;
}

// [authzid] NUL authcid NUL passwd
SaslExchange::Outcome SaslExchange::plain(std::string_view message) {
  auto parts = split(message, '\0');
  if (parts.size() != 3 || !is_user_name(parts[1]) || !is_password(parts[2])) {
    return refuse("501 5.5.2 this is not a SASL PLAIN message");
  }
  // Nobody may act for another here.
  if (!parts[0].empty() && parts[0] != parts[1]) {
    return refuse("535 5.7.8 the authorization identity must be empty or the user's own");
  }
  credentials_.user = std::string(parts[1]);
  credentials_.password = Secret(std::string(parts[2]));
  return Outcome::complete;
}

}  // namespace pawl::smtp
