#include "resolver/unbound_result.h"

#include <unbound.h>

#include "base/text.h"

namespace pawl::resolver {
namespace {

constexpr int kNoError = 0;  // rcodes, rfc1035#4.1.1
constexpr int kNameError = 3;

std::string rcode_text(int rcode) {
  switch (rcode) {
    case 1:
      return "FORMERR";
    case 2:
      return "SERVFAIL: no server of the zone gave a usable answer";
    case 4:
      return "NOTIMP";
    case 5:
      return "REFUSED";
    default:
      return "rcode " + std::to_string(rcode);
  }
}

std::string asked(const dns::Name& question, dns::Type type) {
  return question.text() + ". " + std::string(dns::name(type));
}

// libunbound repeats a known failure as "... because of a previous validation failure <cause>": the
// cause is what a person can act on.
std::string root_cause(std::string_view why) {
  constexpr std::string_view kRepeated = "because of a previous validation failure <";
  const auto begin = why.find(kRepeated);
  if (begin != std::string_view::npos && why.ends_with('>')) {
    why.remove_prefix(begin + kRepeated.size());
    why.remove_suffix(1);
  }
  return printable(why, 400);
}

}  // namespace

Result<dns::Answer> answer_of(const dns::Name& question, dns::Type type, int error,
                              const ub_result* result, bool anchored) {
  if (error != 0 || result == nullptr)
    return fail(Code::dns_servfail, asked(question, type) + ": " + ub_strerror(error));
  // rfc4035#5.5: bogus is an error, whatever came along with it.
  if (result->bogus != 0)
    return fail(Code::dnssec_bogus,
                asked(question, type) + ": " +
                    (result->why_bogus != nullptr ? root_cause(result->why_bogus) : "bogus"));
  if (result->rcode != kNoError && result->rcode != kNameError)
    return fail(Code::dns_servfail, asked(question, type) + ": " + rcode_text(result->rcode));

  dns::Answer answer;
  answer.question = question;
  answer.type = type;
  answer.canonical = question;
  answer.ttl = Seconds(result->ttl);
  answer.security = result->secure != 0 ? dns::Security::secure
                    : anchored          ? dns::Security::insecure
                                        : dns::Security::indeterminate;
  if (type != dns::Type::cname && result->canonname != nullptr) {
    auto canonical = dns::Name::parse(result->canonname);
    if (!canonical)
      return fail(Code::dns_malformed,
                  asked(question, type) + " is an alias: " + canonical.error().detail);
    answer.canonical = *std::move(canonical);
  }
  if (result->nxdomain != 0) {
    answer.existence = dns::Existence::no_domain;
  } else if (result->havedata != 0) {
    answer.existence = dns::Existence::found;
    for (int i = 0; result->data[i] != nullptr; ++i)
      answer.rdata.emplace_back(result->data[i], static_cast<std::size_t>(result->len[i]));
  }
  return answer;
}

}  // namespace pawl::resolver
