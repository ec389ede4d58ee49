// Whose file may hold a password, and which next hop gets it.
#include "relay/logins.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace pawl::relay {
namespace {

class PasswordFile : public testing::Test {
 protected:
  PasswordFile()
      : file(testing::TempDir() + "/pawl_password." + std::to_string(getpid()) + "." +
             testing::UnitTest::GetInstance()->current_test_info()->name()) {}
  ~PasswordFile() override { std::remove(file.c_str()); }
  void write(const std::string& text, mode_t mode = 0600) {
    std::ofstream(file, std::ios::binary) << text;
    ASSERT_EQ(chmod(file.c_str(), mode), 0);
  }
  std::string complaint() {
    auto read = read_password_file(file);
    EXPECT_FALSE(read);
    if (read) return "";
    EXPECT_EQ(read.error().code, Code::config_invalid);
    EXPECT_NE(read.error().detail.find(file), std::string::npos);
    return read.error().detail;
  }
  std::string file;
};

TEST_F(PasswordFile, TheFirstLineIsThePassword) {
  for (const char* text : {"open sesame", "open sesame\n", "open sesame\r\nsecond\n"}) {
    write(text);
    auto read = read_password_file(file);
    ASSERT_TRUE(read) << read.error().sentence();
    EXPECT_EQ(read->reveal(), "open sesame");
  }
}

TEST_F(PasswordFile, AFileThatOthersCanReadIsRefusedWithItsMode) {
  for (mode_t mode : {0640U, 0604U, 0660U, 0601U}) {
    write("sesame\n", mode);
    std::string said = complaint();
    char text[8];
    std::snprintf(text, sizeof text, "%04o", mode);
    EXPECT_NE(said.find(text), std::string::npos) << said;
    EXPECT_EQ(said.find("sesame"), std::string::npos);
  }
  write("sesame\n", 0400);
  EXPECT_TRUE(read_password_file(file));
}

TEST_F(PasswordFile, WhatIsNoPasswordIsRefused) {
  complaint();  // does not exist
  write("");
  complaint();
  write("\nsecond\n");
  complaint();
  write(std::string(5000, 'x'));
  complaint();
  write(std::string("a\0b", 3));
  complaint();
}

TEST(Logins, ANextHopGetsItsOwnPasswordOnly) {
  Logins logins;
  Login login;
  login.credentials.user = "joe";
  logins.add(*NextHop::parse("[smart.example.org]:587"), std::move(login));
  ASSERT_TRUE(logins.find(*NextHop::parse("[Smart.example.org]:587")));
  EXPECT_FALSE(logins.find(*NextHop::parse("[smart.example.org]")));
  EXPECT_FALSE(logins.find(*NextHop::parse("smart.example.org:587")));
  EXPECT_FALSE(logins.find(*NextHop::parse("smtps:[smart.example.org]:587")));
}

}  // namespace
}  // namespace pawl::relay
