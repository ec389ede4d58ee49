#include "base/clock.h"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "base/text.h"

namespace pawl {

namespace {

using std::chrono::floor;

struct Fields {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<Seconds> time;
  std::chrono::weekday weekday;
};

Fields fields(WallTime time) {
  auto seconds = floor<Seconds>(time);
  auto day = floor<std::chrono::days>(seconds);
  return {std::chrono::year_month_day(day), std::chrono::hh_mm_ss<Seconds>(seconds - day),
          std::chrono::weekday(day)};
}

}  // namespace

std::string format_rfc3339(WallTime time) {
  Fields f = fields(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", int(f.date.year()),
                     unsigned(f.date.month()), unsigned(f.date.day()), f.time.hours().count(),
                     f.time.minutes().count(), f.time.seconds().count());
}

std::string format_rfc5322(WallTime time) {
  constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  Fields f = fields(time);
  return fmt::format("{}, {} {} {:04} {:02}:{:02}:{:02} +0000", kDays[f.weekday.c_encoding()],
                     unsigned(f.date.day()), kMonths[unsigned(f.date.month()) - 1],
                     int(f.date.year()), f.time.hours().count(), f.time.minutes().count(),
                     f.time.seconds().count());
}

Result<WallTime> parse_rfc3339(std::string_view text) {
  auto wrong = [&] {
    return fail(Code::syntax, "not a UTC time like 2026-11-22T14:29:24Z: " + printable(text));
  };
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:ddZ";
  if (text.size() != kShape.size()) return wrong();
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == 'd' ? !digit : text[i] != kShape[i]) return wrong();
  }
  auto number = [&](std::size_t at, std::size_t width) {
    return static_cast<unsigned>(*parse_decimal(text.substr(at, width), 9999));
  };
  std::chrono::year_month_day date{std::chrono::year(static_cast<int>(number(0, 4))),
                                   std::chrono::month(number(5, 2)),
                                   std::chrono::day(number(8, 2))};
  if (!date.ok() || number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > 60) return wrong();
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(number(11, 2)) +
         std::chrono::minutes(number(14, 2)) + Seconds(number(17, 2));
}

}  // namespace pawl
