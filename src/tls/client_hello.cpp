#include "base/bytes.h"
#include "tls/hello.h"

namespace pawl::tls {

namespace {

constexpr std::uint8_t kHandshakeRecord = 22;
constexpr std::uint8_t kClientHello = 1;
constexpr std::uint16_t kFallbackScsv = 0x5600;
constexpr std::uint8_t kDeflate = 1;

enum class Extension : std::uint16_t {
  server_name = 0,
  status_request = 5,
  supported_groups = 10,
  ec_point_formats = 11,
  signature_algorithms = 13,
  alpn = 16,
  extended_master_secret = 23,
  supported_versions = 43,
  psk_key_exchange_modes = 45,
  signature_algorithms_cert = 50,
  key_share = 51,
  renegotiation_info = 0xFF01,
};

std::string vector8(std::string_view body) {
  std::string out;
  put_u8(out, static_cast<std::uint8_t>(body.size()));
  return out.append(body);
}

std::string vector16(std::string_view body) {
  std::string out;
  put_u16(out, static_cast<std::uint16_t>(body.size()));
  return out.append(body);
}

std::string numbers(const std::vector<std::uint16_t>& values) {
  std::string out;
  for (const std::uint16_t value : values) put_u16(out, value);
  return out;
}

void put(std::string& to, Extension id, std::string_view body) {
  put_u16(to, static_cast<std::uint16_t>(id));
  to += vector16(body);
}

std::string server_name(std::string_view name) {
  std::string entry(1, '\0');  // host_name
  entry += vector16(name);
  return vector16(entry);
}

std::string alpn_list(const std::vector<std::string>& protocols) {
  std::string list;
  for (const std::string& protocol : protocols) list += vector8(protocol);
  return vector16(list);
}

std::string key_share_list(const std::vector<KeyShare>& shares) {
  std::string list;
  for (const KeyShare& share : shares) {
    put_u16(list, share.group);
    list += vector16(share.key);
  }
  return vector16(list);
}

std::string extensions(const Hello& hello) {
  std::string out;
  const bool tls13 = hello.version >= kTls13;
  if (!hello.sni.empty()) put(out, Extension::server_name, server_name(hello.sni));
  if (hello.renegotiation_info) put(out, Extension::renegotiation_info, vector8(""));
  if (hello.extended_master_secret) put(out, Extension::extended_master_secret, "");
  if (!hello.groups.empty()) {
    put(out, Extension::supported_groups, vector16(numbers(hello.groups)));
    put(out, Extension::ec_point_formats, vector8(std::string_view("\0\1\2", 3)));
  }
  if (!hello.signature_algorithms.empty() && hello.version >= kTls12) {
    put(out, Extension::signature_algorithms, vector16(numbers(hello.signature_algorithms)));
    // The certificates above the leaf may be signed by anything (rfc8446#4.2.3).
    put(out, Extension::signature_algorithms_cert, vector16(numbers(all_signatures())));
  }
  if (hello.status_request) {
    // OCSP, no responder ids, no extensions.
    put(out, Extension::status_request, std::string_view("\1\0\0\0\0", 5));
  }
  if (!hello.alpn.empty()) put(out, Extension::alpn, alpn_list(hello.alpn));
  if (tls13) {
    put(out, Extension::supported_versions, vector8(numbers({kTls13})));
    put(out, Extension::psk_key_exchange_modes, vector8("\1"));
    put(out, Extension::key_share, key_share_list(hello.key_shares));
  }
  return out;
}

}  // namespace

std::string client_hello(const Hello& hello) {
  const bool tls13 = hello.version >= kTls13;
  const std::string_view random(hello.random.data(), hello.random.size());
  std::string body;
  put_u16(body, tls13 ? kTls12 : hello.version);
  body += random;
  // rfc8446#D.4: middleboxes want to see a session id.
  body += vector8(tls13 ? random : std::string_view());
  std::string offered = numbers(hello.suites);
  if (hello.fallback_scsv) put_u16(offered, kFallbackScsv);
  body += vector16(offered);
  std::string methods;
  if (hello.compression && !tls13) put_u8(methods, kDeflate);
  put_u8(methods, 0);
  body += vector8(methods);
  if (hello.version > kSsl3) body += vector16(extensions(hello));

  std::string message;
  put_u8(message, kClientHello);
  put_u8(message, static_cast<std::uint8_t>(body.size() >> 16));
  put_u16(message, static_cast<std::uint16_t>(body.size()));
  message += body;
  std::string record;
  put_u8(record, kHandshakeRecord);
  // rfc8446#D.2: the record says the oldest version, as old servers want it.
  put_u16(record, hello.version > kSsl3 ? kTls10 : kSsl3);
  return record + vector16(message);
}

}  // namespace pawl::tls
