// The client side of ManageSieve (rfc5804), as far as a session needs it that becomes TLS
// (rfc5804#2.2) and logs in (rfc5804#2.1). The server lists its capabilities unasked, as its
// greeting and once more inside TLS; nothing else may come first there.
#include "base/text.h"
#include "smtp/sasl.h"
#include "starttls/dialogs.h"
#include "starttls/upgrading_client.h"

namespace pawl::starttls {

namespace {

// rfc5804#4: a quoted string holds 1024 bytes at most.
constexpr std::size_t kQuoted = 1000;

enum class Kind : std::uint8_t { string, ok, no, bye, other };

Kind kind_of(std::string_view unit) {
  if (unit.starts_with('"') || unit.starts_with('{')) return Kind::string;
  std::string_view word = unit.substr(0, unit.find_first_of(" \r"));
  if (equal_ignoring_case(word, "OK")) return Kind::ok;
  if (equal_ignoring_case(word, "NO")) return Kind::no;
  if (equal_ignoring_case(word, "BYE")) return Kind::bye;
  return Kind::other;
}

// Takes the quoted string or literal off the front of `text`, with the space behind it. What is
// escaped in it stays so: no keyword has anything to escape.
std::string_view take_string(std::string_view& text) {
  std::string_view taken;
  if (text.starts_with('"')) {
    std::size_t end = 1;
    while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
    end = std::min(end, text.size());
    taken = text.substr(1, end - 1);
    text.remove_prefix(std::min(end + 1, text.size()));
  } else if (text.starts_with('{')) {
    std::size_t begin = text.find('\n');
    std::string_view digits = text.substr(1, text.find_first_of("+}") - 1);
    auto size = parse_decimal(digits, text.size());
    if (begin == std::string_view::npos || !size) return {};
    taken = text.substr(begin + 1, *size);
    text.remove_prefix(begin + 1 + taken.size());
  }
  if (text.starts_with(' ')) text.remove_prefix(1);
  return taken;
}

class SieveClient final : public UpgradingClient {
 public:
  SieveClient(const ProtocolRow& protocol, ClientOptions options)
      : UpgradingClient(protocol, std::move(options)) {}

 private:
  Result<std::size_t> unit_length(std::string_view input) const override {
    return literals_end(input);
  }
  void on_unit(std::string_view unit) override;
  void ask_capabilities() override {}  // they come unasked
  void ask_upgrade() override { put(Carries::negotiation, {"STARTTLS\r\n"}); }
  void start_login(std::string_view user, const Secret& password) override;
  void start_command(std::string_view command) override { put(Carries::user_data, {command}); }
  void start_goodbye() override { put(Carries::negotiation, {"LOGOUT\r\n"}); }
  bool offers_upgrade() const override;

  void on_list(std::string_view unit, Kind kind);
  bool offers_plain() const;
};

void SieveClient::on_unit(std::string_view unit) {
  Kind kind = kind_of(unit);
  if (kind == Kind::bye && stage() != Stage::goodbye) {
    // Also where it names another server (rfc5804#1.3): that is for the user to believe.
    return fail_session(Error(Code::connection_lost, quoted(unit)));
  }
  if (stage() == Stage::greeting || stage() == Stage::capabilities) return on_list(unit, kind);
  if (unasked() || kind == Kind::other) {
    return stage() == Stage::upgrade && !unasked() ? upgrade_answered(Answer::unknown)
                                                   : wrong_shape(unit);
  }
  switch (stage()) {
    case Stage::upgrade:
      if (kind == Kind::string) return upgrade_answered(Answer::unknown);
      return upgrade_answered(kind == Kind::ok ? Answer::granted : Answer::refused);
    case Stage::login:
      // A string would be a challenge, and PLAIN has none.
      return login_answered(kind == Kind::ok);
    case Stage::command:
      if (kind != Kind::string) command_answered();
      return;
    case Stage::goodbye:
      return goodbye_answered();
    default:
      return wrong_shape(unit);
  }
}

void SieveClient::on_list(std::string_view unit, Kind kind) {
  if (kind == Kind::string) return add_capability(unit.substr(0, unit.size() - 2));
  bool greeting = stage() == Stage::greeting;
  if (kind == Kind::no && greeting) {
    return fail_session(Error(Code::connection_lost, quoted(unit)));
  }
  // rfc5804#2.2: the list inside TLS is sent unasked, whole, and without STARTTLS: the greeting of
  // a session in clear is not it.
  if (kind != Kind::ok || capabilities().empty()) return wrong_shape(unit);
  if (first_in_tls() && offers_upgrade()) return wrong_shape(unit);
  capabilities_known(true);
}

bool SieveClient::offers_upgrade() const {
  for (std::string_view capability : capabilities()) {
    if (equal_ignoring_case(take_string(capability), protocol().upgrade_command)) return true;
  }
  return false;
}

bool SieveClient::offers_plain() const {
  for (std::string_view capability : capabilities()) {
    if (!equal_ignoring_case(take_string(capability), "SASL")) continue;
    for (std::string_view mechanism : split(take_string(capability), ' ')) {
      if (equal_ignoring_case(mechanism, "PLAIN")) return true;
    }
  }
  return false;
}

void SieveClient::start_login(std::string_view user, const Secret& password) {
  if (!offers_plain()) {
    return fail_session(Error(Code::auth_failed, "the server does not offer SASL PLAIN"));
  }
  Secret message = smtp::sasl_plain(user, password);
  if (message.reveal().size() <= kQuoted) {
    put(Carries::user_data, {"AUTHENTICATE \"PLAIN\" \"", message.reveal(), "\"\r\n"});
    return;
  }
  std::string size = std::to_string(message.reveal().size());
  put(Carries::user_data, {"AUTHENTICATE \"PLAIN\" {", size, "+}\r\n", message.reveal(), "\r\n"});
}

}  // namespace

std::unique_ptr<ClientDialog> make_sieve_client(const ProtocolRow& protocol,
                                                ClientOptions options) {
  return std::make_unique<SieveClient>(protocol, std::move(options));
}

}  // namespace pawl::starttls
