#include "probe/enumeration.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ranges>

#include "net/start.h"
#include "probe/hello_asker.h"

namespace pawl::probe {

namespace {

using tls::Flight;
using tls::Hello;
using Ids = std::vector<std::uint16_t>;

constexpr auto kVersions =
    std::to_array<std::pair<std::uint16_t, const char*>>({{tls::kSsl3, "SSLv3"},
                                                          {tls::kTls10, "TLSv1.0"},
                                                          {tls::kTls11, "TLSv1.1"},
                                                          {tls::kTls12, "TLSv1.2"},
                                                          {tls::kTls13, "TLSv1.3"}});

// What the questions of one host share. Each task holds it.
struct Questions {
  Questions(SessionOptions session, const EnumerationOptions& options)
      : asker(std::move(session), options) {
    for (const auto& [wire, name] : kVersions)
      seen.versions.push_back({.name = name, .wire = wire});
  }
  HelloAsker asker;
  Enumeration seen;

  VersionSeen& version(std::uint16_t wire) {
    return *std::ranges::find(seen.versions, wire, &VersionSeen::wire);
  }
};
using Shared = std::shared_ptr<Questions>;

Hello hello_for(std::uint16_t version, Ids suites) {
  Hello hello;
  hello.version = version;
  hello.suites = std::move(suites);
  hello.groups = tls::groups_to_offer(version);
  hello.signature_algorithms = tls::all_signatures();
  // Asked by the way: a connection each would be a waste.
  hello.status_request = true;
  hello.extended_master_secret = true;
  hello.renegotiation_info = true;
  hello.compression = true;
  return hello;
}

// Did the server take this offer, and nothing that was not offered?
bool is_taken(const Flight& flight, const Hello& hello) {
  return !flight.alert && flight.version == hello.version &&
         std::ranges::find(hello.suites, flight.suite) != hello.suites.end();
}

std::string key_exchange_text(const tls::Suite& suite, const Flight& flight) {
  if (flight.group) {
    const tls::Group* group = tls::find_group(*flight.group);
    return group != nullptr ? std::string(group->name) : fmt::format("group {}", *flight.group);
  }
  switch (suite.key_exchange()) {
    case tls::KeyExchange::tls13:
      return "unknown";
    case tls::KeyExchange::ecdhe:
      return "ECDH";
    case tls::KeyExchange::dhe:
      return flight.dh_bits ? fmt::format("DH {}", *flight.dh_bits) : "DH";
    case tls::KeyExchange::ecdh:
      return "static ECDH";
    case tls::KeyExchange::dh:
      return "static DH";
    case tls::KeyExchange::rsa_export:
      return flight.export_rsa_bits ? fmt::format("RSA {}", *flight.export_rsa_bits) : "RSA";
    case tls::KeyExchange::rsa:
      return "RSA";
  }
  return "unknown";
}

SuiteSeen suite_seen(const Flight& flight) {
  const tls::Suite& suite = *tls::find_suite(flight.suite);
  return {.id = suite.id,
          .name = std::string(suite.name),
          .key_exchange = key_exchange_text(suite, flight),
          .forward_secrecy = suite.forward_secrecy(),
          .weak = suite.weak()};
}

void note_by_the_way(Enumeration& seen, const Flight& flight) {
  seen.compression |= flight.compression != 0;
  seen.ocsp_stapled |= !flight.ocsp_response.empty();
  seen.extended_master_secret |= flight.extended_master_secret;
  seen.secure_renegotiation |= flight.renegotiation_info;
  const tls::Suite* suite = tls::find_suite(flight.suite);
  if (suite == nullptr) return;
  seen.rsa_certificate |= suite->authentication() == tls::Authentication::rsa;
  seen.ecdsa_certificate |= suite->authentication() == tls::Authentication::ecdsa;
}

struct Chain {
  std::vector<SuiteSeen> suites;
  bool refused_version = false;  // the first answer says that the version is not spoken at all
};

bool is_dhe(std::uint16_t id) {
  return tls::find_suite(id)->key_exchange() == tls::KeyExchange::dhe;
}

// Offers, and takes away what was chosen, until nothing is chosen.
net::Task<Chain> chosen_in_turn(Shared questions, std::uint16_t version, Ids suites) {
  Chain chain;
  while (!suites.empty()) {
    const Hello hello = hello_for(version, suites);
    auto flight = co_await questions->asker.ask(hello);
    if (!flight) break;  // the asker keeps the error
    // A server without Diffie-Hellman parameters stumbles over DHE, whatever else it could have
    // chosen (Dovecot without ssl_dh hangs up): asked once more without.
    const bool silent = !flight->version && !flight->alert;
    if ((flight->alert == tls::kAlertInternalError || (silent && !chain.suites.empty())) &&
        std::erase_if(suites, is_dhe) > 0) {
      continue;
    }
    if (!is_taken(*flight, hello)) {
      chain.refused_version =
          chain.suites.empty() && (flight->alert != tls::kAlertHandshakeFailure);
      break;
    }
    note_by_the_way(questions->seen, *flight);
    chain.suites.push_back(suite_seen(*flight));
    std::erase(suites, flight->suite);
  }
  co_return chain;
}

// Which of two the server chooses; nothing: neither, or no answer.
net::Task<std::optional<std::uint16_t>> choice(Shared questions, std::uint16_t version,
                                               std::uint16_t first, std::uint16_t second) {
  const Hello hello = hello_for(version, {first, second});
  CO_TRY(const Flight flight, co_await questions->asker.ask(hello));
  if (!is_taken(flight, hello)) co_return std::nullopt;
  co_return flight.suite;
}

// The server chooses by its own order if it chooses the same of two however they are turned.
net::Task<std::optional<bool>> has_order(Shared questions, std::uint16_t version,
                                         std::vector<SuiteSeen> suites) {
  // Some servers follow their own order, but not where a client puts ChaCha20 first.
  if (suites.size() > 2) {
    std::erase_if(suites, [](const SuiteSeen& s) { return s.name.contains("CHACHA20"); });
  }
  if (suites.size() < 2) co_return std::nullopt;
  CO_TRY(const auto chosen, co_await choice(questions, version, suites[1].id, suites[0].id));
  if (!chosen) co_return std::nullopt;
  co_return *chosen == suites[0].id;
}

// How many of `suites` the server prefers to `to`. They stand in its order, so it is found by
// doubling and halving: the lists that are merged interleave in blocks.
net::Task<std::size_t> count_preferred(Shared questions, std::uint16_t version,
                                       std::span<const SuiteSeen> suites, std::uint16_t to) {
  std::size_t preferred = 0;
  std::size_t end = suites.size();
  for (std::size_t step = 1; preferred < end; step *= 2) {
    const std::size_t at = std::min(preferred + step, suites.size()) - 1;
    CO_TRY(const auto chosen, co_await choice(questions, version, to, suites[at].id));
    if (chosen == to || !chosen) {
      end = at;
      break;
    }
    preferred = at + 1;
  }
  while (preferred < end) {
    const std::size_t middle = preferred + (end - preferred) / 2;
    CO_TRY(const auto chosen, co_await choice(questions, version, to, suites[middle].id));
    if (chosen == to || !chosen) {
      end = middle;
    } else {
      preferred = middle + 1;
    }
  }
  co_return preferred;
}

// Two lists in the server's order as one.
net::Task<std::vector<SuiteSeen>> merged(Shared questions, std::uint16_t version,
                                         std::vector<SuiteSeen> one, std::vector<SuiteSeen> other) {
  std::vector<SuiteSeen> all;
  std::span<const SuiteSeen> ahead(one);
  std::span<const SuiteSeen> behind(other);
  while (!ahead.empty() && !behind.empty()) {
    CO_TRY(const std::size_t count,
           co_await count_preferred(questions, version, ahead, behind.front().id));
    all.insert(all.end(), ahead.begin(), ahead.begin() + static_cast<std::ptrdiff_t>(count));
    ahead = ahead.subspan(count);
    // The other one's first comes now, and before what is left of this one.
    all.push_back(behind.front());
    behind = behind.subspan(1);
    std::swap(ahead, behind);
  }
  all.insert(all.end(), ahead.begin(), ahead.end());
  all.insert(all.end(), behind.begin(), behind.end());
  co_return all;
}

net::Task<> find_suites(Shared questions, std::uint16_t version) {
  VersionSeen& seen = questions->version(version);
  auto lists = tls::suites_to_offer(version);
  std::vector<net::Completion<Chain>> unusual;
  for (std::size_t i = 1; i < lists.size(); ++i) {
    unusual.push_back(net::start(chosen_in_turn(questions, version, std::move(lists[i]))));
  }
  CO_TRY(Chain usual, co_await chosen_in_turn(questions, version, std::move(lists.front())));
  seen.suites = std::move(usual.suites);
  seen.offered = !seen.suites.empty();
  CO_TRY(seen.server_order, co_await has_order(questions, version, seen.suites));
  for (auto& started : unusual) {
    CO_TRY(Chain chain, co_await started.wait());
    if (chain.suites.empty()) continue;
    std::vector<SuiteSeen> both = seen.suites;
    both.insert(both.end(), chain.suites.begin(), chain.suites.end());
    if (seen.suites.empty()) {
      CO_TRY(seen.server_order, co_await has_order(questions, version, both));
    } else if (seen.server_order.value_or(true)) {
      auto in_order = co_await merged(questions, version, seen.suites, chain.suites);
      if (in_order) both = *std::move(in_order);
    }
    seen.suites = std::move(both);
    seen.offered = true;
  }
  co_return Result<>();
}

net::Task<> find_groups(Shared questions, std::uint16_t version, Ids suites) {
  auto& seen = questions->seen.groups;
  Ids groups = tls::groups_to_offer(version);
  std::erase_if(groups, [&](std::uint16_t id) {
    const tls::Group& group = *tls::find_group(id);
    // Before TLS 1.3 a prime is the server's own, whatever the client's list says.
    const bool prime = version != tls::kTls13 && group.name.starts_with("ffdhe");
    return prime || std::ranges::find(seen, group.name) != seen.end();
  });
  while (!groups.empty()) {
    Hello hello = hello_for(version, suites);
    hello.groups = groups;
    CO_TRY(const Flight flight, co_await questions->asker.ask(hello));
    if (!is_taken(flight, hello) || !flight.group || std::erase(groups, *flight.group) == 0) break;
    seen.emplace_back(tls::find_group(*flight.group)->name);
  }
  co_return Result<>();
}

Ids all_suites(std::uint16_t version) {
  Ids all;
  for (const tls::Suite& suite : tls::suites()) {
    if (suite.exists_in(version)) all.push_back(suite.id);
  }
  return all;
}

Ids elliptic(const std::vector<SuiteSeen>& suites) {
  Ids ids;
  for (const SuiteSeen& suite : suites) {
    if (tls::find_suite(suite.id)->key_exchange() == tls::KeyExchange::ecdhe) {
      ids.push_back(suite.id);
    }
  }
  return ids;
}

net::Task<> find_tls13(Shared questions) {
  CO_TRY_VOID(co_await find_suites(questions, tls::kTls13));
  if (!questions->version(tls::kTls13).offered) co_return Result<>();
  co_return co_await find_groups(questions, tls::kTls13, all_suites(tls::kTls13));
}

// The groups of the newest version before TLS 1.3 that were not seen there. (A host that has only
// an ECDSA certificate cannot do without the group of its key, and ends the list with it.)
net::Task<> find_older_groups(Shared questions) {
  for (const std::uint16_t version : {tls::kTls12, tls::kTls11, tls::kTls10}) {
    Ids suites = elliptic(questions->version(version).suites);
    if (suites.empty()) continue;
    co_return co_await find_groups(questions, version, std::move(suites));
  }
  co_return Result<>();
}

// TLS 1.3 shows its certificate in secret; whether it has one of a kind, it says in clear: by going
// on, once it has a share of a key, or by refusing. The shares are points, and nobody has the key:
// the handshake ends here anyway.
net::Task<bool> has_certificate(Shared questions, Ids signatures) {
  constexpr std::size_t kX25519Bytes = 32;
  // rfc8446#4.2.8.2: the base point of P-256, in full.
  constexpr std::string_view kBasePoint(
      "\x04\x6B\x17\xD1\xF2\xE1\x2C\x42\x47\xF8\xBC\xE6\xE5\x63\xA4\x40\xF2"
      "\x77\x03\x7D\x81\x2D\xEB\x33\xA0\xF4\xA1\x39\x45\xD8\x98\xC2\x96"
      "\x4F\xE3\x42\xE2\xFE\x1A\x7F\x9B\x8E\xE7\xEB\x4A\x7C\x0F\x9E\x16"
      "\x2B\xCE\x33\x57\x6B\x31\x5E\xCE\xCB\xB6\x40\x68\x37\xBF\x51\xF5",
      65);
  Hello hello = hello_for(tls::kTls13, all_suites(tls::kTls13));
  hello.signature_algorithms = std::move(signatures);
  hello.key_shares = {{tls::kX25519, std::string(kX25519Bytes, '\x09')},
                      {tls::kSecp256r1, std::string(kBasePoint)}};
  CO_TRY(const Flight flight, co_await questions->asker.ask(hello));
  co_return is_taken(flight, hello) && !flight.retry;
}

// rfc7507#3: only where the host speaks more than one version is there anything to fall back to.
net::Task<bool> refuses_fallback(Shared questions) {
  const auto& versions = questions->seen.versions;
  std::vector<std::uint16_t> offered;
  for (const VersionSeen& version : versions) {
    if (version.offered) offered.push_back(version.wire);
  }
  if (offered.size() < 2) co_return !offered.empty();
  const std::uint16_t lower = offered[offered.size() - 2];
  Ids suites;
  for (const SuiteSeen& suite : questions->version(lower).suites) suites.push_back(suite.id);
  Hello hello = hello_for(lower, std::move(suites));
  hello.fallback_scsv = true;
  CO_TRY(const Flight flight, co_await questions->asker.ask(hello));
  co_return flight.alert == tls::kAlertInappropriateFallback;
}

// What stands on the versions being known.
net::Task<> find_the_rest(Shared questions) {
  Enumeration& seen = questions->seen;
  CO_TRY_VOID(co_await find_older_groups(questions));
  CO_TRY(seen.fallback_scsv, co_await refuses_fallback(questions));
  if (!questions->version(tls::kTls13).offered) co_return Result<>();
  if (!seen.rsa_certificate) {
    CO_TRY(seen.rsa_certificate, co_await has_certificate(questions, tls::rsa_signatures()));
  }
  if (!seen.ecdsa_certificate) {
    CO_TRY(seen.ecdsa_certificate, co_await has_certificate(questions, tls::ecdsa_signatures()));
  }
  co_return Result<>();
}

net::Task<> ask_everything(Shared questions) {
  std::vector<net::Completion<void>> versions;
  // The newest first: whether anybody answers at all is asked with what most hosts speak.
  for (const auto& [wire, name] : std::views::reverse(kVersions)) {
    versions.push_back(
        net::start(wire == tls::kTls13 ? find_tls13(questions) : find_suites(questions, wire)));
  }
  Result<> done;
  for (auto& version : versions) {
    auto ended = co_await version.wait();
    if (done) done = std::move(ended);
  }
  auto rest = co_await find_the_rest(questions);
  co_return done ? rest : done;
}

}  // namespace

net::Task<Enumeration> enumerate(SessionOptions session, EnumerationOptions options) {
  auto questions = std::make_shared<Questions>(std::move(session), options);
  auto asked = co_await ask_everything(questions);
  Enumeration seen = std::move(questions->seen);
  seen.connections = questions->asker.connections();
  seen.took = questions->asker.elapsed();
  seen.error = questions->asker.error();
  if (!asked && !seen.error) seen.error = std::move(asked).error();
  co_return seen;
}

}  // namespace pawl::probe
