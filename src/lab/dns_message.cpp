#include "lab/dns_message.h"

#include "base/bytes.h"
#include "base/text.h"

namespace pawl::lab {
namespace {

constexpr std::size_t kHeader = 12;

}  // namespace

std::optional<DnsQuestion> read_question(std::string_view query) {
  if (query.size() < kHeader) return std::nullopt;
  Reader reader(query.substr(kHeader));
  DnsQuestion question;
  while (true) {
    auto length = reader.u8();
    if (!length || *length > 63) return std::nullopt;  // a question is never compressed
    if (*length == 0) break;
    auto label = reader.take(*length);
    if (!label) return std::nullopt;
    if (!question.name.empty()) question.name += '.';
    question.name += to_lower(*label);
  }
  auto type = reader.u16();
  if (!type || !reader.u16()) return std::nullopt;
  question.type = *type;
  question.wire = query.substr(kHeader, query.size() - kHeader - reader.rest().size());
  return question;
}

std::string name_to_wire(std::string_view name) {
  Bytes wire;
  if (name.ends_with('.')) name.remove_suffix(1);
  if (!name.empty()) {
    for (std::string_view label : split(name, '.')) {
      put_u8(wire, static_cast<std::uint8_t>(label.size()));
      wire += label;
    }
  }
  put_u8(wire, 0);
  return wire;
}

std::string make_query(std::string_view name, std::uint16_t type, std::uint16_t id) {
  Bytes query;
  put_u16(query, id);
  for (int field : {0, 1, 0, 0, 0}) put_u16(query, static_cast<std::uint16_t>(field));
  query += name_to_wire(name);
  put_u16(query, type);
  put_u16(query, 1);  // IN
  return query;
}

std::string make_answer(std::string_view query, const DnsQuestion& question, DnsResponse response,
                        const std::vector<std::string>& rdata) {
  Bytes answer(query.substr(0, 2));  // the id
  // QR and AA set, RD and CD as asked.
  put_u8(answer, static_cast<std::uint8_t>(0x84 | (query[2] & 0x01)));
  put_u8(answer, static_cast<std::uint8_t>((query[3] & 0x10) | static_cast<int>(response)));
  put_u16(answer, 1);
  put_u16(answer, static_cast<std::uint16_t>(rdata.size()));
  put_u16(answer, 0);
  put_u16(answer, 0);
  answer += question.wire;
  for (const std::string& data : rdata) {
    put_u16(answer, 0xC000 | kHeader);  // the name of the question
    put_u16(answer, question.type);
    put_u16(answer, 1);
    put_u32(answer, 1);  // TTL: a forgery must not outlive its attack
    put_u16(answer, static_cast<std::uint16_t>(data.size()));
    answer += data;
  }
  return answer;
}

std::string mx_rdata(std::uint16_t preference, std::string_view host) {
  Bytes data;
  put_u16(data, preference);
  return data + name_to_wire(host);
}

std::string txt_rdata(std::string_view text) {
  Bytes data;
  text = text.substr(0, 255);
  put_u8(data, static_cast<std::uint8_t>(text.size()));
  data += text;
  return data;
}

}  // namespace pawl::lab
