#include "app/commands.h"

namespace pawl::app {

namespace {

int run_send(const Arguments&) {
  return complain("send", Error(Code::unsupported, "sending is not wired yet"));
}

}  // namespace

constinit const Command send_command{
    .name = "send",
    .operands = "[RECIPIENT...]",
    .summary = "Send one message now; takes sendmail's flags",
    .run = run_send,
    .own_arguments = true,
};

}  // namespace pawl::app
