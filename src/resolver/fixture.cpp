#include "resolver/fixture.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "dns/presentation.h"

namespace pawl::resolver {
namespace {

constexpr int kAliases = 8;  // a longer chain is a loop

template <class T>
T require(Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "FixtureResolver: %s\n", result.error().sentence().c_str());
  std::abort();
}

}  // namespace

void FixtureResolver::zone(std::string_view apex, dns::Security security) {
  const std::scoped_lock lock(mutex_);
  zones_[require(dns::Name::parse(apex))] = security;
}

void FixtureResolver::add(std::string_view owner, dns::Type type, std::string_view text,
                          std::optional<dns::Security> security) {
  add_rdata(owner, type, require(dns::rdata_from_text(type, text)));
  const std::scoped_lock lock(mutex_);
  if (security) records_[{require(dns::Name::parse(owner)), type}].security = security;
}

void FixtureResolver::add_rdata(std::string_view owner, dns::Type type, std::string rdata) {
  const std::scoped_lock lock(mutex_);
  records_[{require(dns::Name::parse(owner)), type}].rdata.push_back(std::move(rdata));
}

void FixtureResolver::fail(std::string_view owner, dns::Type type, Error error) {
  const std::scoped_lock lock(mutex_);
  failures_.insert_or_assign({require(dns::Name::parse(owner)), type}, std::move(error));
}

void FixtureResolver::remove(std::string_view owner, dns::Type type) {
  const std::scoped_lock lock(mutex_);
  const Question question{require(dns::Name::parse(owner)), type};
  records_.erase(question);
  failures_.erase(question);
}

std::size_t FixtureResolver::times_asked(std::string_view owner, dns::Type type) const {
  const std::scoped_lock lock(mutex_);
  return static_cast<std::size_t>(
      std::ranges::count(asked_, Question{require(dns::Name::parse(owner)), type}));
}

std::vector<FixtureResolver::Question> FixtureResolver::questions() const {
  const std::scoped_lock lock(mutex_);
  return asked_;
}

net::Task<dns::Answer> FixtureResolver::lookup(dns::Name name, dns::Type type) {
  const std::scoped_lock lock(mutex_);
  asked_.emplace_back(name, type);
  co_return answer(name, type);
}

Result<dns::Answer> FixtureResolver::answer(const dns::Name& name, dns::Type type) const {
  dns::Answer answer;
  answer.question = name;
  answer.type = type;
  answer.canonical = name;
  answer.security = dns::Security::secure;
  answer.ttl = Seconds(300);
  for (int links = 0; links <= kAliases; ++links) {
    const auto& at = answer.canonical;
    if (auto failed = failures_.find({at, type}); failed != failures_.end())
      return pawl::fail(failed->second);
    auto found = records_.find({at, type});
    const bool alias = found == records_.end() && type != dns::Type::cname &&
                       records_.contains({at, dns::Type::cname});
    if (alias) found = records_.find({at, dns::Type::cname});
    const auto security = found != records_.end() && found->second.security
                              ? *found->second.security
                              : zone_security(at);
    answer.security = std::max(answer.security, security);  // secure is the lowest
    if (alias) {
      answer.canonical = require(dns::Name::from_wire(found->second.rdata.front()));
      continue;
    }
    if (found != records_.end()) {
      answer.existence = dns::Existence::found;
      answer.rdata = found->second.rdata;
    } else {
      answer.existence = exists(at) ? dns::Existence::no_data : dns::Existence::no_domain;
    }
    return answer;
  }
  return pawl::fail(Code::dns_servfail, name.text() + ": the aliases form a loop");
}

dns::Security FixtureResolver::zone_security(const dns::Name& name) const {
  for (auto at = name;; at = at.parent()) {
    if (auto zone = zones_.find(at); zone != zones_.end()) return zone->second;
    if (at.is_root()) return dns::Security::insecure;
  }
}

// A name exists if it has records or lies above one that has (rfc8020#2).
bool FixtureResolver::exists(const dns::Name& name) const {
  return zones_.contains(name) || std::ranges::any_of(records_, [&name](const auto& entry) {
           return entry.first.first.is_within(name);
         });
}

}  // namespace pawl::resolver
