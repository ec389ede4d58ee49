// The composition root as a whole: mail goes through, a reload changes rules or nothing, signals
// end it. Loopback only; hosts are found through the test-only dial map.
#include "app/relay_service.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/text.h"

namespace pawl::app {
namespace {

int loopback_socket(std::uint16_t port, bool listening) {
  int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* address = reinterpret_cast<sockaddr*>(&at);
  int done =
      listening ? bind(descriptor, address, sizeof at) : connect(descriptor, address, sizeof at);
  EXPECT_EQ(done, 0);
  if (listening) listen(descriptor, 8);
  timeval patience{.tv_sec = 20, .tv_usec = 0};
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return descriptor;
}

std::uint16_t port_of(int descriptor) {
  sockaddr_in at{};
  socklen_t size = sizeof at;
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&at), &size);
  return ntohs(at.sin_port);
}

// Lines in, lines out.
class Line {
 public:
  explicit Line(int descriptor) : descriptor_(descriptor) {}
  ~Line() { close(descriptor_); }
  std::string read() {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n")) == std::string::npos) {
      char bytes[4096];
      ssize_t count = recv(descriptor_, bytes, sizeof bytes, 0);
      if (count <= 0) return "";
      buffer_.append(bytes, static_cast<std::size_t>(count));
    }
    std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end + 2);
    return line;
  }
  void write(const std::string& text) {
    std::string bytes = text + "\r\n";
    send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  std::string ask(const std::string& command) {
    if (!command.empty()) write(command);
    std::string line = read();
    while (line.size() > 3 && line[3] == '-') line = read();
    return line;
  }

 private:
  int descriptor_;
  std::string buffer_;
};

// A host without TLS that takes one message and gives back its content; ends with the session.
class PlainHost {
 public:
  PlainHost() : listener_(loopback_socket(0, true)), port_(port_of(listener_)) {}
  ~PlainHost() { close(listener_); }
  std::uint16_t port() const { return port_; }
  std::string take_one() {
    Line line(accept(listener_, nullptr, nullptr));
    line.write("220 plain.example");
    std::string content;
    for (std::string command = line.read(); !command.empty(); command = line.read()) {
      if (command.starts_with("DATA")) {
        line.write("354 go");
        for (std::string text = line.read(); text != "." && !text.empty(); text = line.read()) {
          content += text + "\n";
        }
        line.write("250 2.0.0 taken");
        return content;
      }
      line.write("250 ok");
    }
    return content;
  }

 private:
  int listener_;
  std::uint16_t port_;
};

