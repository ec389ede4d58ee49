// Postfix and Exim change their user, so these tests run as root: a caller who is not becomes it by
// sudo, and hears about it where sudo will not.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>
#include <vector>

int main(int argc, char** argv) {
  bool listing = false;
  for (int i = 1; i < argc; ++i) listing |= std::string_view(argv[i]) == "--gtest_list_tests";
  if (geteuid() != 0 && !listing) {
    std::vector<char*> command;
    for (const char* word : {"sudo", "-n", "-E", "--"}) command.push_back(const_cast<char*>(word));
    command.insert(command.end(), argv, argv + argc);
    command.push_back(nullptr);
    execvp(command[0], command.data());
    std::perror("the tests with real mail servers need root, and sudo cannot be run");
    return 1;
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
