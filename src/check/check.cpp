#include "check/check.h"

#include <fstream>
#include <sstream>

#include "check/judge.h"
#include "check/mail_domain.h"
#include "net/start.h"

namespace pawl::check {

namespace {

Result<lists::PolicyList> read_list(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text(lists::kListBytes + 1, '\0');
  if (!in) return fail(Code::not_found, file + " cannot be read");
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  auto list = lists::parse_everywhere_list(text);
  if (!list) return fail(list.error().code, file + ": " + list.error().detail);
  return list;
}

net::Task<TargetReport> check_one(Walk& walk, Target target) {
  auto walked =
      target.domain ? co_await walk_mail_domain(walk, target) : co_await walk_host(walk, target);
  if (walked) co_return walked;
  TargetReport report;
  report.target = target;
  report.error = std::move(walked).error();
  co_return report;
}

}  // namespace

net::Task<Report> check_with(Probes probes, std::vector<Target> targets,
                             resolver::Resolver& resolver, fetch::PolicySource& policies,
                             const Clock& clock, CheckOptions options) {
  Walk walk{resolver, policies,    clock, options,
            probes,   options.tls, {},    Turns(options.hosts_side_by_side)};
  if (!options.list_file.empty()) walk.list = read_list(options.list_file);
  Report report;
  report.at = clock.now();
  report.days = options.days;
  std::vector<net::Completion<TargetReport>> checking;
  for (Target& target : targets) checking.push_back(net::start(check_one(walk, target)));
  const JudgeOptions judging{report.at, options.days, options.private_networks};
  for (std::size_t i = 0; i < checking.size(); ++i) {
    auto checked = co_await checking[i].wait();
    TargetReport one;
    if (checked) {
      one = *std::move(checked);
    } else {
      one.target = targets[i];
      one.error = std::move(checked).error();
    }
    judge(one, judging);
    report.targets.push_back(std::move(one));
  }
  co_return report;
}

net::Task<Report> check(std::vector<Target> targets, resolver::Resolver& resolver,
                        fetch::PolicySource& policies, const Clock& clock, CheckOptions options) {
  Probes probes;
  probes.look = probe::look;
  probes.enumerate = [](probe::SessionOptions session) {
    return probe::enumerate(std::move(session));
  };
  co_return co_await check_with(std::move(probes), std::move(targets), resolver, policies, clock,
                                std::move(options));
}

}  // namespace pawl::check
