// Plays tests/dialogs/server/*.dlg against the server machine.
#include <gtest/gtest.h>

#include "base/text.h"
#include "dialogs/dialog.h"
#include "smtp/server.h"

namespace pawl::smtp {
namespace {

using dialogs::Dialog;
using dialogs::Step;

ServerOptions options_of(const Dialog& dialog) {
  ServerOptions options{.hostname = "mx.example.org", .starttls = true, .auth = true};
  for (const auto& [name, value] : dialog.options) {
    if (name == "normalize") {
      options.normalize = true;
    } else if (name == "lmtp") {
      options.lmtp = true;
    } else if (name == "no_starttls") {
      options.starttls = false;
    } else if (name == "require_tls") {
      options.require_tls = true;
    } else if (name == "tls_only") {
      options.clear_mail = false;
    } else if (name == "max_size") {
      options.max_size = std::stoul(value);
    } else if (name == "max_recipients") {
      options.max_recipients = std::stoul(value);
    } else if (name == "max_errors") {
      options.max_errors = std::stoi(value);
    } else if (name == "max_hops") {
      options.max_hops = std::stoi(value);
    } else if (name == "max_idle") {
      options.max_idle_commands = std::stoi(value);
    } else if (name == "chunk") {
      options.chunk = std::stoul(value);
    } else if (name != "tls") {
      ADD_FAILURE() << dialog.file << ": no option " << name;
    }
  }
  return options;
}

// A driver without a network: decides as the file names say, keeps what came of it.
class Play {
 public:
  Play(const Dialog& dialog)
      : options_(options_of(dialog)), server_(options_, dialog.options.contains("tls")) {
    run();
  }

  void feed(std::string_view bytes) {
    // What comes after the end, or instead of a handshake, reaches no machine.
    if (ended_ || tls_due_) {
      stray_ += bytes;
      return;
    }
    server_.feed(bytes);
    run();
  }
  void handshake() {
    EXPECT_TRUE(tls_due_) << "TLS was not begun";
    tls_due_ = false;
    server_.tls_started();
    run();
  }
  void shut_down() {
    server_.shut_down();
    run();
  }

  std::string out;      // what the client reads
  std::string taken;    // content that was accepted
  std::string verdict;  // "CLOSED", "INJECTION"
  const std::string& stray() const { return stray_; }

 private:
  void run() {
    while (!ended_ && !tls_due_) {
      switch (server_.next()) {
        case ServerEvent::need_input:
          out += server_.take();
          return;
        case ServerEvent::sender:
          if (server_.envelope().sender == "banned@example.org") {
            server_.refuse("550 5.7.1 not this one");
          } else {
            server_.accept();
          }
          break;
        case ServerEvent::recipient:
          if (server_.recipient().domain.text() == "elsewhere.example") {
            server_.refuse("550 5.7.1 relaying denied");
          } else {
            server_.accept();
          }
          break;
        case ServerEvent::authenticate: {
          Credentials given = server_.take_credentials();
          if (given.user == "joe" && given.password.reveal() == "secret") {
            server_.accept();
          } else {
            server_.refuse("535 5.7.8 wrong user name or password");
          }
          break;
        }
        case ServerEvent::message_begin:
          EXPECT_TRUE(in_flight_.empty());
          if (server_.envelope().sender == "full@example.org") {
            server_.refuse("452 4.3.1 the disk is full");
          } else {
            server_.accept_message("");
          }
          break;
        case ServerEvent::content:
          in_flight_ += server_.take_content();
          break;
        case ServerEvent::message_end:
          in_flight_ += server_.take_content();
          EXPECT_EQ(server_.facts().size, in_flight_.size());
          if (server_.envelope().sender == "slow@example.org") {
            server_.refuse("451 4.3.0 try later");
          } else {
            taken += in_flight_;
            server_.accept("taken");
          }
          in_flight_.clear();
          break;
        case ServerEvent::message_aborted:
          in_flight_.clear();
          break;
        case ServerEvent::start_tls:
          out += server_.take();
          tls_due_ = true;
          break;
        case ServerEvent::injection:
          out += server_.take();
          verdict = "INJECTION";
          ended_ = true;
          break;
        case ServerEvent::closed:
          out += server_.take();
          EXPECT_TRUE(in_flight_.empty()) << "content was handed out and never aborted";
          verdict = "CLOSED";
          ended_ = true;
          break;
      }
    }
  }

