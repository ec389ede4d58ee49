// Is the path to the DNS good enough for DNSSEC? At start-up and now and then: do signatures come
// through, are large answers cut, is TCP open. What is wrong is said in words, with a remedy.
// No finding: all is well. It alarms only about what was expected by configuration: an unsigned
// laboratory or a zone declared insecure is no finding.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/event.h"
#include "resolver/options.h"
#include "resolver/path_probe.h"
#include "resolver/resolver.h"

namespace pawl::resolver {

struct Finding {
  Severity severity;     // warning: works, with less margin; alert: DANE is off; error: no DNS
  std::string check;     // "signatures", "large-answers", "tcp", "reachable"
  std::string sentence;  // what was seen, of which server or name
  std::string remedy;    // what to do
};

struct SelfTestOptions {
  // Names that must validate as secure. Empty: what the trust anchors in Options imply (the root's
  // DNSKEY; the DNSKEY of each stub zone with an anchor of its own).
  std::vector<ProbeQuestion> probes;
  std::chrono::milliseconds patience{3'000};  // per question to a server
};

// Never an error: what fails is a finding. Both must outlive the call.
net::Task<std::vector<Finding>> self_test(Resolver& resolver, const Options& options,
                                          SelfTestOptions self_test_options = {});

// Its parts, pure.
std::vector<ProbeQuestion> expected_secure(const Options& options);
// Forwarders in clear, stub servers; for full recursion the first root servers of `root_hints`, the
// text of a hints file. Forwarders over TLS have neither cut answers nor closed TCP.
std::vector<PathServer> path_servers(const Options& options, std::string_view root_hints);
std::vector<Finding> judge_path(const PathObservation& observation);
std::vector<Finding> judge_probe(const ProbeQuestion& question, const Result<dns::Answer>& answer);

}  // namespace pawl::resolver
