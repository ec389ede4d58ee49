// An attacker's edit of any clean session is never clean again; how the bytes were cut never
// counts.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>
#include <set>

#include "base/text.h"
#include "tamper/keyword.h"
#include "tamper/test_transcripts.h"

namespace pawl::tamper {
namespace {

using starttls::Transcript;
using starttls::TranscriptEntry;
using Kind = TranscriptEntry::Kind;

// A clean session, and where in it the upgrade is offered, asked for and answered.
struct Upgraded {
  std::string name;
  Transcript transcript;
  std::string keyword;
  std::size_t offer_entry = 0;
  std::size_t offer_at = 0;
  std::size_t command = 0;  // the entry that asks; the answer is the next, TLS the one after
};

std::optional<Upgraded> upgraded(const Sample& sample) {
  Upgraded found{.name = sample.name, .transcript = sample.transcript};
  found.keyword = upgrade_keyword(family(sample.transcript.protocol));
  const auto& entries = sample.transcript.entries;
  for (std::size_t i = 0; i + 2 < entries.size(); ++i) {
    if (entries[i].kind == Kind::server && found.offer_at == 0) {
      std::size_t at = to_lower(entries[i].bytes).find(to_lower(found.keyword));
      if (at == std::string::npos) continue;
      found.offer_entry = i;
      found.offer_at = at;
    }
    if (entries[i].kind == Kind::client && entries[i + 1].kind == Kind::server &&
        entries[i + 2].kind == Kind::tls_established && found.offer_at != 0) {
      found.command = i;
      return found;
    }
  }
  return std::nullopt;
}

const std::vector<Upgraded>& all_upgraded() {
  static const std::vector<Upgraded> kAll = [] {
    std::vector<Upgraded> all;
    for (const Sample& sample : samples("clean")) {
      if (auto one = upgraded(sample)) all.push_back(*one);
    }
    return all;
  }();
  return kAll;
}

TranscriptEntry entry(Kind kind, std::string bytes, bool tls = false) {
  return {.kind = kind, .tls = tls, .at = {}, .bytes = std::move(bytes)};
}

Upgraded any_upgraded() {
  return *rc::gen::elementOf(all_upgraded());
}

// What the client hears when the offer is this instead; it gives up.
Transcript with_offer(const Upgraded& from, std::string_view instead) {
  Transcript edited = from.transcript;
  edited.entries.resize(from.offer_entry + 1);
  edited.entries.back().bytes.replace(from.offer_at, from.keyword.size(), instead);
  return edited;
}

// As with_offer(), but its whole line or word is gone.
Transcript without_offer(const Upgraded& from) {
  Transcript edited = with_offer(from, from.keyword);
  std::string& bytes = edited.entries.back().bytes;
  Family kind = family(edited.protocol);
  if (kind == Family::imap) {
    bytes.erase(from.offer_at - 1, from.keyword.size() + 1);
    return edited;
  }
  std::size_t begin = bytes.rfind('\n', from.offer_at) + 1;
  std::size_t end = bytes.find('\n', from.offer_at) + 1;
  bool last = kind == Family::smtp && bytes[begin + 3] == ' ';
  bytes.erase(begin, end - begin);
  if (last) bytes[bytes.rfind('\n', begin - 2) + 4] = ' ';
  return edited;
}

bool raised(const Examination& examination) {
  return examination.assessment == Assessment::tampered ||
         examination.assessment == Assessment::suspicious;
}

#define RAISED(...)                                            \
  do {                                                         \
    Examination examination_ = examine(__VA_ARGS__);           \
    RC_TAG(name(examination_.assessment));                     \
    if (!raised(examination_)) RC_LOG() << told(examination_); \
    RC_ASSERT(raised(examination_));                           \
  } while (false)

#define TAMPERED(...)                                           \
  do {                                                          \
    Examination examination_ = examine(__VA_ARGS__);            \
    if (examination_.assessment != Assessment::tampered) {      \
      RC_LOG() << told(examination_);                           \
    }                                                           \
    RC_ASSERT(examination_.assessment == Assessment::tampered); \
  } while (false)

TEST(Edits, HaveSessionsOfEveryFamilyToBeMadeOf) {
  std::set<Family> families;
  for (const Upgraded& one : all_upgraded()) families.insert(family(one.transcript.protocol));
  EXPECT_EQ(families.size(), 4U);
  EXPECT_GT(all_upgraded().size(), 45U);
}

RC_GTEST_PROP(Edits, AnOfferThatIsGoneIsMissedWhereItIsKnown, ()) {
  Upgraded from = any_upgraded();
  RC_LOG() << from.name;
  Transcript edited = without_offer(from);
  Knowledge before{.promised_by = {}, .offered_before = true};
  RAISED(edited, before);
  Knowledge promise{.promised_by = {"DANE"}, .offered_before = false};
  RAISED(edited, promise);
  promise.offered_before = true;
  TAMPERED(edited, promise);
  // And from another path's look at the same host.
  Examination compared = compare({.session = &from.transcript, .path = "IPv4", .spki_sha256 = {}},
                                 {.session = &edited, .path = "IPv6", .spki_sha256 = {}});
  RC_ASSERT(raised(compared));
}

RC_GTEST_PROP(Edits, AnOverwrittenOfferIsTampering, ()) {
  Upgraded from = any_upgraded();
  char with = *rc::gen::elementOf(std::string("XxX*#.-_=~+%ABQSTZ079!&/?"));
  std::string instead(from.keyword.size(), with);
  if (*rc::gen::arbitrary<bool>() && std::string_view("Xx*").find(with) != std::string::npos) {
    instead.back() = *rc::gen::elementOf(std::string("ABCDZ"));
  }
  RC_LOG() << from.name << " " << instead;
  TAMPERED(with_offer(from, instead));
}

RC_GTEST_PROP(Edits, AMisspeltOfferIsTampering, ()) {
  Upgraded from = any_upgraded();
  std::string instead = from.keyword;
  std::size_t at = *rc::gen::inRange<std::size_t>(0, instead.size());
  switch (*rc::gen::inRange(0, 3)) {
    case 0:
      instead[at] = *rc::gen::inRange<char>('A', 'Z');
      break;
    case 1:
      instead.erase(at, 1);
      break;
    default:
      instead.insert(at, 1, *rc::gen::inRange<char>('A', 'Z'));
      break;
  }
  RC_PRE(instead != from.keyword);
  RC_PRE(!is_keyword(family(from.transcript.protocol), instead));
  RC_LOG() << from.name << " " << instead;
  TAMPERED(with_offer(from, instead));
}

std::string tag_of(const Upgraded& from) {
  const std::string& command = from.transcript.entries[from.command].bytes;
  return command.substr(0, command.find(' '));
}

RC_GTEST_PROP(Edits, ARefusedUpgradeIsNeverClean, ()) {
  Upgraded from = any_upgraded();
  Transcript edited = from.transcript;
  edited.entries.resize(from.command + 2);
  std::string answer;
  switch (family(edited.protocol)) {
    case Family::smtp:
      answer = std::to_string(*rc::gen::elementOf(std::vector<int>{
                   200, 250, 221, 354, 334, 421, 451, 454, 500, 501, 502, 503, 530, 550, 554})) +
               " no";
      break;
    case Family::imap:
      answer = tag_of(from) + *rc::gen::elementOf(std::vector<std::string>{" NO x", " BAD x"});
      break;
    case Family::pop3:
      answer = "-ERR no";
      break;
    case Family::sieve:
      answer = *rc::gen::elementOf(std::vector<std::string>{"NO", "BYE \"x\""});
      break;
  }
  RC_LOG() << from.name << " " << answer;
  edited.entries.back().bytes = answer + "\r\n";
  RAISED(edited);
}

RC_GTEST_PROP(Edits, ABrokenUpgradeIsNeverClean, ()) {
  Upgraded from = any_upgraded();
  Transcript edited = from.transcript;
  bool answered = *rc::gen::arbitrary<bool>();
  edited.entries.resize(from.command + (answered ? 2 : 1));
  edited.entries.push_back(entry(
      *rc::gen::elementOf(std::vector<Kind>{Kind::closed, Kind::reset, Kind::timed_out}), ""));
  RC_LOG() << from.name << " answered: " << answered;
  RAISED(edited);
}

RC_GTEST_PROP(Edits, BytesBehindTheUpgradeAreTampering, ()) {
  Upgraded from = any_upgraded();
  auto bytes = *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange(' ', '~')));
  Transcript edited = from.transcript;
  bool client = *rc::gen::arbitrary<bool>();
  edited.entries[from.command + (client ? 0 : 1)].bytes += bytes;
  RC_LOG() << from.name << " client: " << client << " " << bytes;
  TAMPERED(edited);
}