  ServerOptions options_;
  Server server_;
  std::string in_flight_;
  std::string stray_;
  bool tls_due_ = false;
  bool ended_ = false;
};

// `pieces(bytes)` cuts a run of client bytes.
template <class Pieces>
void play(const Dialog& dialog, Pieces pieces) {
  Play session(dialog);
  std::string sent;
  for (std::size_t i = 0; i < dialog.steps.size(); ++i) {
    const Step& step = dialog.steps[i];
    SCOPED_TRACE(dialog.file + ':' + std::to_string(step.line));
    std::string run = step.bytes;
    switch (step.kind) {
      case Step::Kind::client:
        while (i + 1 < dialog.steps.size() && dialog.steps[i + 1].kind == Step::Kind::client) {
          run += dialog.steps[++i].bytes;
        }
        for (std::string_view piece : pieces(run)) session.feed(piece);
        break;
      case Step::Kind::server:
        ASSERT_EQ(printable(session.out.substr(0, run.size()), 2000), printable(run, 2000));
        session.out.erase(0, run.size());
        continue;
      case Step::Kind::message:
        ASSERT_EQ(printable(session.taken.substr(0, run.size()), 2000), printable(run, 2000));
        session.taken.erase(0, run.size());
        continue;
      case Step::Kind::tls:
        ASSERT_EQ(session.out, "");
        session.handshake();
        break;
      case Step::Kind::action:
        ASSERT_EQ(run, "shut_down");
        session.shut_down();
        break;
      case Step::Kind::closed:
        ASSERT_EQ(session.verdict, "CLOSED");
        break;
      case Step::Kind::injection:
        // Cut right behind STARTTLS the injected bytes come where a ClientHello is due, and the
        // TLS engine ends the session.
        ASSERT_TRUE(session.verdict == "INJECTION" || !session.stray().empty());
        session.out.clear();
        break;
    }
  }
  EXPECT_EQ(printable(session.out), "") << dialog.file << ": the server said more";
  EXPECT_EQ(printable(session.taken), "") << dialog.file << ": the server took more";
}

std::vector<std::string_view> cut(std::string_view bytes, std::size_t first, std::size_t then) {
  std::vector<std::string_view> pieces;
  for (std::size_t count = first; !bytes.empty(); count = then) {
    pieces.push_back(bytes.substr(0, count));
    bytes.remove_prefix(pieces.back().size());
  }
  return pieces;
}

class ServerDialog : public testing::TestWithParam<Dialog> {};

TEST_P(ServerDialog, Whole) {
  play(GetParam(), [](std::string_view bytes) { return cut(bytes, bytes.size(), 1); });
}

TEST_P(ServerDialog, ByteByByte) {
  play(GetParam(), [](std::string_view bytes) { return cut(bytes, 1, 1); });
}

TEST_P(ServerDialog, CutInTwoAtEachPlace) {
  std::size_t longest = 0;
  for (const Step& step : GetParam().steps) longest += step.bytes.size();
  std::size_t stride = longest / 2000 + 1;  // long ones are cut at 2000 places
  for (std::size_t at = 1; at < longest; at += stride) {
    play(GetParam(), [at](std::string_view bytes) { return cut(bytes, at, bytes.size()); });
    if (HasFatalFailure()) FAIL() << "cut at " << at;
  }
}

INSTANTIATE_TEST_SUITE_P(All, ServerDialog,
                         testing::ValuesIn(dialogs::read_dialogs(PAWL_SOURCE_DIR
                                                                 "/tests/dialogs/server")),
                         [](const auto& info) {
                           std::string name = info.param.file;
                           name.resize(name.size() - 4);
                           return name;
                         });

}  // namespace
}  // namespace pawl::smtp
