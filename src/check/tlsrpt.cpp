#include "base/text.h"
#include "check/records.h"
#include "tlsrpt/record.h"

namespace pawl::check {

namespace {

net::Task<> look_at_record(Walk& walk, dns::Name domain, TlsrptSeen& seen) {
  CO_TRY(const dns::Name tls, domain.prepend("_tls"));
  CO_TRY(const dns::Name owner, tls.prepend("_smtp"));  // rfc8460#3
  CO_TRY(const dns::Answer answer, co_await walk.resolver.lookup(owner, dns::Type::txt));
  CO_TRY(const auto texts, dns::txt_records(answer));
  for (const std::string& text : texts) {
    if (to_lower(text).find("tlsrpt") != std::string::npos) seen.txt.push_back(text);
  }
  CO_TRY(const auto record, tlsrpt::choose_record(texts));
  if (record) {
    seen.rua = record->rua;
  } else if (!seen.txt.empty()) {
    co_return fail(Code::tlsrpt_record_invalid,
                   "it does not begin with \"v=TLSRPTv1;\": \"" + printable(seen.txt[0]) + "\"");
  }
  co_return Result<>();
}

}  // namespace

net::Task<TlsrptSeen> look_at_tlsrpt(Walk& walk, dns::Name domain) {
  TlsrptSeen seen;
  auto looked = co_await look_at_record(walk, domain, seen);
  if (!looked) seen.error = std::move(looked).error();
  co_return seen;
}

}  // namespace pawl::check
