#include "lab/attacked_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

#include "base/text.h"
#include "lab/forgery.h"
#include "lab/guard.h"
#include "lab/namespace.h"

namespace pawl::lab {
namespace {

// Nobody guesses it, and it stands in no program, certificate or greeting.
std::string unique_word(std::string_view prefix) {
  constexpr std::string_view kLetters = "abcdefghijkmnpqrstuvwxyz23456789";
  std::random_device random;
  std::string word(prefix);
  for (int i = 0; i < 16; ++i) word += kLetters[random() % kLetters.size()];
  return word;
}

bool is_goodbye(std::string_view verb) {
  return std::ranges::any_of(
      std::initializer_list<std::string_view>{"QUIT", "LOGOUT", "RSET"},
      [&](std::string_view word) { return equal_ignoring_case(verb, word); });
}

// Commands with which a session goes on.
std::ptrdiff_t commands_in(Dialect dialect, std::string_view heard) {
  return std::ranges::count_if(split(heard, '\n'), [&](std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    return !line.empty() && !is_goodbye(verb_of(dialect, line));
  });
}

}  // namespace

Result<std::unique_ptr<Grounds>> Grounds::make() {
  TRY(Scratch scratch, Scratch::make());
  TRY(tls::Authority authority, tls::Authority::make("Pawl lab authority", lab_now()));
  auto grounds = std::make_unique<Grounds>(std::move(scratch), std::move(authority));
  TRY(grounds->ca_file, grounds->scratch.write("ca.pem", grounds->authority.certificate_pem()));
  const std::string word = unique_word("word");
  grounds->secrets = {std::string(kLabUser), unique_word("pass"), {}, {word}};
  grounds->message = fmt::format(
      "From: Lab <{0}@lab.test>\r\nTo: Lab <{0}@lab.test>\r\nSubject: {1}\r\n"
      "Date: Sun, 22 Nov 2026 12:00:00 +0000\r\nMessage-ID: <{1}@lab.test>\r\n\r\n"
      "The word is: {1}.\r\n",
      kLabUser, word);
  TRY(grounds->message_file, grounds->scratch.write("message.eml", grounds->message));
  TRY(grounds->server,
      issue_identity(grounds->authority, tls::leaf_for({std::string(kLabHost)}, lab_now())));
  return grounds;
}

bool Judgement::got(Deposit::Kind kind) const {
  return std::ranges::find(deposits, kind, &Deposit::kind) != deposits.end();
}

AttackedServer::AttackedServer(const Grounds& grounds, const Options& options)
    : grounds_(grounds),
      options_(options),
      secrets_(grounds.secrets),
      path_({.name = std::string(kLabHost),
             .protocol = options.protocol,
             .implicit = options.implicit_tls,
             .secrets = &secrets_}),
      back_(std::make_unique<TcpServer>()),
      path_server_(std::make_unique<TcpServer>()) {
  server_.protocol = options.protocol;
  server_.name = std::string(kLabHost);
  if (options.attack->server_has_tls) server_.identity = grounds.server.server;
  server_.user = grounds.secrets.user;
  server_.password = grounds.secrets.password;
  server_.content = grounds.message;
  server_.deposits = &deposits_;
}

AttackedServer::~AttackedServer() = default;

Result<std::unique_ptr<AttackedServer>> AttackedServer::open(const Grounds& grounds,
                                                             Options options) {
  if (!applies(*options.attack, options.protocol, options.implicit_tls)) {
    return fail(
        Code::invalid_argument,
        fmt::format("the attack '{}' cannot be played on this protocol{}", options.attack->name,
                    options.implicit_tls ? " where TLS begins with the first byte" : ""));
  }
  std::unique_ptr<AttackedServer> opened(new AttackedServer(grounds, options));
  TRY_VOID(opened->start());
  return opened;
}

Result<> AttackedServer::start() {
  TRY_VOID(check_lab_name(kLabHost));
  TRY_VOID(check_lab_name(kAttackerHost));
  const Endpoint any{IpAddress::v4(127, 0, 0, 1), 0};
  TRY(const Endpoint clear,
      back_->listen(any, [this](Socket& client) { serve_real(client, TlsStart::starttls); }));
  Endpoint implicit;
  if (server_.identity) {
    TRY(implicit,
        back_->listen(any, [this](Socket& client) { serve_real(client, TlsStart::implicit); }));
  }
  path_.lead_to(clear, implicit);
  TRY(LabIdentity forged,
      forge_identity(grounds_.authority, std::string(kLabHost), options_.attack->certificate));
  path_.set(options_.attack->trick, forged.server);
  TRY(front_, path_server_->listen(options_.at, [this](Socket& client) { path_.serve(client); }));
  if (options_.attack->trick != PathTrick::refer || !in_namespace()) return {};
  TRY(attacker_,
      forge_identity(grounds_.authority, std::string(kLabHost), ForgedCertificate::wrong_name));
  TRY_VOID(path_server_->listen({kAttackerAddress, front_.port},
                                [this](Socket& client) { serve_referred(client); }));
  return {};
}

void AttackedServer::serve_real(Socket& client, TlsStart start) {
  Connection connection(client);
  connection.set_overhear([this](std::string_view bytes, bool tls) {
    if (!tls) return;
    std::lock_guard lock(mutex_);
    heard_in_tls_ += bytes;
  });
  serve_protocol(server_, connection, start);
}

// The attacker's own host, at which he reads everything.
void AttackedServer::serve_referred(Socket& client) {
  ++visits_of_referred_;
  Overheard heard(path_.ear(), dialect_of(options_.protocol));
  Connection connection(client);
  connection.set_overhear([this, &heard](std::string_view bytes, bool) {
    heard.feed(bytes);
    secrets_.from_client(bytes);
  });
  Deposits taken;
  ProtocolServer server = server_;
  server.name = std::string(kAttackerHost);
  server.identity = attacker_.server;
  server.deposits = &taken;
  serve_protocol(server, connection, TlsStart::starttls);
}

std::optional<bool> AttackedServer::used_forged(const Judgement& judgement) const {
  const Dialect dialect = dialect_of(options_.protocol);
  std::lock_guard lock(mutex_);
  const bool named = to_lower(heard_in_tls_).find(kMallory) != std::string::npos;
  switch (options_.attack->trick) {
    case PathTrick::inject_and_withhold:
    case PathTrick::splice_to_implicit:
      // The real answer never came, or was a greeting: who goes on has taken another for it.
      return commands_in(dialect, heard_in_tls_) > 1;
    case PathTrick::inject_response:
    case PathTrick::untagged_data:
      return named;
    case PathTrick::inject_command:
      return std::ranges::any_of(judgement.deposits, [](const Deposit& deposit) {
        return deposit.user == kMallory || deposit.place.find(kMallory) != std::string::npos;
      });
    case PathTrick::refer:
      return visits_of_referred_ > 0;
    case PathTrick::early_ok:
    case PathTrick::preauthenticate:
      return judgement.leaked();
    default:
      return std::nullopt;
  }
}

Judgement AttackedServer::judge() {
  // The attacker's threads end first: they hold the connections to the servers behind.
  path_server_.reset();
  back_.reset();
  Judgement judgement;
  judgement.leak = secrets_.found();
  judgement.bytes_leaked = path_.ear().bytes();
  judgement.excerpt = path_.ear().excerpt();
  judgement.leak.envelope |= path_.ear().bytes(Heard::envelope) > 0;
  judgement.connections = path_.connections();
  judgement.handshakes = path_.handshakes();
  judgement.deposits = deposits_.all();
  {
    std::lock_guard lock(mutex_);
    judgement.spoke_in_tls = !heard_in_tls_.empty();
  }
  judgement.used_forged = used_forged(judgement);
  return judgement;
}

}  // namespace pawl::lab
