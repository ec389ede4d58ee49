// A resolver that answers from memory: for tests of everybody above, and for the lab without
// processes. It follows aliases as a validating resolver does (the answer's security is the weakest
// link's) and knows NODATA from NXDOMAIN.
//
//   FixtureResolver dns;
//   dns.zone("example.org", dns::Security::secure);     // default for what stands in it
//   dns.add("example.org", dns::Type::mx, "10 mx1.example.org");
//   dns.add("_25._tcp.mx1.example.org", dns::Type::tlsa, "3 1 1 0b9f...");
//   dns.fail("_mta-sts.example.org", dns::Type::txt, Error(Code::dns_timeout, "..."));
//
// Names that stand in no zone are insecure. A text that is no record ends the program: a wrong
// fixture is a wrong test. May be asked from any loop, also while another thread changes it.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "resolver/resolver.h"

namespace pawl::resolver {

class FixtureResolver : public Resolver {
 public:
  using Question = std::pair<dns::Name, dns::Type>;

  void zone(std::string_view apex, dns::Security security);
  // One more record in the set; its security is the zone's unless given.
  void add(std::string_view owner, dns::Type type, std::string_view text,
           std::optional<dns::Security> security = {});
  void add_rdata(std::string_view owner, dns::Type type, std::string rdata);  // any bytes
  // From now on this question ends in this error (dnssec_bogus, dns_servfail, dns_timeout ...).
  void fail(std::string_view owner, dns::Type type, Error error);
  void remove(std::string_view owner, dns::Type type);  // records and failure

  std::size_t times_asked(std::string_view owner, dns::Type type) const;
  std::vector<Question> questions() const;  // all that were asked, in order

  net::Task<dns::Answer> lookup(dns::Name name, dns::Type type) override;

 private:
  struct RecordSet {
    std::vector<std::string> rdata;
    std::optional<dns::Security> security;
  };
  Result<dns::Answer> answer(const dns::Name& name, dns::Type type) const;
  dns::Security zone_security(const dns::Name& name) const;
  bool exists(const dns::Name& name) const;

  mutable std::mutex mutex_;
  std::map<dns::Name, dns::Security> zones_;
  std::map<Question, RecordSet> records_;
  std::map<Question, Error> failures_;
  std::vector<Question> asked_;
};

}  // namespace pawl::resolver
