// A session as it looked on the wire: our own, kept by whoever drives a dialog, or one put together
// from a capture. What the detector (tamper/) reads and what `pawl check --transcript` prints.
// A value; bytes as they came, never trusted.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "starttls/protocol.h"

namespace pawl::starttls {

struct TranscriptEntry {
  enum class Kind : std::uint8_t {
    client,           // bytes of the client
    server,           // bytes of the server
    tls_established,  // the handshake succeeded; what follows is inside TLS
    tls_failed,       // `bytes` says how, in words
    closed,           // the server ended the connection
    reset,            // ... with RST
    timed_out,        // the server said nothing for too long
  };
  Kind kind = Kind::client;
  bool tls = false;                // inside TLS
  std::chrono::milliseconds at{};  // since the connection was asked for
  std::string bytes;
};

struct Transcript {
  Protocol protocol = Protocol::smtp;
  bool implicit_tls = false;
  std::vector<TranscriptEntry> entries;  // adjacent entries of one side are one entry
};

// Adds bytes, to the last entry if it is of the same side and phase. At most 256 KiB are kept in
// all, what is said beyond is left out; what happened to the connection is always kept.
void append(Transcript& transcript, TranscriptEntry entry);

}  // namespace pawl::starttls
