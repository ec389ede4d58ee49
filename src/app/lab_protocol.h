// `pawl lab --protocol`: attacks on the sessions of mail clients.
#pragma once

#include <functional>
#include <string_view>

#include "app/command.h"

namespace pawl::app {

// What is going on, how much of it is done, of how much.
using LabProgress = std::function<void(std::string_view phase, std::size_t done, std::size_t of)>;

// The exit status.
int run_lab_protocol(const Arguments& arguments, const LabProgress& progress);

}  // namespace pawl::app
