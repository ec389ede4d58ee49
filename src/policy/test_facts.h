// Facts, rules and exceptions of one made-up domain, example.org, for the tests of the engine.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "policy/verdict.h"

namespace pawl::policy {

inline const WallTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};

inline dns::Name name(std::string_view text) {
  return dns::Name::parse(text).value();
}

inline MxFacts mx_facts(std::string_view host) {
  MxFacts mx;
  mx.host = name(host);
  mx.canonical = mx.host;
  mx.preference = 10;
  mx.addresses = {IpAddress::v4(192, 0, 2, 1)};
  return mx;
}

// Nothing signed, nothing published.
inline Facts plain_facts(std::string_view host = "mx1.example.org") {
  Facts facts;
  facts.policy_domain = name("example.org");
  facts.mx_canonical = facts.policy_domain;
  facts.mx = {mx_facts(host)};
  return facts;
}

// All signed, one usable TLSA record.
inline Facts dane_facts() {
  Facts facts = plain_facts();
  facts.mx_secure = true;
  facts.mx[0].address_secure = true;
  facts.mx[0].dane.state = DaneFacts::State::usable;
  facts.mx[0].dane.base_domain = "mx1.example.org";
  facts.mx[0].dane.records = {dns::Tlsa{3, 1, 1, std::string(32, 'x')}};
  return facts;
}

inline Facts unusable_tlsa_facts() {
  Facts facts = dane_facts();
  facts.mx[0].dane.state = DaneFacts::State::unusable;
  facts.mx[0].dane.records.clear();
  facts.mx[0].dane.unusable_records = 2;
  return facts;
}

inline Facts with_failed_tlsa(Facts facts, Error error) {
  facts.mx[0].address_secure = true;
  facts.mx[0].dane.state = DaneFacts::State::failed;
  facts.mx[0].dane.records.clear();
  facts.mx[0].dane.error = std::move(error);
  return facts;
}

inline Facts with_sts(Facts facts, mta_sts::Mode mode,
                      std::vector<std::string> mx = {"mx1.example.org"}) {
  facts.sts.state = StsFacts::State::policy;
  facts.sts.policy = mta_sts::Policy{mode, Seconds(604800), std::move(mx), {}};
  facts.sts.id = "2026";
  facts.sts.source = "fetched now";
  return facts;
}

inline Rules rule(std::string pattern, Level level) {
  Rule one;
  one.pattern = std::move(pattern);
  one.level = level;
  one.origin = "pawl.toml:31";
  return Rules{{one}, {}};
}

inline Rules observe(std::string pattern) {
  Rule one;
  one.pattern = std::move(pattern);
  one.enforcement = Enforcement::observe;
  return Rules{{one}, {}};
}

inline Exception exception(std::string pattern, Level level) {
  return {
      std::move(pattern), level,         "their certificate ran out", kNow + std::chrono::days(9),
      "pm@example.net",   "pawl.toml:40"};
}

}  // namespace pawl::policy
