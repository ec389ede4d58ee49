#include "lab/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "base/text.h"

namespace pawl::lab {
namespace {

// In the child, between fork and exec: nothing here may allocate.
[[noreturn]] void become(char* const* arguments, const char* directory, int output) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (directory != nullptr && chdir(directory) != 0) _exit(126);
  int null = open("/dev/null", O_RDWR);
  dup2(null, STDIN_FILENO);
  dup2(output >= 0 ? output : null, STDOUT_FILENO);
  dup2(output >= 0 ? output : null, STDERR_FILENO);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execvp(arguments[0], arguments);
  _exit(127);
}

Result<pid_t> fork_into(std::vector<std::string>& command, const char* directory, int output) {
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t pid = fork();
  if (pid < 0) {
    return fail(Code::io, fmt::format("fork for {}: {}", command[0], std::strerror(errno)));
  }
  if (pid == 0) become(arguments.data(), directory, output);
  return pid;
}

}  // namespace

Result<Child> Child::start(std::vector<std::string> command, const std::string& output) {
  int file = -1;
  if (!output.empty()) {
    file = open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file < 0) return fail(Code::io, fmt::format("{}: {}", output, std::strerror(errno)));
  }
  auto pid = fork_into(command, nullptr, file);
  if (file >= 0) close(file);
  if (!pid) return fail(std::move(pid).error());
  return Child(*pid);
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    stop();
    pid_ = std::exchange(other.pid_, -1);
  }
  return *this;
}

Child::~Child() {
  stop();
}

bool Child::running() {
  if (pid_ < 0) return false;
  if (waitpid(pid_, nullptr, WNOHANG) == 0) return true;
  pid_ = -1;
  return false;
}

void Child::stop() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGTERM);
  for (int i = 0; i < 300; ++i) {
    if (!running()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  kill();
}

void Child::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

Result<Ran> run_to_end(std::vector<std::string> command, const std::string& directory) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return fail(Code::io, fmt::format("pipe: {}", std::strerror(errno)));
  }
  auto pid = fork_into(command, directory.c_str(), ends[1]);
  close(ends[1]);
  Ran ran;
  if (pid) {
    char part[4096];
    ssize_t got;
    while ((got = read(ends[0], part, sizeof part)) > 0) ran.printed.append(part, got);
  }
  close(ends[0]);
  if (!pid) return fail(std::move(pid).error());
  int status = 0;
  waitpid(*pid, &status, 0);
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ran;
}

Result<std::string> run_program(std::vector<std::string> command, const std::string& directory) {
  const std::string name = command[0];
  TRY(Ran ran, run_to_end(std::move(command), directory));
  if (ran.status == kNotFound) {
    return fail(Code::not_found, fmt::format("{} is not installed or not in PATH", name));
  }
  if (ran.status != 0) {
    return fail(Code::io, fmt::format("{} failed: {}", name, printable(ran.printed, 400)));
  }
  return std::move(ran.printed);
}

}  // namespace pawl::lab
