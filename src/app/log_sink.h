// The log: one line per event, to stderr or a file. Any thread; a line is one write.
#pragma once

#include <mutex>
#include <string>

#include "app/settings.h"
#include "base/event.h"

namespace pawl::app {

class LogSink : public EventSink {
 public:
  explicit LogSink(const Clock& clock) : clock_(clock) {}
  ~LogSink() override;

  // Opens the file (again: after a rotation, on SIGHUP). Error: io; the old one stays in use.
  Result<> configure(LogFormat format, Severity level, const std::string& file);
  void emit(const Event& event) override;

 private:
  const Clock& clock_;
  std::mutex mutex_;
  LogFormat format_ = LogFormat::text;
  Severity level_ = Severity::info;
  int descriptor_ = 2;
  bool journal_ = false;  // stderr is systemd's journal: it wants a priority before each line
};

// Hands each event to several sinks.
class EventHub : public EventSink {
 public:
  explicit EventHub(std::vector<EventSink*> sinks) : sinks_(std::move(sinks)) {}
  void emit(const Event& event) override {
    for (EventSink* sink : sinks_) sink->emit(event);
  }

 private:
  std::vector<EventSink*> sinks_;
};

}  // namespace pawl::app
