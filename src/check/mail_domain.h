// Internal to check/: the walk of a mail domain, and of a host by itself.
#pragma once

#include "check/walk.h"

namespace pawl::check {

net::Task<TargetReport> walk_mail_domain(Walk& walk, Target target);
net::Task<TargetReport> walk_host(Walk& walk, Target target);

}  // namespace pawl::check
