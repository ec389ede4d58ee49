// Runs a command among the domains of faulty_domain.h, to look at what a check says of them:
//
//   pawl_faulty_lab pawl check --config @CONFIG@ --days 30 faulty.unsigned.test
//
// "@CONFIG@" becomes the name of a configuration that knows the lab's DNS and authority. Without a
// command: a shell, with that name in $CONFIG.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/e2e/faulty_domain.h"

int main(int argc, char** argv) {
  auto domains = pawl::e2e::FaultyDomains::start();
  if (!domains) {
    std::fprintf(stderr, "%s\n", domains.error().sentence().c_str());
    return 1;
  }
  auto config = (*domains)->config_file();
  if (!config) {
    std::fprintf(stderr, "%s\n", config.error().sentence().c_str());
    return 1;
  }
  setenv("CONFIG", config->c_str(), 1);
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty()) words = {"/bin/sh"};
  std::vector<char*> command;
  for (std::string& word : words) {
    if (word == "@CONFIG@") word = *config;
    command.push_back(word.data());
  }
  command.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    execvp(command[0], command.data());
    std::perror(command[0]);
    _exit(127);
  }
  int status = 1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
