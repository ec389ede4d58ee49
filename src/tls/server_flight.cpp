#include <algorithm>
#include <bit>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/text.h"
#include "tls/hello.h"

namespace pawl::tls {

namespace {

constexpr std::uint8_t kAlertRecord = 21;
constexpr std::uint8_t kHandshakeRecord = 22;
constexpr std::size_t kRecordHeader = 5;
constexpr std::size_t kMessageHeader = 4;
constexpr std::size_t kRecordBytes = std::size_t{1} << 14;  // rfc8446#5.1

enum class Message : std::uint8_t {
  server_hello = 2,
  certificate = 11,
  server_key_exchange = 12,
  certificate_request = 13,
  server_hello_done = 14,
  certificate_status = 22,
};

enum class Extension : std::uint16_t {
  alpn = 16,
  extended_master_secret = 23,
  supported_versions = 43,
  key_share = 51,
  renegotiation_info = 0xFF01,
};

// rfc8446#4.1.3: a ServerHello with this random is a HelloRetryRequest.
constexpr std::string_view kRetryRandom(
    "\xCF\x21\xAD\x74\xE5\x9A\x61\x11\xBE\x1D\x8C\x02\x1E\x65\xB8\x91"
    "\xC2\xA2\x11\x16\x7A\xBB\x8C\x5E\x07\x9E\x09\xE2\xC8\xA8\x33\x9C",
    32);

std::optional<std::size_t> u24(Reader& reader) {
  const auto high = reader.u8();
  const auto low = reader.u16();
  if (!high || !low) return std::nullopt;
  return (std::size_t{*high} << 16) | *low;
}

std::optional<std::string_view> vector8(Reader& reader) {
  const auto size = reader.u8();
  return size ? reader.take(*size) : std::nullopt;
}

std::optional<std::string_view> vector16(Reader& reader) {
  const auto size = reader.u16();
  return size ? reader.take(*size) : std::nullopt;
}

std::optional<std::string_view> vector24(Reader& reader) {
  const auto size = u24(reader);
  return size ? reader.take(*size) : std::nullopt;
}

std::size_t bits(std::string_view number) {
  const std::size_t first = std::min(number.find_first_not_of('\0'), number.size());
  number.remove_prefix(first);
  if (number.empty()) return 0;
  const auto top = static_cast<unsigned char>(number.front());
  return (number.size() - 1) * 8 + static_cast<std::size_t>(std::bit_width(top));
}

std::unexpected<Error> malformed(std::string_view what) {
  return fail(Code::tls_handshake, "the server's " + std::string(what) + " cannot be read");
}

Result<> read_extension(Flight& flight, std::uint16_t id, std::string_view body) {
  Reader reader(body);
  switch (static_cast<Extension>(id)) {
    case Extension::supported_versions: {
      const auto version = reader.u16();
      if (!version || !reader.empty()) return malformed("supported_versions");
      flight.version = version;
      break;
    }
    case Extension::key_share: {
      // A HelloRetryRequest has the group alone, a ServerHello its key as well.
      const auto group = reader.u16();
      if (!group) return malformed("key_share");
      flight.group = group;
      break;
    }
    case Extension::alpn: {
      const auto list = vector16(reader);
      Reader inside(list.value_or(std::string_view()));
      const auto protocol = vector8(inside);
      if (!protocol) return malformed("ALPN answer");
      flight.alpn = *protocol;
      break;
    }
    case Extension::extended_master_secret:
      flight.extended_master_secret = true;
      break;
    case Extension::renegotiation_info:
      flight.renegotiation_info = true;
      break;
    default:
      break;
  }
  return {};
}

Result<> read_server_hello(Flight& flight, std::string_view body) {
  Reader reader(body);
  const auto version = reader.u16();
  const auto random = reader.take(32);
  const auto session = vector8(reader);
  const auto suite = reader.u16();
  const auto compression = reader.u8();
  if (!version || !random || !session || !suite || !compression) return malformed("ServerHello");
  flight.version = version;
  flight.suite = *suite;
  flight.compression = *compression;
  flight.retry = *random == kRetryRandom;
  if (reader.empty()) return {};  // TLS 1.2 and older may end here
  const auto extensions = vector16(reader);
  if (!extensions) return malformed("ServerHello");
  Reader list(*extensions);
  while (!list.empty()) {
    const auto id = list.u16();
    const auto content = vector16(list);
    if (!id || !content) return malformed("ServerHello");
    TRY_VOID(read_extension(flight, *id, *content));
  }
  return {};
}

Result<> read_certificates(Flight& flight, std::string_view body) {
  Reader reader(body);
  const auto list = vector24(reader);
  if (!list) return malformed("Certificate");
  Reader inside(*list);
  while (!inside.empty()) {
    const auto certificate = vector24(inside);
    if (!certificate) return malformed("Certificate");
    flight.certificates.emplace_back(*certificate);
  }
  return {};
}

Result<> read_certificate_status(Flight& flight, std::string_view body) {
  Reader reader(body);
  const auto type = reader.u8();
  const auto response = vector24(reader);
  if (!type || !response) return malformed("CertificateStatus");
  flight.ocsp_response = *response;
  return {};
}

Result<> read_server_key_exchange(Flight& flight, std::string_view body) {
  const Suite* suite = find_suite(flight.suite);
  if (suite == nullptr) return {};  // not one of ours: nobody knows what it looks like
  Reader reader(body);
  switch (suite->key_exchange()) {
    case KeyExchange::ecdhe: {
      constexpr std::uint8_t kNamedCurve = 3;  // rfc8422#5.4
      const auto type = reader.u8();
      if (!type) return malformed("ServerKeyExchange");
      if (*type != kNamedCurve) return {};  // a curve in figures: without a name
      const auto group = reader.u16();
      if (!group) return malformed("ServerKeyExchange");
      flight.group = group;
      return {};
    }
    case KeyExchange::dhe: {
      const auto prime = vector16(reader);
      if (!prime) return malformed("ServerKeyExchange");
      flight.dh_bits = bits(*prime);
      return {};
    }
    case KeyExchange::rsa_export: {
      const auto modulus = vector16(reader);
      if (!modulus) return malformed("ServerKeyExchange");
      flight.export_rsa_bits = bits(*modulus);
      return {};
    }
    default:
      return {};
  }
}

}  // namespace

void ServerFlight::refuse(std::string why) {
  error_ = Error(Code::tls_handshake, std::move(why));
  state_ = State::failed;
}

void ServerFlight::feed(std::string_view bytes) {
  if (state_ != State::reading) return;
  seen_ += bytes.size();
  if (seen_ > limits::kTlsFlight) {
    return refuse("the server's first flight is longer than " + std::to_string(limits::kTlsFlight) +
                  " bytes");
  }
  incoming_ += bytes;
  std::size_t at = 0;
  while (state_ == State::reading) {
    const std::size_t size = read_record(std::string_view(incoming_).substr(at));
    if (size == 0) break;
    at += size;
  }
  incoming_.erase(0, at);
}

// How long it was; 0: it is not complete, or cannot be read.
std::size_t ServerFlight::read_record(std::string_view bytes) {
  Reader reader(bytes);
  const auto type = reader.u8();
  if (!type) return 0;
  if (*type != kHandshakeRecord && *type != kAlertRecord) {
    refuse("the server did not answer with TLS but with \"" + printable(bytes, 60) + "\"");
    return 0;
  }
  const auto version = reader.u16();
  if (version && (*version >> 8) != 3) {
    refuse("the server's TLS record has version " + std::to_string(*version));
    return 0;
  }
  const auto size = reader.u16();
  if (!size) return 0;
  if (*size == 0 || *size > kRecordBytes) {
    refuse("the server's TLS record has a length of " + std::to_string(*size));
    return 0;
  }
  const auto fragment = reader.take(*size);
  if (!fragment) return 0;
  if (*type == kAlertRecord) {
    read_alert(*fragment);
  } else {
    handshake_ += *fragment;
    read_messages();
  }
  return kRecordHeader + *size;
}

void ServerFlight::read_alert(std::string_view fragment) {
  constexpr char kFatal = 2;
  constexpr char kCloseNotify = 0;
  alert_ += fragment;
  while (alert_.size() >= 2 && state_ == State::reading) {
    // A warning (of a name that it does not know) is no answer.
    if (alert_[0] == kFatal || alert_[1] == kCloseNotify) {
      flight_.alert = static_cast<std::uint8_t>(alert_[1]);
      state_ = State::done;
    }
    alert_.erase(0, 2);
  }
}

void ServerFlight::read_messages() {
  std::size_t at = 0;
  while (state_ == State::reading) {
    Reader reader(std::string_view(handshake_).substr(at));
    const auto type = reader.u8();
    const auto body = type ? vector24(reader) : std::nullopt;
    if (!body) break;
    if (auto done = read_message(*type, *body); !done) return refuse(done.error().detail);
    at += kMessageHeader + body->size();
  }
  handshake_.erase(0, at);
}

Result<> ServerFlight::read_message(std::uint8_t type, std::string_view body) {
  const auto message = static_cast<Message>(type);
  if (!flight_.version && message != Message::server_hello) {
    return fail(Code::tls_handshake,
                "the server began with handshake message " + std::to_string(type));
  }
  switch (message) {
    case Message::server_hello:
      if (flight_.version) return fail(Code::tls_handshake, "the server sent two ServerHellos");
      TRY_VOID(read_server_hello(flight_, body));
      // What follows in TLS 1.3 is encrypted.
      if (flight_.retry || *flight_.version >= kTls13) state_ = State::done;
      return {};
    case Message::certificate:
      return read_certificates(flight_, body);
    case Message::certificate_status:
      return read_certificate_status(flight_, body);
    case Message::server_key_exchange:
      return read_server_key_exchange(flight_, body);
    case Message::server_hello_done:
      state_ = State::done;
      return {};
    default:
      return {};  // CertificateRequest and the like: nothing that was asked
  }
}

bool ServerFlight::end_of_input() {
  if (state_ == State::reading && flight_.version) state_ = State::done;
  return state_ == State::done;
}

}  // namespace pawl::tls
