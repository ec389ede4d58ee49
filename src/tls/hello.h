// ClientHellos made by hand and the server's first flight read by hand: asks what a server would
// choose, without a handshake, a key or a library that must know the answer. Nothing is verified.
// Pure: bytes in, values out. Source: RFC 8446 section 4.1, RFC 5246 section 7.4, RFC 6101.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "tls/registry.h"

namespace pawl::tls {

struct KeyShare {
  std::uint16_t group = 0;
  std::string key;  // as the group has it on the wire
};

struct Hello {
  std::uint16_t version = kTls12;  // the highest that is offered; TLS 1.3 is offered alone
  std::array<char, 32> random{};
  std::vector<std::uint16_t> suites;
  // The rest are extensions, which SSLv3 does not have: it gets none.
  std::vector<std::uint16_t> groups;
  std::vector<std::uint16_t> signature_algorithms;  // TLS 1.2 and newer
  std::string sni;                                  // empty: not sent
  std::vector<std::string> alpn;
  // TLS 1.3. None: the server names the group it wants in a HelloRetryRequest (rfc8446#4.2.8).
  std::vector<KeyShare> key_shares;
  bool status_request = false;          // rfc6066#8
  bool extended_master_secret = false;  // rfc7627#5.1
  bool renegotiation_info = false;      // rfc5746#3.4
  bool compression = false;             // DEFLATE beside none
  bool fallback_scsv = false;           // rfc7507#4
};

// The message in its record, ready to send.
std::string client_hello(const Hello& hello);

// What a server said to a ClientHello, as far as it can be read in clear.
struct Flight {
  // ServerHello or HelloRetryRequest; nothing: there was none.
  std::optional<std::uint16_t> version;
  std::uint16_t suite = 0;
  bool retry = false;            // it was a HelloRetryRequest
  std::uint8_t compression = 0;  // 0: none
  bool extended_master_secret = false;
  bool renegotiation_info = false;
  std::string alpn;

  // The group of the key exchange, from HelloRetryRequest, ServerHello or ServerKeyExchange.
  std::optional<std::uint16_t> group;
  std::optional<std::size_t> dh_bits;          // of the prime, where no group is named
  std::optional<std::size_t> export_rsa_bits;  // of the short key of an export suite

  std::vector<std::string> certificates;  // DER, leaf first; TLS 1.2 and older
  std::string ocsp_response;              // DER; TLS 1.2 and older

  std::optional<std::uint8_t> alert;  // fatal: the server refuses (rfc8446#6.2)
};

inline constexpr std::uint8_t kAlertHandshakeFailure = 40;
inline constexpr std::uint8_t kAlertProtocolVersion = 70;
inline constexpr std::uint8_t kAlertInternalError = 80;
inline constexpr std::uint8_t kAlertInappropriateFallback = 86;

// Reads a flight as it comes, however records and messages are cut. Bounded by limits::kTlsFlight.
class ServerFlight {
 public:
  enum class State : std::uint8_t {
    reading,
    done,    // flight() is complete: an answer in TLS 1.3, ServerHelloDone before, or an alert
    failed,  // no TLS, or TLS that cannot be read: error()
  };

  State state() const { return state_; }
  void feed(std::string_view bytes);
  // The server has closed. Complete what is complete without its end; false: there was nothing.
  bool end_of_input();
  const Flight& flight() const { return flight_; }
  const Error& error() const { return error_; }

 private:
  std::size_t read_record(std::string_view bytes);
  void read_messages();
  void read_alert(std::string_view fragment);
  Result<> read_message(std::uint8_t type, std::string_view body);
  void refuse(std::string why);

  State state_ = State::reading;
  Flight flight_;
  Error error_{Code::internal, "the flight has not failed"};
  std::string incoming_;   // of a record that is not complete
  std::string handshake_;  // of a message that is not complete
  std::string alert_;      // half an alert
  std::size_t seen_ = 0;
};

}  // namespace pawl::tls