RC_GTEST_PROP(Edits, AGreetingInsideTheUpgradedSessionIsTampering, ()) {
  Upgraded from = any_upgraded();
  Transcript edited = from.transcript;
  edited.entries.resize(from.command + 3);
  // Sieve has no implicit-TLS port, and its server speaks first: anything but capabilities.
  std::string greeting = family(edited.protocol) == Family::sieve ? "* OK [CAPABILITY] x\r\n"
                                                                  : edited.entries[0].bytes;
  edited.entries.push_back(entry(Kind::server, greeting, true));
  if (edited.entries[0].kind != Kind::server || greeting.starts_with("ize")) RC_SUCCEED();
  RC_LOG() << from.name;
  TAMPERED(edited);
}

RC_GTEST_PROP(Edits, PreauthIsTampering, ()) {
  Upgraded from = any_upgraded();
  RC_PRE(from.transcript.protocol == Protocol::imap);
  Transcript edited = from.transcript;
  std::string& greeting = edited.entries[0].bytes;
  greeting.replace(greeting.find("OK"), 2, "PREAUTH");
  TAMPERED(edited);
}

RC_GTEST_PROP(Edits, AServerThatForgetsItsExtensionsIsMissedWhereTheyAreKnown, ()) {
  Upgraded from = any_upgraded();
  RC_PRE(family(from.transcript.protocol) == Family::smtp);
  RC_PRE(from.transcript.entries.size() > 2 && from.transcript.entries[0].kind == Kind::server);
  Transcript edited = from.transcript;
  edited.entries.resize(2);
  int code = *rc::gen::elementOf(std::vector<int>{500, 502});
  edited.entries.push_back(entry(Kind::server, std::to_string(code) + " unknown\r\n"));
  RAISED(edited, {.promised_by = {}, .offered_before = true});
}

