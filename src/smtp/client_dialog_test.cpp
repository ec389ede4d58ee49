// Runs tests/dialogs/smtp_client/*.dlg; its README says how a dialog is written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "smtp/client.h"

namespace pawl::smtp {
namespace {

struct Mail {
  Envelope envelope;
  bool eight_bit = false;
  bool utf8_header = false;
};

struct Dialog {
  std::string options;
  std::vector<Mail> mails;
  std::string content;
  std::vector<std::string> server;  // blocks; "EOF" closes
  std::string text;                 // the S, C and E lines as they must come
};

Mail parse_mail(std::string_view line) {
  Mail mail;
  for (std::string_view word : split(line, ' ')) {
    std::size_t at = word.find('=');
    std::string_view key = word.substr(0, at);
    std::string value(at == word.npos ? "" : word.substr(at + 1));
    if (key == "from") mail.envelope.sender = value;
    if (key == "to") mail.envelope.recipients.emplace_back().address = value;
    if (key == "8bit") mail.eight_bit = true;
    if (key == "utf8") mail.envelope.smtputf8 = true;
    if (key == "utf8_header") mail.utf8_header = true;
    if (key == "require_tls") mail.envelope.require_tls = true;
    if (key == "ret") mail.envelope.ret = value == "hdrs" ? Return::headers : Return::full;
    if (key == "envid") mail.envelope.envid = value;
    if (key == "orcpt") mail.envelope.recipients.back().orcpt = value;
    if (key == "notify") {
      Notify notify;
      notify.never = value == "never";
      notify.success = value.find("success") != value.npos;
      notify.failure = value.find("failure") != value.npos;
      notify.delay = value.find("delay") != value.npos;
      mail.envelope.recipients.back().notify = notify;
    }
  }
  return mail;
}

Dialog load(const std::filesystem::path& path) {
  Dialog dialog;
  std::ifstream file(path);
  bool in_block = false;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::string rest = line.size() > 3 ? line.substr(3) : "";
    char kind = line[0];
    if (kind == 'O') dialog.options = rest;
    if (kind == 'M') dialog.mails.push_back(parse_mail(rest));
    if (kind == 'B') dialog.content += rest + "\r\n";
    if (kind == 'S') {
      if (!in_block || rest == "EOF") dialog.server.emplace_back();
      dialog.server.back() += rest == "EOF" ? rest : rest + "\r\n";
    }
    in_block = kind == 'S' && rest != "EOF";
    if (kind == 'S' || kind == 'C' || kind == 'E') dialog.text += line + "\n";
  }
  return dialog;
}

class Session {
 public:
  Session(const Dialog& dialog, bool in_turn)
      : dialog_(dialog), in_turn_(in_turn), client_(options()) {}

  // One block of the server, fed in two parts.
  void server_says(const std::string& block, std::size_t split_at) {
    if (in_turn_) {
      for (std::string_view line :
           split(std::string_view(block).substr(0, block.size() - 2), '\n')) {
        if (line.ends_with('\r')) line.remove_suffix(1);
        text += "S: " + std::string(block == "EOF" ? block : line) + "\n";
      }
    }
    if (block == "EOF") {
      client_.end_of_input();
      return pump();
    }
    std::string_view bytes = block;
    client_.feed(bytes.substr(0, split_at));
    pump();
    if (split_at >= bytes.size()) return;
    client_.feed(bytes.substr(split_at));
    pump();
  }

  std::string text;    // everything in turn
  std::string events;  // and the two sides of it apart
  std::string sent;

 private:
  ClientOptions options() const {
    ClientOptions options;
    options.helo = "relay.example.net";
    auto has = [this](const char* word) { return dialog_.options.find(word) != std::string::npos; };
    options.tls_required = has("tls_required");
    options.tls_forbidden = has("tls_forbidden");
    options.secure = has("secure");
    options.chunking = !has("no_chunking");
    if (has("lmtp")) options.protocol = Protocol::lmtp;
    if (has("auth")) {
      auto credentials = std::make_shared<Credentials>();
      credentials->user = "joe";
      credentials->password = Secret("sesame");
      options.credentials = credentials;
    }
    return options;
  }

