// Zones as values, and a signed tree made of them. One record is one line of master file text
// (RFC 1035 section 5.1); names without a final dot are relative to the zone.
//
//   Zone zone("signed.test", Signing::secure);
//   zone.add("mx IN A 127.0.0.1");
//   zone.corrupt("_25._tcp.mx", "TLSA");
//
// sign_zones() adds the root, "test.", SOA, NS and DS records, signs with ldns-signzone and leaves
// master files and the trust anchor of the root in a directory. Errors: not_found (ldnsutils is not
// installed), io, syntax (the zone does not parse; the text quotes ldns).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/ip_address.h"
#include "lab/scratch.h"

namespace pawl::lab {

enum class Signing : unsigned char {
  secure,    // signed, with a DS in its parent
  nsec3,     // as secure, with denials by NSEC3 (RFC 5155)
  island,    // signed, but its parent has no DS: insecure
  insecure,  // not signed
  expired,   // signed, with signatures that are out of date: bogus
  stripped,  // its parent has a DS, but it is served without signatures: bogus
};

class Zone {
 public:
  Zone(std::string name, Signing signing) : name_(std::move(name)), signing_(signing) {}

  void add(std::string record) { records_.push_back(std::move(record)); }
  // The signature over this RRset will not verify (RFC 4035 section 5.3.3).
  void corrupt(std::string owner, std::string type) {
    corrupted_.push_back({std::move(owner), std::move(type)});
  }

  struct RrSet {
    std::string owner;
    std::string type;
  };
  const std::string& name() const { return name_; }  // no final dot; "" is the root
  Signing signing() const { return signing_; }
  const std::vector<std::string>& records() const { return records_; }
  const std::vector<RrSet>& corrupted() const { return corrupted_; }

 private:
  std::string name_;
  Signing signing_;
  std::vector<std::string> records_;
  std::vector<RrSet> corrupted_;
};

struct SignedZones {
  struct File {
    std::string name;  // of the zone, "" is the root
    std::string path;
  };
  std::vector<File> files;
  std::string trust_anchor_file;  // the root's DNSKEY
};

// `name_server` is where ns.test will answer. Records live for one second unless they say
// otherwise, so that an attack that begins later is not hidden by a cache.
Result<SignedZones> sign_zones(std::span<const Zone> zones, const IpAddress& name_server,
                               const Scratch& scratch);

}  // namespace pawl::lab