class RelayServiceTest : public testing::Test {
 protected:
  RelayServiceTest() {
    directory = std::filesystem::temp_directory_path() /
                ("pawl_relay_test." + std::to_string(getpid()) + "." +
                 testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(directory);
    file = directory / "pawl.toml";
  }
  ~RelayServiceTest() override { std::filesystem::remove_all(directory); }

  void configure(const std::string& more) {
    std::ofstream(file) << "hostname = \"relay.example.org\"\nthreads = 2\nstore = \"sqlite:"
                        << (directory / "pawl.db").string()
                        << "\"\n[[listen]]\naddress = \"127.0.0.1:0\"\n"
                           "[[route]]\ndomain = \"*\"\nto = \"[127.0.0.1]:"
                        << host.port() << "\"\n[log]\nfile = \"" << (directory / "log").string()
                        << "\"\nlevel = \"debug\"\n"
                        << more;
  }
  std::unique_ptr<RelayService> start() {
    auto settings = load_settings(file);
    EXPECT_TRUE(settings) << settings.error().detail;
    RelayOptions options;
    options.config_file = file;
    auto service = std::make_unique<RelayService>(*std::move(settings), options);
    auto started = service->start();
    EXPECT_TRUE(started) << started.error().sentence();
    return service;
  }
  static std::string submit(const RelayService& service, const std::string& text) {
    Line client(loopback_socket(Endpoint::parse(service.listening().front())->port, false));
    for (const char* command : {"", "EHLO client.example", "MAIL FROM:<ann@example.org>",
                                "RCPT TO:<joe@example.com>", "DATA"}) {
      std::string reply = client.ask(command);
      if (!reply.starts_with('2') && !reply.starts_with('3')) return reply;
    }
    return client.ask(text + "\r\n.");
  }
  std::string log() const {
    std::ifstream stream(directory / "log");
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  }
  void wait_for_log(const std::string& text) const {
    for (int i = 0; i < 1000 && log().find(text) == std::string::npos; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_NE(log().find(text), std::string::npos) << log();
  }
  static void stop(RelayService& service) {
    raise(SIGTERM);
    service.wait();
  }

  PlainHost host;
  std::filesystem::path directory;
  std::string file;
};

TEST_F(RelayServiceTest, MailGoesThroughAndSigtermEndsIt) {
  configure("");
  auto service = start();
  EXPECT_TRUE(submit(*service, "Subject: sealed\r\n\r\nhello").starts_with("250"));
  EXPECT_NE(host.take_one().find("Subject: sealed"), std::string::npos);
  wait_for_log("delivery.delivered");
  stop(*service);
  EXPECT_NE(log().find("relay.stopped"), std::string::npos);
}

TEST_F(RelayServiceTest, AReloadChangesTheRulesAndABrokenFileChangesNothing) {
  configure("");
  auto service = start();
  configure("[[rule]]\nmatch = \"*\"\nlevel = \"encrypt\"\n");
  raise(SIGHUP);
  wait_for_log("relay.reloaded");
  std::ofstream(file) << "hostnam = \"x\"\n";
  raise(SIGHUP);
  wait_for_log("relay.reload_failed");
  EXPECT_NE(log().find("pawl.toml:1:1: hostnam"), std::string::npos);
  // The rule of the file before is in force: the host has no TLS, so it gets nothing.
  EXPECT_TRUE(submit(*service, "Subject: sealed\r\n\r\nhello").starts_with("250"));
  EXPECT_EQ(host.take_one(), "");
  wait_for_log("alert.raised");
  wait_for_log("starttls_not_offered");
  stop(*service);
}

TEST_F(RelayServiceTest, APasswordFileThatOthersCanReadIsRefusedAtTheStartAndAtAReload) {
  std::string password = (directory / "password").string();
  std::ofstream(password) << "sesame\n";
  std::filesystem::permissions(password, std::filesystem::perms(0640));
  std::string login =
      "[[route]]\ndomain = \"a.example\"\nto = \"[smart.example]:587\"\n"
      "[[credentials]]\nnext_hop = \"[smart.example]:587\"\nuser = \"joe\"\n"
      "password_file = \"" +
      password + "\"\n";
  configure("");
  auto service = start();
  configure(login);
  raise(SIGHUP);
  wait_for_log("relay.reload_failed");
  EXPECT_NE(log().find(password + " has mode 0640"), std::string::npos);
  EXPECT_EQ(log().find("sesame"), std::string::npos);
  std::filesystem::permissions(password, std::filesystem::perms(0600));
  raise(SIGHUP);
  wait_for_log("relay.reloaded");
  EXPECT_EQ(log().find("setting_needs_restart"), std::string::npos);
  stop(*service);
  service.reset();
  std::filesystem::permissions(password, std::filesystem::perms(0644));
  RelayService again(*load_settings(file), {});
  auto started = again.start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().detail.find("0644"), std::string::npos);
}

TEST_F(RelayServiceTest, ASettingThatNeedsARestartIsNamed) {
  configure("");
  auto service = start();
  configure("[limits]\nsessions = 7\n");
  raise(SIGHUP);
  wait_for_log("relay.setting_needs_restart setting=limits.sessions");
  stop(*service);
}

TEST_F(RelayServiceTest, APortThatAnotherRelayHoldsIsNotShared) {
  configure("");
  auto first = start();
  std::string text = std::string("store = \"sqlite:") + (directory / "second.db").string() +
                     "\"\n[[listen]]\naddress = \"" + first->listening().front() + "\"\n";
  std::ofstream(file) << text;
  auto settings = load_settings(file);
  ASSERT_TRUE(settings) << settings.error().detail;
  RelayService second(*std::move(settings), {.config_file = file});
  auto started = second.start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().detail.find(first->listening().front()), std::string::npos);
  stop(*first);
}

TEST_F(RelayServiceTest, WhatCannotStartSaysWhy) {
  configure("");
  auto settings = load_settings(file);
  settings->store = "sqlite:/nonexistent/pawl.db";
  RelayService no_directory(*settings, {});
  auto started = no_directory.start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().detail.find("/nonexistent"), std::string::npos);
  settings = load_settings(file);
  settings->listeners[0].address = *Endpoint::parse("192.0.2.1:2525");
  RelayService no_address(*settings, {});
  started = no_address.start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().detail.find("192.0.2.1:2525"), std::string::npos);
}

}  // namespace
}  // namespace pawl::app
