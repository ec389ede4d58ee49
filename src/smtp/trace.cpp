#include "smtp/trace.h"

#include <array>

namespace pawl::smtp {

std::string_view transmission_type(bool extensions, bool tls, bool authenticated, bool smtputf8) {
  if (!extensions) return "SMTP";
  constexpr std::array<std::string_view, 8> kTypes = {
      "ESMTP", "ESMTPS", "ESMTPA", "ESMTPSA", "UTF8SMTP", "UTF8SMTPS", "UTF8SMTPA", "UTF8SMTPSA"};
  return kTypes[(smtputf8 ? 4U : 0U) + (authenticated ? 2U : 0U) + (tls ? 1U : 0U)];
}

std::string received_field(const Received& received) {
  std::string field = "Received: from ";
  field += received.hello.empty() ? std::string_view("unknown") : received.hello;
  field += received.client.is_v4() ? " ([" : " ([IPv6:";
  field += received.client.text();
  field += "])";
  if (!received.tls.empty()) {
    field += "\r\n\t(using ";
    field += received.tls;
    field += ')';
  }
  field += "\r\n\tby ";
  field += received.by;
  field += " with ";
  field += received.protocol;
  if (!received.id.empty()) {
    field += " id ";
    field += received.id;
  }
  if (!received.recipient.empty()) {
    field += "\r\n\tfor <";
    field += received.recipient;
    field += '>';
  }
  field += ";\r\n\t";
  field += format_rfc5322(received.at);
  field += "\r\n";
  return field;
}

}  // namespace pawl::smtp