bool same(const Examination& one, const Examination& other) {
  return told(one) == told(other);
}

RC_GTEST_PROP(Cuts, MakeNoDifference, ()) {
  static const std::vector<Sample> kAll = [] {
    auto all = samples("clean");
    for (Sample& sample : samples("attacks")) all.push_back(std::move(sample));
    return all;
  }();
  const Sample& sample = kAll[*rc::gen::inRange<std::size_t>(0, kAll.size())];
  Transcript cut = sample.transcript;
  cut.entries.clear();
  for (const TranscriptEntry& whole : sample.transcript.entries) {
    TranscriptEntry rest = whole;
    bool speech = whole.kind == Kind::client || whole.kind == Kind::server;
    while (speech && rest.bytes.size() > 1) {
      auto size = *rc::gen::inRange<std::size_t>(1, rest.bytes.size() + 1);
      TranscriptEntry part = rest;
      part.bytes.resize(size);
      rest.bytes.erase(0, size);
      cut.entries.push_back(part);
    }
    if (!speech || !rest.bytes.empty()) cut.entries.push_back(rest);
  }
  Examination expected = examine(sample.transcript, sample.knowledge);
  Examination examined = examine(cut, sample.knowledge);
  RC_LOG() << sample.name << "\n" << told(expected) << "\n" << told(examined);
  RC_ASSERT(same(expected, examined));
}

RC_GTEST_PROP(Garbage, IsExaminedWithoutHarm, (const std::vector<std::string>& said)) {
  Transcript transcript;
  transcript.protocol = *rc::gen::elementOf(
      std::vector<Protocol>{Protocol::smtp, Protocol::imap, Protocol::pop3, Protocol::sieve});
  for (const std::string& bytes : said) {
    transcript.entries.push_back(entry(static_cast<Kind>(*rc::gen::inRange(0, 7)), bytes + "\r\n",
                                       *rc::gen::arbitrary<bool>()));
  }
  examine(transcript);
  compare({.session = &transcript, .path = "a", .spki_sha256 = {}},
          {.session = &transcript, .path = "b", .spki_sha256 = {}});
}

}  // namespace
}  // namespace pawl::tamper
