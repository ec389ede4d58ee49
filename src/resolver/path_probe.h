// Asking one DNS server directly, as libunbound will: with and without signatures over UDP, and
// over TCP. Blocking, with a bound on time: run it on a thread of its own.
#pragma once

#include <chrono>
#include <string>

#include "base/ip_address.h"
#include "resolver/probe_message.h"

namespace pawl::resolver {

struct PathServer {
  Endpoint endpoint;
  ProbeQuestion question;
  bool signatures_expected = false;
};

struct PathObservation {
  enum class Reply : unsigned char { none, whole, cut };
  PathServer server;
  Reply with_signatures = Reply::none;     // UDP, DO bit, 1232 bytes
  Reply without_signatures = Reply::none;  // UDP, plain; only looked at when the former is none
  bool has_signature = false;              // over UDP, or over TCP where UDP was cut or silent
  bool over_tcp = false;
  std::string tcp_error;  // in words, when not over_tcp
};

// Each question is given `patience`; over UDP it is sent twice.
PathObservation probe_path(const PathServer& server, std::chrono::milliseconds patience);

}  // namespace pawl::resolver
