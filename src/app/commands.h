// Every command of the program, each defined in its own file. To add one: a file
// NAME_command.cpp that defines its Command, a line here and a line in commands.cpp.
#pragma once

#include "app/command.h"

namespace pawl::app {

extern const Command relay_command;
extern const Command send_command;
extern const Command explain_command;
extern const Command check_command;
extern const Command queue_list_command;
extern const Command queue_show_command;
extern const Command queue_hold_command;
extern const Command queue_release_command;
extern const Command queue_flush_command;
extern const Command queue_remove_command;
extern const Command queue_export_command;
extern const Command lab_command;
extern const Command config_check_command;
extern const Command config_show_command;
extern const Command config_doc_command;
extern const Command help_command;
extern const Command version_command;

}  // namespace pawl::app
