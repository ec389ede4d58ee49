// A hostile server against the client machine. The first byte chooses the options, byte 0x01 in
// the rest ends a segment. Where TLS is required nothing but EHLO and STARTTLS may leave in clear.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "smtp/client.h"

namespace {

using pawl::smtp::Client;
using pawl::smtp::ClientEvent;

struct Mail {
  Mail() {
    envelope.sender = "joe@example.org";
    envelope.recipients.resize(3);
    for (auto& recipient : envelope.recipients) {
      recipient.address = "ann@example.com";
      transaction.recipients.push_back(&recipient);
    }
    transaction.envelope = &envelope;
    transaction.size = content.size();
  }
  std::string content = ".a\r\n.\r\n";
  pawl::smtp::Envelope envelope;
  pawl::smtp::Transaction transaction;
};

void drive(Client& client, const Mail& mail) {
  int mails = 0;
  while (auto event = client.next_event()) {
    switch (*event) {
      case ClientEvent::upgrade:
        client.tls_established();
        break;
      case ClientEvent::ready:
      case ClientEvent::outcome:
        if (++mails < 3) {
          client.begin(mail.transaction);
        } else {
          client.quit();
        }
        break;
      case ClientEvent::want_content:
        client.content(mail.content);
        client.end_content();
        break;
      case ClientEvent::failed:
      case ClientEvent::closed:
        break;
    }
  }
}

void check_in_clear(std::string_view sent) {
  while (!sent.empty()) {
    std::string_view line = sent.substr(0, sent.find('\n') + 1);
    if (line != "EHLO relay\r\n" && line != "LHLO relay\r\n" && line != "STARTTLS\r\n") {
      std::abort();
    }
    sent.remove_prefix(line.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const Mail kMail;
  pawl::smtp::ClientOptions options;
  options.helo = "relay";
  options.tls_required = (data[0] & 1U) != 0;
  options.tls_forbidden = (data[0] & 2U) != 0;
  options.secure = (data[0] & 4U) != 0;
  options.chunking = (data[0] & 8U) != 0;
  if ((data[0] & 16U) != 0) options.protocol = pawl::smtp::Protocol::lmtp;
  if ((data[0] & 32U) != 0) {
    auto credentials = std::make_shared<pawl::smtp::Credentials>();
    credentials->user = "joe";
    credentials->password = pawl::Secret("sesame");
    options.credentials = credentials;
  }
  bool required = options.tls_required;
  Client client(std::move(options));
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  while (!rest.empty()) {
    std::size_t end = rest.find('\x01');
    client.feed(rest.substr(0, end));
    bool in_clear = !client.secure();
    drive(client, kMail);
    std::string sent = client.take();
    if (required && in_clear) check_in_clear(sent);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  client.end_of_input();
  drive(client, kMail);
  return 0;
}
