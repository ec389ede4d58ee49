#include "lab/zones.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "lab/child.h"

namespace pawl::lab {
namespace {

constexpr std::string_view kAlgorithm = "ECDSAP256SHA256";

std::string parent_of(const std::string& zone) {
  auto dot = zone.find('.');
  return dot == std::string::npos ? "" : zone.substr(dot + 1);
}

std::string label_for_file(const std::string& zone) {
  return zone.empty() ? "root" : zone;
}

std::string master_text(const Zone& zone, const std::vector<std::string>& delegations) {
  std::string text = fmt::format(
      "$ORIGIN {}.\n$TTL 1\n"
      "@ 3600 IN SOA ns.test. hostmaster.test. 1 3600 600 86400 1\n"
      "@ 3600 IN NS ns.test.\n",
      zone.name());
  for (const std::string& record : zone.records()) text += record + '\n';
  for (const std::string& record : delegations) text += record + '\n';
  return text;
}

// Turns the first character of the signature over each named RRset into another.
std::string corrupt(std::string_view signed_text, const Zone& zone) {
  std::string out;
  for (std::string_view line : split(signed_text, '\n')) {
    std::string copy(line);
    auto fields = split(line, '\t');
    for (const Zone::RrSet& set : zone.corrupted()) {
      if (fields.size() < 5 || fields[3] != "RRSIG") continue;
      std::string owner =
          set.owner == "@" ? zone.name() + "." : set.owner + "." + zone.name() + ".";
      auto space = copy.rfind(' ');
      if (equal_ignoring_case(fields[0], owner) && fields[4].starts_with(set.type + " ") &&
          space != std::string::npos) {
        char& first = copy[space + 1];
        first = first == 'A' ? 'B' : 'A';
      }
    }
    out += copy + '\n';
  }
  return out;
}

struct Signer {
  const Scratch& scratch;
  std::map<std::string, std::vector<std::string>> delegations;  // parent zone -> its records
  SignedZones result;

  Result<> sign(const Zone& zone) {
    const std::string parent = parent_of(zone.name());
    if (!zone.name().empty()) {
      delegations[parent].push_back(zone.name() + ". 3600 IN NS ns.test.");
    }
    const std::string file = label_for_file(zone.name()) + ".zone";
    TRY(std::string path, scratch.write(file, master_text(zone, delegations[zone.name()])));
    if (zone.signing() == Signing::insecure) {
      result.files.push_back({zone.name(), path});
      return {};
    }
    const std::string directory = scratch.path().string();
    TRY(std::string printed, run_program({"ldns-keygen", "-a", std::string(kAlgorithm), "-k", "-r",
                                          "/dev/urandom", zone.name() + "."},
                                         directory));
    std::string key(trim(split(printed, '\n').front()));
    const std::string signed_path = path + ".signed";
    std::vector<std::string> command = {"ldns-signzone", "-f", signed_path, "-o",
                                        zone.name() + "."};
    if (zone.signing() == Signing::expired) {
      command.insert(command.end(), {"-i", "20200101000000", "-e", "20200201000000"});
    }
    if (zone.signing() == Signing::nsec3) command.emplace_back("-n");
    command.insert(command.end(), {path, key});
    TRY_VOID(run_program(command, directory));
    if (!zone.corrupted().empty()) {
      TRY(std::string text, read_file(signed_path));
      TRY_VOID(scratch.write(file + ".signed", corrupt(text, zone)));
    }
    result.files.push_back({zone.name(), zone.signing() == Signing::stripped ? path : signed_path});
    return publish_key(zone, key);
  }

  // The parent vouches for the key; the root's is the trust anchor.
  Result<> publish_key(const Zone& zone, const std::string& key) {
    if (zone.name().empty()) {
      result.trust_anchor_file = scratch.file(key + ".key");
      return {};
    }
    if (zone.signing() == Signing::island) return {};
    TRY(std::string ds, read_file(scratch.file(key + ".ds")));
    // "signed.test. IN DS 52769 13 2 110b...": without a time to live.
    std::string record(trim(split(ds, '\n').front()));
    record.insert(record.find("IN"), "3600 ");
    delegations[parent_of(zone.name())].push_back(std::move(record));
    return {};
  }
};

}  // namespace

Result<SignedZones> sign_zones(std::span<const Zone> zones, const IpAddress& name_server,
                               const Scratch& scratch) {
  std::vector<Zone> all(zones.begin(), zones.end());
  auto ensure = [&](const std::string& name) -> Zone& {
    auto found = std::ranges::find(all, name, &Zone::name);
    return found != all.end() ? *found : all.emplace_back(name, Signing::secure);
  };
  const std::string address =
      fmt::format("ns.test. 3600 IN {} {}", name_server.is_v4() ? "A" : "AAAA", name_server.text());
  ensure("test").add(address);
  ensure("").add(address);  // glue
  // Deepest first: a parent can sign the DS only of a key that is there.
  auto depth = [](const Zone& zone) {
    return zone.name().empty() ? 0 : 1 + std::ranges::count(zone.name(), '.');
  };
  std::ranges::sort(all, std::ranges::greater{}, depth);
  Signer signer{scratch, {}, {}};
  for (const Zone& zone : all) TRY_VOID(signer.sign(zone));
  return std::move(signer.result);
}

}  // namespace pawl::lab
