// A child process that cannot outlive the lab: it is stopped when its handle goes, and the kernel
// kills it when the lab itself dies. Start children from a thread that lives as long as they do.
// Errors: not_found (the program is not installed), io.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/error.h"

namespace pawl::lab {

class Child {
 public:
  // `output` is a file that receives standard output and error; empty: /dev/null.
  static Result<Child> start(std::vector<std::string> command, const std::string& output = {});
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  bool running();
  void stop();  // SIGTERM, then SIGKILL after three seconds
  void kill();  // SIGKILL at once
  pid_t pid() const { return pid_; }

 private:
  explicit Child(pid_t pid) : pid_(pid) {}
  pid_t pid_ = -1;
};

struct Ran {
  std::string printed;  // standard output and error
  int status = 0;       // of its exit; 128 and the signal that ended it
};
inline constexpr int kNotFound = 127;  // the status where there is no such program
// Runs a program to its end in `directory`.
Result<Ran> run_to_end(std::vector<std::string> command, const std::string& directory);
// The same; what it printed, or an error that quotes it.
Result<std::string> run_program(std::vector<std::string> command, const std::string& directory);

}  // namespace pawl::lab
