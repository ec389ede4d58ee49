#include "lab/mail_server.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace pawl::lab {
namespace {

std::string path_of(std::string_view argument) {
  auto open = argument.find('<');
  auto close = argument.find('>', open);
  if (open == std::string_view::npos || close == std::string_view::npos) return {};
  return std::string(argument.substr(open + 1, close - open - 1));
}

class Dialog {
 public:
  Dialog(const MailServer& server, Connection& client) : server_(server), client_(client) {}

  Result<> run(TlsStart start) {
    if (start == TlsStart::implicit) TRY_VOID(client_.start_tls(*server_.identity));
    if (start != TlsStart::inside) TRY_VOID(say("220 " + server_.name + " ESMTP lab"));
    while (true) {
      TRY(std::string line, client_.read_line());
      hear(line + "\r\n");
      if (starts_with_ignoring_case(line, "QUIT")) return say("221 2.0.0 bye");
      TRY_VOID(obey(line));
    }
  }

 private:
  Result<> say(std::string_view text) {
    if (server_.before_reply) server_.before_reply();
    return client_.write(std::string(text) + "\r\n");
  }
  void hear(std::string_view plaintext) const {
    if (server_.overhear) server_.overhear(plaintext);
  }

  Result<> obey(const std::string& line) {
    auto is = [&](std::string_view verb) { return starts_with_ignoring_case(line, verb); };
    if (is("EHLO") || is("HELO") || is("LHLO")) hello_ = trim(std::string_view(line).substr(4));
    if (is(server_.lmtp ? "LHLO" : "EHLO")) return greet();
    if (is("HELO") && !server_.lmtp) return say("250 " + server_.name);
    if (is("STARTTLS")) return start_tls(line);
    if (is("MAIL FROM:")) {
      mail_ = {server_.name, path_of(line), {}, {}, client_.is_tls(), client_.sni(), hello_};
      return say("250 2.1.0 sender ok");
    }
    if (is("RCPT TO:")) {
      mail_.to.push_back(path_of(line));
      return say("250 2.1.5 recipient ok");
    }
    if (is("DATA")) return take_data();
    if (is("BDAT ")) return take_chunk(line.substr(5));
    if (is("RSET")) mail_ = {};
    if (is("RSET") || is("NOOP")) return say("250 2.0.0 ok");
    return say("500 5.5.2 " + printable(line, 40) + " is unknown here");
  }

  Result<> greet() {
    std::string reply = "250-" + server_.name + "\r\n250-PIPELINING\r\n250-8BITMIME\r\n";
    if (server_.identity && !client_.is_tls()) reply += "250-STARTTLS\r\n";
    return say(reply + "250 SIZE 50000000");
  }

  Result<> start_tls(const std::string& line) {
    if (!server_.identity || client_.is_tls()) return say("502 5.5.1 not implemented");
    if (trim(line).size() != std::string_view("STARTTLS").size()) {
      return say("501 5.5.4 no parameters");
    }
    // Commands behind STARTTLS were put there by somebody else (CVE-2011-0411).
    if (client_.has_unread_input()) return fail(Code::starttls_injection);
    TRY_VOID(say("220 2.0.0 go ahead"));
    mail_ = {};
    return client_.start_tls(*server_.identity);
  }

  Result<> take_data() {
    if (mail_.to.empty()) return say("503 5.5.1 no recipient");
    TRY_VOID(say("354 go ahead"));
    while (true) {
      TRY(std::string line, client_.read_line());
      hear(line + "\r\n");
      if (line == ".") return accept();
      mail_.content += (line.starts_with('.') ? line.substr(1) : line) + "\r\n";
    }
  }

  Result<> take_chunk(std::string_view arguments) {
    auto words = split(arguments, ' ');
    auto size = parse_decimal(words[0], 1UL << 30);
    if (!size) return say("501 5.5.4 no size");
    TRY(std::string chunk, client_.read_exactly(*size));
    hear(chunk);
    mail_.content += chunk;
    if (words.size() > 1 && equal_ignoring_case(words[1], "LAST")) return accept();
    return say("250 2.0.0 go on");
  }

  Result<> accept() {
    if (server_.taken) server_.taken(mail_);
    std::size_t answers = server_.lmtp ? mail_.to.size() : 1;  // rfc2033#4.2
    server_.mailbox->add(std::exchange(mail_, {}));
    for (; answers > 1; --answers) TRY_VOID(say("250 2.0.0 taken"));
    return say("250 2.0.0 taken");
  }

  const MailServer& server_;
  Connection& client_;
  std::string hello_;
  ReceivedMail mail_;
};

}  // namespace

void Mailbox::add(ReceivedMail mail) {
  std::lock_guard lock(mutex_);
  mails_.push_back(std::move(mail));
  arrived_.notify_all();
}

std::vector<ReceivedMail> Mailbox::all() const {
  std::lock_guard lock(mutex_);
  return mails_;
}

std::size_t Mailbox::count() const {
  std::lock_guard lock(mutex_);
  return mails_.size();
}

std::vector<ReceivedMail> Mailbox::to(std::string_view recipient) const {
  std::lock_guard lock(mutex_);
  return find(recipient);
}

bool Mailbox::wait_for(std::string_view recipient, std::chrono::milliseconds patience) const {
  std::unique_lock lock(mutex_);
  return arrived_.wait_for(lock, patience, [&] { return !find(recipient).empty(); });
}

std::vector<ReceivedMail> Mailbox::find(std::string_view recipient) const {
  std::vector<ReceivedMail> found;
  for (const ReceivedMail& mail : mails_) {
    bool meant = std::ranges::any_of(
        mail.to, [&](const auto& address) { return equal_ignoring_case(address, recipient); });
    if (meant) found.push_back(mail);
  }
  return found;
}

void serve_mail(const MailServer& server, Connection& client, TlsStart start) {
  // However the dialog ended, the connection ends: what arrived is in the mailbox.
  [[maybe_unused]] Result<> ended = Dialog(server, client).run(start);
}

}  // namespace pawl::lab
