// What systemd hears, on a NOTIFY_SOCKET of ours.
#include "app/service_notify.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "app/relay_service.h"

namespace pawl::app {
namespace {

class ServiceNotify : public testing::Test {
 protected:
  ServiceNotify() {
    directory = std::filesystem::temp_directory_path() /
                ("pawl_notify." + std::to_string(getpid()) + "." +
                 testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(directory);
    descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::string path = (directory / "s").string();
    path.copy(at.sun_path, sizeof at.sun_path - 1);
    EXPECT_EQ(bind(descriptor, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    timeval patience{.tv_sec = 20, .tv_usec = 0};
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~ServiceNotify() override {
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    close(descriptor);
    std::filesystem::remove_all(directory);
  }
  std::string next() const {
    char text[1024];
    ssize_t count = recv(descriptor, text, sizeof text, 0);
    return count < 0 ? "nothing came" : std::string(text, static_cast<std::size_t>(count));
  }
  std::filesystem::path directory;
  int descriptor = -1;
};

TEST_F(ServiceNotify, SaysWhatItIsTold) {
  service_notify("STATUS=hello");
  EXPECT_EQ(next(), "STATUS=hello");
}

TEST_F(ServiceNotify, WithoutASocketNothingHappens) {
  setenv("NOTIFY_SOCKET", std::string(500, 'x').c_str(), 1);
  service_notify("READY=1");
  unsetenv("NOTIFY_SOCKET");
  service_notify("READY=1");
}

TEST_F(ServiceNotify, TheWatchdogIntervalIsANumberOfMicroseconds) {
  EXPECT_FALSE(watchdog_interval());
  setenv("WATCHDOG_USEC", "30000000", 1);
  EXPECT_EQ(watchdog_interval(), std::chrono::seconds(30));
  for (const char* wrong : {"0", "-1", "soon", ""}) {
    setenv("WATCHDOG_USEC", wrong, 1);
    EXPECT_FALSE(watchdog_interval()) << wrong;
  }
}

TEST_F(ServiceNotify, TheRelaySaysReadyThenReloadingThenReadyThenStopping) {
  std::string file = (directory / "pawl.toml").string();
  std::ofstream(file) << "store = \"sqlite:" << (directory / "pawl.db").string()
                      << "\"\nthreads = 1\n[[listen]]\naddress = \"127.0.0.1:0\"\n"
                         "[log]\nfile = \""
                      << (directory / "log").string() << "\"\n";
  auto settings = load_settings(file);
  ASSERT_TRUE(settings) << settings.error().detail;
  RelayOptions options;
  options.config_file = file;
  RelayService service(*std::move(settings), options);
  auto started = service.start();
  ASSERT_TRUE(started) << started.error().sentence();
  EXPECT_TRUE(next().starts_with("READY=1\nSTATUS=Taking mail on 127.0.0.1:"));
  raise(SIGHUP);
  EXPECT_TRUE(next().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  EXPECT_TRUE(next().starts_with("READY=1\n"));
  // A wrong file ends the reload as well, or systemd would wait for it.
  std::ofstream(file) << "nonsense = 1\n";
  raise(SIGHUP);
  EXPECT_TRUE(next().starts_with("RELOADING=1\n"));
  EXPECT_NE(next().find("the old one stays in force"), std::string::npos);
  raise(SIGTERM);
  EXPECT_EQ(next(), "STOPPING=1");
  service.wait();
}

}  // namespace
}  // namespace pawl::app
