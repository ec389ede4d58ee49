// What `pawl send` shows: one moving line on a terminal while it works, and a line per recipient
// that names host, promise and what was proved. Quiet where nothing is a terminal, but for errors.
#pragma once

#include <string>

#include "base/event.h"
#include "net/loop.h"
#include "relay/delivery.h"

namespace pawl::app {

// The line for one recipient, and the paragraphs behind it where it was not delivered.
std::string send_line(const relay::DeliveryJob& job, const relay::DeliveryResult& result,
                      const relay::RecipientOutcome& outcome);

class SendReport : public EventSink {
 public:
  SendReport(bool quiet, bool verbose);

  void begin(const std::string& next_hop);
  void end();
  void add(const relay::DeliveryJob& job, const relay::DeliveryResult& result);
  net::Task<> animate();                   // until the loop ends
  void emit(const Event& event) override;  // warnings are shown
  int exit_status() const { return exit_status_; }

 private:
  void draw();
  void erase();

  bool moving_;   // stderr is a terminal
  bool talking_;  // results are shown
  std::string next_hop_;
  MonoTime since_{};
  int exit_status_ = 0;
};

}  // namespace pawl::app
