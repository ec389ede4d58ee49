#include "app/terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/text.h"

namespace pawl::app {

namespace {

constexpr int kColumns = 100;
constexpr std::uint64_t kMostColumns = 1000;

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

}  // namespace

Result<bool> wants_colour(std::string_view option, int descriptor) {
  if (option == "always") return true;
  if (option == "never") return false;
  if (!option.empty() && option != "auto") {
    return fail(Code::invalid_argument,
                "--color " + printable(option, 60) + ": write always, never or auto");
  }
  return isatty(descriptor) == 1 && environment("NO_COLOR").empty() &&
         environment("TERM") != "dumb";
}

int columns_of(int descriptor) {
  if (auto columns = parse_decimal(environment("COLUMNS"), kMostColumns); columns && *columns > 0) {
    return static_cast<int>(*columns);
  }
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return kColumns;
}

bool shows_unicode() {
  // Not setlocale(): nothing else of ours looks at the locale, or shall.
  locale_t locale = newlocale(LC_CTYPE_MASK, "", nullptr);
  if (locale == nullptr) return false;
  const bool utf8 = std::string_view(nl_langinfo_l(CODESET, locale)) == "UTF-8";
  freelocale(locale);
  return utf8;
}

}  // namespace pawl::app
