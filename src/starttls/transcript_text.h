// Transcripts as text, one step a line: for tests, for the fuzzer's seeds, for a bug report. What
// write() makes, read() reads again. A file:
//
//   protocol imap            first; a name of protocols.def; then `implicit` where TLS began first
//   S: text                  the server said the line, with CRLF
//   S+ text                  the server said the bytes, without CRLF
//   C: text / C+ text        the client
//   TLS                      the handshake succeeded; what follows is inside TLS
//   TLS FAILED words         the handshake failed
//   CLOSED / RESET / TIMEOUT what happened to the connection
//   # text                   a remark; so are empty lines
//
// In S and C lines \r \n \t \0 \\ and \xNN stand for bytes, and a \ at the end of a line for
// nothing (so that spaces before it are seen). Times are not kept. Errors: Code::syntax with
// the number of the line.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "starttls/transcript.h"

namespace pawl::starttls {

Result<Transcript> read_transcript(std::string_view text);
std::string write_transcript(const Transcript& transcript);

}  // namespace pawl::starttls
