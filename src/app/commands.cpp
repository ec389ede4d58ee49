// The table of commands, in the order in which `pawl help` lists them.
#include "app/commands.h"

namespace pawl::app {

std::span<const Command* const> commands() {
  static constexpr const Command* kCommands[] = {
      &relay_command,        &send_command,         &explain_command,      &check_command,
      &queue_list_command,   &queue_show_command,   &queue_hold_command,   &queue_release_command,
      &queue_flush_command,  &queue_remove_command, &queue_export_command, &lab_command,
      &config_check_command, &config_show_command,  &config_doc_command,   &help_command,
      &version_command,
  };
  return kCommands;
}

}  // namespace pawl::app
