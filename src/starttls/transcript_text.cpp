#include "starttls/transcript_text.h"

#include <array>
#include <optional>
#include <utility>

#include "base/bytes.h"

namespace pawl::starttls {

namespace {

using Kind = TranscriptEntry::Kind;

struct Word {
  std::string_view text;
  Kind kind;
};
constexpr std::array kWords = {
    Word{"TLS FAILED", Kind::tls_failed}, Word{"TLS", Kind::tls_established},
    Word{"CLOSED", Kind::closed},         Word{"RESET", Kind::reset},
    Word{"TIMEOUT", Kind::timed_out},
};

constexpr std::string_view kEscapes = "rnt0\\";
constexpr std::string_view kEscaped("\r\n\t\0\\", 5);

std::optional<std::string> unescape(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes += text[i];
    } else if (++i == text.size()) {
      break;
    } else if (std::size_t at = kEscapes.find(text[i]); at != std::string_view::npos) {
      bytes += kEscaped[at];
    } else {
      auto byte = text[i] == 'x' ? from_hex(text.substr(i + 1, 2)) : fail(Code::syntax);
      if (!byte || byte->size() != 1) return std::nullopt;
      bytes += *byte;
      i += 2;
    }
  }
  return bytes;
}

std::string escape(std::string_view bytes) {
  std::string text;
  for (char c : bytes) {
    if (std::size_t at = kEscaped.find(c); at != std::string_view::npos) {
      text += '\\';
      text += kEscapes[at];
    } else if (c >= ' ' && c <= '~') {
      text += c;
    } else {
      text += "\\x" + to_hex(std::string_view(&c, 1));
    }
  }
  // A space at the end of a line would not be seen.
  return text.ends_with(' ') ? text + '\\' : text;
}

// Null: no such step.
std::optional<TranscriptEntry> read_step(std::string_view line) {
  TranscriptEntry entry;
  if (line.size() >= 2 && (line[0] == 'C' || line[0] == 'S') &&
      (line[1] == ':' || line[1] == '+')) {
    entry.kind = line[0] == 'C' ? Kind::client : Kind::server;
    auto bytes = unescape(line.substr(line.substr(2).starts_with(' ') ? 3 : 2));
    if (!bytes) return std::nullopt;
    entry.bytes = *bytes + (line[1] == ':' ? "\r\n" : "");
    return entry;
  }
  for (const Word& word : kWords) {
    if (!line.starts_with(word.text)) continue;
    std::string_view rest = line.substr(word.text.size());
    auto bytes = unescape(rest.substr(rest.starts_with(' ') ? 1 : 0));
    if (!bytes || (!rest.empty() && (word.kind != Kind::tls_failed || rest[0] != ' '))) break;
    entry.kind = word.kind;
    entry.bytes = *bytes;
    return entry;
  }
  return std::nullopt;
}

void write_speech(std::string& text, char side, std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t end = bytes.find("\r\n");
    bool line = end != std::string_view::npos;
    text += side;
    text += line ? ": " : "+ ";
    text += escape(bytes.substr(0, end));
    text += '\n';
    bytes.remove_prefix(line ? end + 2 : bytes.size());
  }
}

}  // namespace

Result<Transcript> read_transcript(std::string_view text) {
  Transcript transcript;
  bool named = false;
  bool tls = false;
  for (int number = 1; !text.empty(); ++number) {
    std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line[0] == '#') continue;
    if (!named) {
      const ProtocolRow* protocol =
          line.starts_with("protocol ") ? find_protocol(line.substr(9)) : nullptr;
      if (protocol == nullptr) {
        return fail(Code::syntax,
                    "line " + std::to_string(number) + ": expected \"protocol\" and its name");
      }
      transcript.protocol = protocol->protocol;
      named = true;
    } else if (line == "implicit" && transcript.entries.empty()) {
      transcript.implicit_tls = tls = true;
    } else if (auto entry = read_step(line)) {
      tls = tls || entry->kind == Kind::tls_established;
      entry->tls = tls;
      append(transcript, std::move(*entry));
    } else {
      return fail(Code::syntax, "line " + std::to_string(number) +
                                    ": neither S:, S+, C:, C+, TLS, TLS FAILED, CLOSED, RESET nor "
                                    "TIMEOUT");
    }
  }
  if (!named) return fail(Code::syntax, "no protocol is named");
  return transcript;
}

std::string write_transcript(const Transcript& transcript) {
  std::string text = "protocol " + std::string(row(transcript.protocol).name) + '\n';
  if (transcript.implicit_tls) text += "implicit\n";
  for (const TranscriptEntry& entry : transcript.entries) {
    if (entry.kind == Kind::client || entry.kind == Kind::server) {
      write_speech(text, entry.kind == Kind::client ? 'C' : 'S', entry.bytes);
      continue;
    }
    for (const Word& word : kWords) {
      if (word.kind == entry.kind) text += word.text;
    }
    if (!entry.bytes.empty()) text += ' ' + escape(entry.bytes);
    text += '\n';
  }
  return text;
}

}  // namespace pawl::starttls
