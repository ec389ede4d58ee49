// pawl: the program. Everything is behind run_program(); called as `sendmail` it is `pawl send`.
#include <string>
#include <string_view>
#include <vector>

#include "app/command.h"

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  std::string_view called = argc > 0 ? argv[0] : "";
  if (std::size_t slash = called.rfind('/'); slash != std::string_view::npos) {
    called.remove_prefix(slash + 1);
  }
  if (called == "sendmail") words.insert(words.begin(), "send");
  return pawl::app::run_program(words);
}
