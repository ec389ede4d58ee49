// Plays tests/dialogs/PROTOCOL_server/*.dlg against the server dialogs of starttls/.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/text.h"
#include "dialogs/dialog.h"
#include "starttls/test_server.h"

namespace pawl::starttls {
namespace {

using dialogs::Dialog;
using dialogs::Step;
using test::ServerPlay;

struct Played {
  Protocol protocol;
  Dialog dialog;
};
void PrintTo(const Played& played, std::ostream* out) {
  *out << row(played.protocol).name << '/' << played.dialog.file;
}

std::vector<Played> all_dialogs() {
  std::vector<Played> all;
  for (const ProtocolRow& protocol : protocols()) {
    std::string folder = PAWL_SOURCE_DIR "/tests/dialogs/" + std::string(protocol.name) + "_server";
    if (!std::filesystem::exists(folder)) continue;
    for (Dialog& dialog : dialogs::read_dialogs(folder)) {
      all.push_back({protocol.protocol, std::move(dialog)});
    }
  }
  return all;
}

ServerOptions options_of(const Dialog& dialog) {
  ServerOptions options{.hostname = "mail.example.org"};
  for (const auto& [name, value] : dialog.options) {
    if (name == "tls") {
      options.implicit_tls = true;
    } else if (name == "no_starttls") {
      options.starttls = false;
    } else if (name == "no_logins") {
      options.authentication = false;
    } else if (name == "clear_mail") {
      options.clear_mail = true;
    } else if (name == "max_errors") {
      options.max_errors = std::stoi(value);
    } else {
      ADD_FAILURE() << dialog.file << ": no option " << name;
    }
  }
  return options;
}

// `piece`: the client's bytes come in pieces of so many.
void play(const Played& played, std::size_t piece) {
  const Dialog& dialog = played.dialog;
  ServerPlay server(played.protocol, options_of(dialog));
  std::string out = server.take();
  bool stray = false;
  for (std::size_t i = 0; i < dialog.steps.size(); ++i) {
    const Step& step = dialog.steps[i];
    SCOPED_TRACE(dialog.file + ':' + std::to_string(step.line));
    std::string run = step.bytes;
    switch (step.kind) {
      case Step::Kind::client:
        while (i + 1 < dialog.steps.size() && dialog.steps[i + 1].kind == Step::Kind::client) {
          run += dialog.steps[++i].bytes;
        }
        for (std::size_t at = 0; at < run.size(); at += piece) {
          stray = stray || server.tls_due;
          out += server.say(std::string_view(run).substr(at, piece));
        }
        break;
      case Step::Kind::server:
        ASSERT_EQ(printable(out.substr(0, run.size()), 2000), printable(run, 2000));
        out.erase(0, run.size());
        break;
      case Step::Kind::tls:
        ASSERT_EQ(out, "");
        ASSERT_TRUE(server.tls_due);
        out += server.handshake();
        break;
      case Step::Kind::action:
        ASSERT_EQ(run, "owned");
        ASSERT_TRUE(server.owned());
        break;
      case Step::Kind::message:
        ASSERT_EQ(server.dialog().take_input() + "\r\n", run);
        break;
      case Step::Kind::closed:
        ASSERT_EQ(server.last, ServerEvent::closed);
        break;
      case Step::Kind::injection:
        // Cut right behind the upgrade, the rest comes where a ClientHello is due.
        ASSERT_TRUE(server.last == ServerEvent::injection || stray);
        out.clear();
        break;
    }
  }
  EXPECT_EQ(printable(out), "") << dialog.file << ": the server said more";
}

class UpgradeServer : public testing::TestWithParam<Played> {};

TEST_P(UpgradeServer, Whole) {
  play(GetParam(), 1'000'000);
}

TEST_P(UpgradeServer, InPieces) {
  for (std::size_t piece = 1; piece < 12; ++piece) {
    play(GetParam(), piece);
    if (HasFatalFailure()) FAIL() << "in pieces of " << piece;
  }
}

INSTANTIATE_TEST_SUITE_P(All, UpgradeServer, testing::ValuesIn(all_dialogs()),
                         [](const auto& info) {
                           std::string file = info.param.dialog.file;
                           file.resize(file.size() - 4);
                           return std::string(row(info.param.protocol).name) + "_" + file;
                         });

}  // namespace
}  // namespace pawl::starttls
