// Texts made from the table of commands.
#pragma once

#include <string>

#include "app/command.h"

namespace pawl::app {

std::string help_overview();
std::string help_for(const Command& command);
std::string help_for_group(std::string_view group);  // "queue": its commands; empty if no group
std::string man_page();                              // pawl(1), troff
std::string bash_completion();

}  // namespace pawl::app