  void record(const std::string& event) {
    events += "E: " + event + "\n";
    text += "E: " + event + "\n";
  }

  void record_output() {
    std::string output = client_.take();
    sent += output;
    if (output.empty()) return;
    EXPECT_TRUE(output.ends_with("\r\n"));
    for (std::string_view line :
         split(std::string_view(output).substr(0, output.size() - 2), '\n')) {
      if (line.ends_with('\r')) line.remove_suffix(1);
      text += "C: " + std::string(line) + "\n";
    }
  }

  void record_outcome() {
    std::string line = "outcome";
    const TransactionResult& result = client_.result();
    if (result.in_doubt) line += " (in doubt)";
    for (const RecipientResult& r : result.recipients) {
      line += line.ends_with(")") || line == "outcome" ? " " : "; ";
      line += (r.error ? std::string(row(r.error->code).name) : "delivered") + " " + r.status;
      if (!r.reply.empty()) line += " <" + r.reply + ">";
    }
    record(line);
  }

  void next_mail() {
    if (next_mail_ == dialog_.mails.size()) return client_.quit();
    const Mail& mail = dialog_.mails[next_mail_++];
    Transaction transaction;
    transaction.envelope = &mail.envelope;
    for (const Recipient& r : mail.envelope.recipients) transaction.recipients.push_back(&r);
    transaction.size = dialog_.content.size();
    transaction.eight_bit = mail.eight_bit;
    transaction.utf8_header = mail.utf8_header;
    client_.begin(transaction);
  }

  void pump() {
    while (auto event = client_.next_event()) {
      switch (*event) {
        case ClientEvent::upgrade:
          record("upgrade");
          // In such a dialog what comes next still comes in clear.
          if (dialog_.options.find("no_handshake") == std::string::npos) client_.tls_established();
          break;
        case ClientEvent::ready:
          record("ready");
          next_mail();
          break;
        case ClientEvent::want_content:
          record("want_content");
          client_.content(dialog_.content);
          client_.end_content();
          break;
        case ClientEvent::outcome:
          record_outcome();
          next_mail();
          break;
        case ClientEvent::failed:
          record("failed " + std::string(row(client_.error().code).name) + ": " +
                 client_.error().detail);
          break;
        case ClientEvent::closed:
          record("closed");
      }
    }
    record_output();
  }

  const Dialog& dialog_;
  bool in_turn_;
  Client client_;
  std::size_t next_mail_ = 0;
};

class ClientDialog : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(ClientDialog, GoesAsWritten) {
  Dialog dialog = load(GetParam());
  Session run(dialog, true);
  for (const std::string& block : dialog.server) run.server_says(block, block.size());
  EXPECT_EQ(run.text, dialog.text);
}

// Events that depend on where a segment ends would be an attacker's choice. Only an injection
// behind the 220 may be seen in two steps: the upgrade begins before the rest arrives.
TEST_P(ClientDialog, GoesTheSameWayHoweverItIsSplit) {
  Dialog dialog = load(GetParam());
  Session whole(dialog, false);
  for (const std::string& block : dialog.server) whole.server_says(block, block.size());
  bool injection = whole.events.find("starttls_injection") != std::string::npos;
  for (std::size_t at = 1; at < 400; ++at) {
    Session run(dialog, false);
    for (const std::string& block : dialog.server) {
      run.server_says(block, block == "EOF" ? 3 : std::min(at, block.size()));
    }
    if (injection) {
      EXPECT_THAT(run.events, testing::HasSubstr("failed starttls_injection"));
      EXPECT_THAT(run.sent, testing::Not(testing::HasSubstr("MAIL")));
    } else {
      EXPECT_EQ(run.events, whole.events) << "split at " << at;
      EXPECT_EQ(run.sent, whole.sent) << "split at " << at;
    }
  }
}

std::vector<std::filesystem::path> dialogs() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(
           std::filesystem::path(PAWL_SOURCE_DIR) / "tests/dialogs/smtp_client")) {
    if (entry.path().extension() == ".dlg") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  return paths;
}

INSTANTIATE_TEST_SUITE_P(Files, ClientDialog, testing::ValuesIn(dialogs()),
                         [](const auto& param) { return param.param.stem().string(); });

}  // namespace
}  // namespace pawl::smtp
