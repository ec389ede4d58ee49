#include "dns/answer.h"

#include "base/bytes.h"

namespace pawl::dns {
namespace {

Error malformed(const Answer& answer, std::string_view what) {
  return {Code::dns_malformed, std::string(name(answer.type)) + " record of " +
                                   answer.question.text() + ": " + std::string(what)};
}

// Decodes each record with `decode`, which takes one rdata and returns a Result; the first that
// fails fails all: half an answer is what an attacker would leave us.
template <class T, class Decode>
Result<std::vector<T>> decode_all(const Answer& answer, Decode decode) {
  std::vector<T> records;
  records.reserve(answer.rdata.size());
  for (const auto& rdata : answer.rdata) {
    Result<T> record = decode(ByteView(rdata));
    if (!record) return fail(malformed(answer, record.error().sentence()));
    records.push_back(*std::move(record));
  }
  return records;
}

Result<> is_of(const Answer& answer, Type type) {
  if (answer.type == type) return {};
  return fail(Code::internal, std::string("an answer of type ") + std::string(name(answer.type)) +
                                  " was read as " + std::string(name(type)));
}

Result<Name> whole_name(ByteView wire) {
  std::size_t consumed = 0;
  TRY(auto read, Name::from_wire(wire, &consumed));
  if (consumed != wire.size()) return fail(Code::dns_malformed, "there are bytes behind the name");
  return read;
}

Result<Mx> decode_mx(ByteView rdata) {
  Reader reader(rdata);
  const auto preference = reader.u16();
  if (!preference) return fail(Code::dns_malformed, "it is shorter than its preference");
  TRY(auto exchange, whole_name(reader.rest()));
  return Mx{*preference, std::move(exchange)};
}

Result<Srv> decode_srv(ByteView rdata) {
  Reader reader(rdata);
  const auto priority = reader.u16();
  const auto weight = reader.u16();
  const auto port = reader.u16();
  if (!priority || !weight || !port)
    return fail(Code::dns_malformed, "it is shorter than its numbers");
  TRY(auto target, whole_name(reader.rest()));
  return Srv{*priority, *weight, *port, std::move(target)};
}

Result<std::string> decode_txt(ByteView rdata) {
  if (rdata.empty()) return fail(Code::dns_malformed, "it has no character-string");
  Reader reader(rdata);
  std::string joined;
  while (!reader.empty()) {
    const auto length = reader.u8();
    const auto part = length ? reader.take(*length) : std::nullopt;
    if (!part) return fail(Code::dns_malformed, "a character-string is cut short");
    joined += *part;
  }
  return joined;
}

Tlsa decode_tlsa(ByteView rdata) {
  Reader reader(rdata);
  Tlsa record;
  record.usage = reader.u8().value_or(0);
  record.selector = reader.u8().value_or(0);
  record.matching_type = reader.u8().value_or(0);
  record.data = reader.rest();
  return record;
}

}  // namespace

std::string_view name(Security security) {
  switch (security) {
    case Security::secure:
      return "secure";
    case Security::insecure:
      return "insecure";
    case Security::indeterminate:
      return "indeterminate";
  }
  return "indeterminate";
}

Result<std::vector<Mx>> mx_records(const Answer& answer) {
  TRY_VOID(is_of(answer, Type::mx));
  return decode_all<Mx>(answer, decode_mx);
}

Result<std::vector<IpAddress>> addresses(const Answer& answer) {
  if (answer.type != Type::aaaa) TRY_VOID(is_of(answer, Type::a));
  const std::size_t size = answer.type == Type::a ? 4 : 16;
  return decode_all<IpAddress>(answer, [size](ByteView rdata) -> Result<IpAddress> {
    if (rdata.size() != size)
      return fail(Code::dns_malformed, std::to_string(rdata.size()) + " bytes are no address");
    return IpAddress::from_bytes(rdata);
  });
}

Result<std::vector<Tlsa>> tlsa_records(const Answer& answer) {
  TRY_VOID(is_of(answer, Type::tlsa));
  return decode_all<Tlsa>(answer,
                          [](ByteView rdata) -> Result<Tlsa> { return decode_tlsa(rdata); });
}

Result<std::vector<std::string>> txt_records(const Answer& answer) {
  TRY_VOID(is_of(answer, Type::txt));
  return decode_all<std::string>(answer, decode_txt);
}

Result<std::vector<Srv>> srv_records(const Answer& answer) {
  TRY_VOID(is_of(answer, Type::srv));
  return decode_all<Srv>(answer, decode_srv);
}

Result<std::vector<Name>> cname_records(const Answer& answer) {
  TRY_VOID(is_of(answer, Type::cname));
  return decode_all<Name>(answer, whole_name);
}

}  // namespace pawl::dns
