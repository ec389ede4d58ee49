#include <openssl/evp.h>

#include <array>

#include "base/bytes.h"
#include "base/text.h"
#include "check/records.h"
#include "net/start.h"

namespace pawl::check {

namespace {

// Means to be MTA-STS, whatever it has become: "id=1; v=STSv1", "v=STSv12; id=1".
bool is_about_sts(std::string_view text) {
  return to_lower(text).find("stsv1") != std::string::npos;
}

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return to_hex({reinterpret_cast<const char*>(digest.data()), size});
}

net::Task<> look_at_record(Walk& walk, dns::Name domain, StsSeen& seen) {
  CO_TRY(const dns::Name owner, domain.prepend("_mta-sts"));
  CO_TRY(const dns::Answer answer, co_await walk.resolver.lookup(owner, dns::Type::txt));
  CO_TRY(const auto texts, dns::txt_records(answer));
  for (const std::string& text : texts) {
    if (is_about_sts(text)) seen.txt.push_back(text);
  }
  CO_TRY(const auto record, mta_sts::choose_record(texts));
  if (record) seen.id = record->id;
  co_return Result<>();
}

net::Task<bool> has_policy_host(Walk& walk, dns::Name domain) {
  CO_TRY(const dns::Name host, domain.prepend("mta-sts"));
  auto v4 = net::start(walk.resolver.lookup(host, dns::Type::a));
  auto v6 = net::start(walk.resolver.lookup(host, dns::Type::aaaa));
  const auto a = co_await v4.wait();
  const auto aaaa = co_await v6.wait();
  co_return (a && a->found()) || (aaaa && aaaa->found());
}

}  // namespace

net::Task<StsSeen> look_at_sts(Walk& walk, dns::Name domain) {
  StsSeen seen;
  auto record = co_await look_at_record(walk, domain, seen);
  if (!record) seen.record_error = std::move(record).error();
  if (seen.txt.empty()) {
    auto host = co_await has_policy_host(walk, domain);
    if (!host || !*host) co_return seen;
  }
  walk.tell(domain.text(), "the MTA-STS policy of " + domain.text());
  auto fetched = co_await walk.policies.fetch(domain);
  if (fetched) {
    seen.policy_sha256 = sha256_hex(fetched->text);
    seen.policy_text = std::move(fetched->text);
    seen.policy = std::move(fetched->policy);
  } else if (!seen.txt.empty()) {
    seen.policy_error = std::move(fetched).error();
  }
  co_return seen;
}

policy::StsFacts sts_facts(const StsSeen& seen) {
  policy::StsFacts facts;
  if (seen.id && seen.policy) {
    facts.state = policy::StsFacts::State::policy;
    facts.policy = seen.policy;
    facts.id = *seen.id;
    facts.source = "fetched now";
  } else if (seen.record_error || !seen.txt.empty()) {
    facts.state = policy::StsFacts::State::unavailable;
    facts.error = seen.record_error ? seen.record_error : seen.policy_error;
  }
  return facts;
}

}  // namespace pawl::check
