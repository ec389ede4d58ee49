#include "tamper/flow.h"

#include <utility>

namespace pawl::tamper {

namespace {

using Kind = Step::Kind;

// One side in one phase: the line that is not whole yet.
struct Side {
  Kind kind;
  bool tls = false;
  bool opaque = false;    // TLS records in a capture; nothing to read before the next phase
  std::string_view held;  // a view as long as the line stands in one entry
  std::string* joined = nullptr;

  bool holds() const { return !held.empty() || joined != nullptr; }
};

// The first byte of a TLS record (rfc8446#5.1: 20 to 23), which begins no line of text.
bool is_record(char c) {
  return c >= 20 && c <= 23;
}

void hold(Flow& flow, Side& side, std::string_view part) {
  if (part.empty()) return;
  if (!side.holds()) {
    side.held = part;
    return;
  }
  if (side.joined == nullptr) {
    side.joined = &flow.joined.emplace_back(side.held);
    side.held = {};
  }
  *side.joined += part;
}

void add_line(Flow& flow, const Side& side, std::string_view line, bool whole) {
  std::size_t size = line.size() + (whole ? 1 : 0);
  while (line.ends_with('\r')) line.remove_suffix(1);
  flow.steps.push_back(
      {.kind = side.kind, .tls = side.tls, .whole = whole, .text = line, .size = size});
}

void flush(Flow& flow, Side& side) {
  if (side.holds()) {
    add_line(flow, side, side.joined != nullptr ? std::string_view(*side.joined) : side.held,
             false);
  }
  side.held = {};
  side.joined = nullptr;
}

void read(Flow& flow, Side& side, std::string_view bytes) {
  while (!bytes.empty() && !side.opaque) {
    if (!side.tls && !side.holds() && is_record(bytes[0])) {
      side.opaque = true;
      flow.steps.push_back({.kind = side.kind, .records = true, .text = {}});
      return;
    }
    std::size_t end = bytes.find('\n');
    if (end == std::string_view::npos) return hold(flow, side, bytes);
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
    if (!side.holds()) {
      add_line(flow, side, line, true);
      continue;
    }
    hold(flow, side, line);
    line = side.joined != nullptr ? std::string_view(*side.joined) : side.held;
    side.held = {};
    side.joined = nullptr;
    add_line(flow, side, line, true);
  }
}

}  // namespace

Flow flow_of(const starttls::Transcript& transcript) {
  Flow flow;
  std::size_t bytes = 0;
  for (const auto& entry : transcript.entries) bytes += entry.bytes.size();
  flow.steps.reserve(bytes / 24 + transcript.entries.size() + 4);
  Side client{.kind = Kind::client};
  Side server{.kind = Kind::server};
  for (const starttls::TranscriptEntry& entry : transcript.entries) {
    if (entry.kind == Kind::client || entry.kind == Kind::server) {
      Side& side = entry.kind == Kind::client ? client : server;
      if (side.tls != entry.tls) {
        flush(flow, side);
        side.opaque = false;
        side.tls = entry.tls;
      }
      read(flow, side, entry.bytes);
      continue;
    }
    flush(flow, client);
    flush(flow, server);
    if (entry.kind == Kind::tls_established) client.opaque = server.opaque = false;
    flow.steps.push_back({.kind = entry.kind, .tls = entry.tls, .text = entry.bytes});
  }
  flush(flow, client);
  flush(flow, server);
  return flow;
}

}  // namespace pawl::tamper
