#include "app/log_sink.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <system_error>

namespace pawl::app {

namespace {

// syslog(3) priorities, as the journal reads them from "<N>".
char priority(Severity severity) {
  constexpr std::array kPriorities = {'7', '6', '5', '4', '1', '3'};
  return kPriorities[static_cast<std::size_t>(severity)];
}

}  // namespace

LogSink::~LogSink() {
  if (descriptor_ > 2) close(descriptor_);
}

Result<> LogSink::configure(LogFormat format, Severity level, const std::string& file) {
  int descriptor = 2;
  if (!file.empty()) {
    descriptor = open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (descriptor < 0) {
      return fail(Code::io, fmt::format("the log {} cannot be opened ({})", file,
                                        std::generic_category().message(errno)));
    }
  }
  std::lock_guard lock(mutex_);
  if (descriptor_ > 2) close(descriptor_);
  descriptor_ = descriptor;
  format_ = format;
  level_ = level;
  journal_ = file.empty() && std::getenv("JOURNAL_STREAM") != nullptr && isatty(2) == 0;
  return {};
}

void LogSink::emit(const Event& event) {
  // Severities are not in order of weight in the enumeration's tail: alert stands before error.
  if (event.severity < level_) return;
  WallTime now = clock_.now();
  std::lock_guard lock(mutex_);
  std::string line = format_ == LogFormat::json ? format_json(event, now) : format_text(event, now);
  if (journal_) line.insert(0, {'<', priority(event.severity), '>'});
  line += '\n';
  // A log that cannot be written must not stop the mail.
  [[maybe_unused]] auto written = write(descriptor_, line.data(), line.size());
}

}  // namespace pawl::app
