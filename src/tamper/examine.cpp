#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/text.h"
#include "tamper/assessment.h"
#include "tamper/reading.h"

namespace pawl::tamper {

namespace {

using Kind = Step::Kind;

// Words by which an attacker's program, or a lab's, gives itself away (striptls).
struct Fingerprint {
  std::string_view reply;  // what stands behind a tag or is the whole line
  std::string_view whose;
};
constexpr std::array kFingerprints = {
    Fingerprint{"200 STRIPTLS", "striptls"},
    Fingerprint{"454 TLS not available due to temporary reason", "striptls"},
    Fingerprint{"501 Syntax error", "striptls"},
    Fingerprint{"502 Error: command \"EHLO\" not implemented", "striptls"},
    Fingerprint{"OK IMAP2 Server Ready", "striptls"},
    Fingerprint{"BAD unknown command", "striptls"},
    Fingerprint{"-ERR unknown command", "striptls"},
};

std::string_view without_tag(const Reading& reading, std::string_view line) {
  if (reading.family != Family::imap) return line;
  std::size_t space = line.find(' ');
  return space == std::string_view::npos ? line : line.substr(space + 1);
}

std::string_view fingerprint(const Reading& reading, std::string_view line) {
  for (const Fingerprint& known : kFingerprints) {
    if (without_tag(reading, line) == known.reply) return known.whose;
  }
  return {};
}

class Examiner {
 public:
  Examiner(const Reading& reading, const Knowledge& knowledge)
      : reading_(reading), knowledge_(knowledge), keyword_(upgrade_keyword(reading.family)) {}

  Examination run() {
    greeting();
    for (const List& list : reading_.lists) {
      if (!list.tls) words(list);
    }
    echoes();
    offer();
    dialect();
    upgrade();
    out_of_turn();
    after();
    surest_first(findings_);
    bool tls = reading_.established || reading_.implicit_tls || offered();
    Assessment plain = tls || !reading_.spoken ? Assessment::clean : Assessment::not_offered;
    Examination examination{.assessment = assess(findings_, plain), .findings = {}};
    examination.findings = std::move(findings_);
    return examination;
  }

 private:
  void find(Signature signature, Confidence confidence, std::string_view evidence,
            std::string sentence) {
    add(findings_, {.signature = signature,
                    .confidence = confidence,
                    .evidence = std::string(evidence),
                    .sentence = std::move(sentence)});
  }
  void find(Signature signature, std::string_view evidence, std::string sentence) {
    find(signature, row(signature).confidence, evidence, std::move(sentence));
  }
  bool offered() const {
    return std::ranges::any_of(reading_.lists,
                               [](const List& list) { return !list.tls && list.offers; });
  }
  // The server was asked what it can do and answered to the end, or would not.
  const List* list_without_offer() const {
    for (const List& list : reading_.lists) {
      if (!list.tls && !list.offers && list.end == List::End::whole) return &list;
    }
    return nullptr;
  }
  bool promised() const { return !knowledge_.promised_by.empty(); }

  void greeting();
  void words(const List& list);
  void masked(const List& list, std::string_view entry, std::string_view word, Mask mask);
  std::string_view uncovered(std::size_t length) const;
  void echoes();
  void offer();
  void missing(std::string_view evidence);
  void dialect();
  void upgrade();
  void refused();
  void broken();
  void out_of_turn();
  void after();

  const Reading& reading_;
  const Knowledge& knowledge_;
  std::string_view keyword_;
  std::vector<Finding> findings_;
};

// --- T4, T13, and T9 where the greeting itself says so

void Examiner::greeting() {
  std::string_view line = reading_.greeting;
  if (line.empty() || (reading_.implicit_tls && reading_.family != Family::smtp)) return;
  std::string_view text = without_tag(reading_, line);
  std::size_t stars = static_cast<std::size_t>(std::ranges::count(text, '*'));
  std::size_t at = std::min<std::size_t>(4, text.size());
  bool nothing_else = text.find_first_not_of("*0123456789 ", at) == std::string_view::npos;
  if (reading_.family == Family::smtp && stars >= 8 && nothing_else) {
    find(Signature::banner_masked, line,
         "the greeting is overwritten with asterisks, as Cisco's mail inspection does");
  }
  if (!reading_.preauthenticated.empty()) {
    find(Signature::preauthenticated, line,
         "the server claims in clear that we are logged in, which forbids the upgrade to TLS");
  }
  if (auto whose = fingerprint(reading_, line); !whose.empty()) {
    find(Signature::extensions_lost, line,
         fmt::format("the greeting forces a dialect without TLS, in the words of {}", whose));
  }
}

// --- T1, T2, T3, T7: the words of a list

// A capability of this length that is named inside TLS and not in clear: what the mask covers.
std::string_view Examiner::uncovered(std::size_t length) const {
  for (const List& inside : reading_.lists) {
    if (!inside.tls) continue;
    for (std::size_t i = inside.first; i < inside.first + inside.count; ++i) {
      std::string_view word = keyword_of(reading_.entries[i]);
      if (word.size() != length || mask_of(word)) continue;
      bool in_clear = false;
      for (const List& list : reading_.lists) {
        for (std::size_t j = list.first; !list.tls && j < list.first + list.count; ++j) {
          in_clear = in_clear || equal_ignoring_case(keyword_of(reading_.entries[j]), word);
        }
      }
      if (!in_clear) return word;
    }
  }
  return {};
}

void Examiner::masked(const List& list, std::string_view entry, std::string_view word, Mask mask) {
  bool known_length = is_keyword_length(reading_.family, word.size());
  bool usual = mask.with == 'X' || mask.with == 'x' || mask.with == '*';
  // Rules and empty columns in the lists of odd servers are as long as they like.
  if (!known_length && !usual) return;
  std::string_view real = uncovered(word.size());
  // X and a letter is one longer than what stood there, or as long.
  if (real.empty() && mask.letter_at_end) real = uncovered(word.size() - 1);
  std::string shown = printable(word, 60);
  // The word may be longer by the letter: Cisco writes XXXXXXXA for STARTTLS, and XXXXXXXXA.
  bool offer = !list.offers && (word.size() == keyword_.size() ||
                                (mask.letter_at_end && word.size() == keyword_.size() + 1));
  if (!real.empty()) {
    find(Signature::keyword_masked, Confidence::certain, entry,
         fmt::format("the list in clear says {}, where inside TLS it says {}", shown,
                     printable(real, 60)));
  } else if (offer) {
    Signature signature =
        mask.letter_at_end ? Signature::capability_masked_letter : Signature::capability_masked;
    find(signature, entry,
         fmt::format("{} stands where {} is missing: something overwrites the offer of TLS", shown,
                     keyword_));
  } else {
    find(Signature::keyword_masked, known_length ? Confidence::certain : Confidence::likely, entry,
         fmt::format("{} is no capability: something overwrites what it does not like", shown));
  }
}

void Examiner::words(const List& list) {
  for (std::size_t i = list.first; i < list.first + list.count; ++i) {
    std::string_view entry = reading_.entries[i];
    std::string_view word = keyword_of(entry);
    // "XXXX=LOGIN" is masked up to the sign, "========" is the mask.
    std::string_view token = entry.substr(0, entry.find(' '));
    if (!mask_of(word)) word = mask_of(token) ? token : word;
    if (auto mask = mask_of(word)) {
      masked(list, entry, word, *mask);
    } else if (!list.offers && is_near_upgrade(reading_.family, word)) {
      find(Signature::capability_misspelt, entry,
           fmt::format("the list says {}, which is {} but for a letter or two", printable(word, 60),
                       keyword_));
    }
  }
}

// --- T5: what the server says it was told

std::string_view verb(Family family, std::string_view command) {
  if (family == Family::imap)
    command.remove_prefix(std::min(command.find(' ') + 1, command.size()));
  return command.substr(0, command.find(' '));
}

void Examiner::echoes() {
  for (const Refusal& refusal : reading_.refusals) {
    std::string_view sent = verb(reading_.family, refusal.command);
    std::string_view rest = without_tag(reading_, refusal.reply);
    while (!rest.empty()) {
      std::size_t end = std::min(rest.find_first_of(" \"'`<>:,;()[]"), rest.size());
      std::string_view word = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (word.size() < 4 || refusal.command.find(word) != std::string_view::npos) continue;
      auto mask = mask_of(word);
      bool overwritten = mask && word.size() == sent.size() &&
                         (mask->with == 'X' || mask->with == 'x' || refusal.unknown);
      bool other = refusal.verb == Verb::upgrade && is_near_upgrade(reading_.family, word);
      if (!overwritten && !other) continue;
      find(Signature::command_masked, overwritten ? Confidence::certain : Confidence::likely,
           refusal.reply,
           fmt::format("the server refuses {}, but {} was sent: something rewrites the commands",
                       printable(word, 60), printable(sent, 60)));
    }
  }
}

// --- T6: the offer is missing

void Examiner::missing(std::string_view evidence) {
  if (knowledge_.promised_by.empty() && !knowledge_.offered_before) return;
  bool both = promised() && knowledge_.offered_before;
  std::string by = join(knowledge_.promised_by, ", ");
  find(Signature::capability_removed, both ? Confidence::likely : Confidence::hint, evidence,
       fmt::format("{} is not offered, although {}{}{}", keyword_,
                   promised() ? "TLS is promised by " + by : "", both ? " and " : "",
                   knowledge_.offered_before ? "this host offered it before" : ""));
}

void Examiner::offer() {
  if (reading_.implicit_tls) return;
  const List* without = list_without_offer();
  // Also where it came to TLS: who takes the offer out may have counted on nobody asking.
  if (reading_.answer == Answer::granted && without != nullptr && !offered()) {
    find(Signature::capability_removed, Confidence::likely, reading_.answer_line,
         fmt::format("{} is not offered, and granted when asked for: the offer was taken out",
                     keyword_));
  }
  if (reading_.established) return;
  bool earlier = false;
  for (const List& list : reading_.lists) {
    if (list.tls) continue;
    if (list.end == List::End::open && !list.offers) {
      find(Signature::capability_removed, Confidence::likely, list.last_line,
           "the list of capabilities never ends: its last line was taken out on the way");
    }
    if (earlier && !list.offers && list.end == List::End::whole) {
      find(Signature::capability_removed, Confidence::likely, list.last_line,
           fmt::format("{} was offered in this session and then no more", keyword_));
    }
    earlier = earlier || list.offers;
  }
  if (offered()) return;
  for (const Refusal& refusal : reading_.refusals) {
    bool demands = refusal.verb != Verb::upgrade && refusal.verb != Verb::extensions &&
                   to_lower(refusal.reply).find(to_lower(keyword_)) != std::string::npos;
    if (!demands || without == nullptr) continue;
    find(Signature::capability_removed, Confidence::likely, refusal.reply,
         fmt::format("the server demands {}, which its list of capabilities does not name",
                     keyword_));
  }
  if (without == nullptr) return;
  missing(without->last_line);
  // No way in at all: a server has one or the other.
  std::span<const std::string_view> entries(reading_.entries);
  bool closed = reading_.family == Family::imap || reading_.family == Family::sieve;
  bool logins_disabled = false;
  for (std::string_view entry : entries.subspan(without->first, without->count)) {
    std::string_view word = keyword_of(entry);
    logins_disabled = logins_disabled || equal_ignoring_case(word, "LOGINDISABLED");
    if (starts_with_ignoring_case(entry, "AUTH=")) closed = false;
  }
  if (reading_.family == Family::imap && closed && logins_disabled) {
    find(Signature::capability_removed, Confidence::hint, without->last_line,
         "logins are disabled, and nothing that would allow them is offered");
  }
}

// --- T9: extensions are lost

// What these say of themselves they say only where they speak the extended protocol.
bool knows_extensions(Family family, std::string_view greeting) {
  std::string lower = to_lower(greeting);
  auto says = [&](std::string_view word) { return lower.find(word) != std::string::npos; };
  switch (family) {
    case Family::smtp:
      return says("esmtp") || says("lmtp") || says("postfix") || says("exim") ||
             says("microsoft esmtp");
    case Family::pop3:
      return says("dovecot") || says("cyrus") || says("microsoft exchange") || says("gpop") ||
             says("stalwart");
    case Family::imap:
    case Family::sieve:
      break;
  }
  return true;  // CAPABILITY is no extension: rfc9051#6.1.1, rfc5804#2.4
}

void Examiner::dialect() {
  for (const Refusal& refusal : reading_.refusals) {
    if (refusal.verb != Verb::extensions) continue;
    std::string_view whose = fingerprint(reading_, refusal.reply);
    bool known = knows_extensions(reading_.family, reading_.greeting);
    bool unknown = refusal.unknown || reading_.family == Family::pop3;
    std::string_view command = verb(reading_.family, refusal.command);
    bool lmtp = equal_ignoring_case(command, "LHLO");
    if (unknown && (known || lmtp || !whose.empty())) {
      find(Signature::extensions_lost, refusal.reply,
           fmt::format("the server does not know {}, without which TLS cannot be offered, although "
                       "its kind does: {}",
                       printable(command, 20), printable(reading_.greeting, 80)));
    }
    if (unknown) missing(refusal.reply);
  }
  if (reading_.family != Family::imap || offered()) return;
  for (const List& list : reading_.lists) {
    if (list.tls || list.count == 0) continue;
    bool revision = false;
    for (std::size_t i = list.first; i < list.first + list.count; ++i) {
      revision = revision || starts_with_ignoring_case(reading_.entries[i], "IMAP4rev");
    }
    if (revision) continue;
    find(Signature::extensions_lost, Confidence::hint, list.last_line,
         "the server names no revision of IMAP4, as if it were older than TLS");
  }
}

// --- T8, T10: the upgrade itself

void Examiner::refused() {
  std::string_view line = reading_.answer_line;
  std::string_view whose = fingerprint(reading_, line);
  if (reading_.answer == Answer::strange) {
    find(
        Signature::upgrade_refused, Confidence::likely, line,
        fmt::format("{} is answered by what no server answers: {}", keyword_, printable(line, 80)));
    return;
  }
  if (reading_.answer != Answer::refused || (!offered() && whose.empty())) return;
  bool unknown = false;
  for (const Refusal& refusal : reading_.refusals) {
    unknown = unknown || (refusal.verb == Verb::upgrade && refusal.unknown);
  }
  Confidence confidence = whose.empty() && !unknown ? Confidence::hint : Confidence::likely;
  std::string why = !whose.empty() ? fmt::format(", in the words of {}", whose)
                    : unknown      ? ", as if the server did not know what it offers"
                                   : "";
  find(Signature::upgrade_refused, confidence, line,
       fmt::format("{} is offered and then refused{}: {}", keyword_, why, printable(line, 80)));
}

void Examiner::broken() {
  if (reading_.broken == Kind::client) return;
  bool answered = reading_.answer == Answer::granted;
  // Before the answer nothing of TLS was there to go wrong; behind it a server whose TLS is broken
  // looks just so.
  Confidence confidence = answered ? Confidence::hint : Confidence::likely;
  std::string_view where = answered ? reading_.answer_line : reading_.upgrade_command;
  if (reading_.broken == Kind::timed_out) {
    find(Signature::upgrade_stalled, confidence, where,
         fmt::format("after {} nothing came any more", printable(where, 80)));
  } else {
    find(Signature::reset_at_upgrade, confidence, where,
         fmt::format("the connection was {} right after {}",
                     reading_.broken == Kind::reset ? "reset" : "closed", printable(where, 80)));
  }
}

void Examiner::upgrade() {
  refused();
  broken();
  if (!reading_.failed || reading_.broken != Kind::client) return;
  // Which handshake fails for a certificate is not ours to say; this one never was a handshake.
  std::string words = to_lower(reading_.tls_failure);
  auto says = [&](std::string_view word) { return words.find(word) != std::string::npos; };
  if (says("certificate")) return;
  if (says("reset") || says("closed") || says("connection lost") || says("end of file")) {
    find(Signature::reset_at_upgrade, Confidence::hint, reading_.tls_failure,
         "the connection broke during the handshake");
  } else if (says("timed out") || says("time-out") || says("in time")) {
    find(Signature::upgrade_stalled, Confidence::hint, reading_.tls_failure,
         "the handshake was not answered");
  } else if (says("wrong version number") || says("unexpected message") || says("not tls")) {
    find(Signature::response_injected, Confidence::hint, reading_.tls_failure,
         "something that is not TLS came where the handshake should be");
  }
}

// --- T11, T12, T13, T15

void Examiner::out_of_turn() {
  if (!reading_.behind_command.empty()) {
    find(Signature::command_injected, reading_.behind_command,
         fmt::format("behind {} and before its answer the client's side says: {}",
                     printable(reading_.upgrade_command, 40),
                     printable(reading_.behind_command, 80)));
  }
  if (!reading_.behind_answer.empty()) {
    find(Signature::response_injected, reading_.behind_answer,
         fmt::format("behind {} and before the handshake the server's side says: {}",
                     printable(reading_.answer_line, 40), printable(reading_.behind_answer, 80)));
  }
  if (!reading_.unasked.empty()) {
    find(Signature::response_injected, reading_.unasked,
         fmt::format("a reply in clear answers no command: {}", printable(reading_.unasked, 80)));
  }
  if (!reading_.early.empty()) {
    find(
        Signature::response_injected, Confidence::likely, reading_.early,
        fmt::format("before any login the server tells in clear of mailboxes or another server: {}",
                    printable(reading_.early, 80)));
  }
  if (!reading_.first_in_tls.empty()) {
    find(Signature::spliced, reading_.server_spoke_first ? Confidence::certain : Confidence::likely,
         reading_.first_in_tls,
         fmt::format("the upgraded session begins with {}: {}",
                     reading_.server_spoke_first ? "words of the server, who must be silent"
                                                 : "a greeting in place of an answer",
                     printable(reading_.first_in_tls, 80)));
  }
}

// --- T14, T17

std::string_view domain_of(std::string_view host) {
  std::size_t last = host.rfind('.');
  if (last == std::string_view::npos || last == 0) return {};
  std::size_t before = host.rfind('.', last - 1);
  return before == std::string_view::npos ? host : host.substr(before + 1);
}

void Examiner::after() {
  if (offered() && !reading_.established && !reading_.went_on.empty()) {
    // Of a login the first word only: the rest is a secret.
    std::string_view command = verb(reading_.family, reading_.went_on);
    find(Signature::clear_after_offer, command,
         fmt::format("{} went in clear although {} was offered", printable(command, 20), keyword_));
  }
  if (reading_.family != Family::smtp || reading_.lists.empty()) return;
  std::string_view greeting =
      reading_.greeting.substr(std::min<std::size_t>(4, reading_.greeting.size()));
  std::string_view greeted = greeting.substr(0, greeting.find(' '));
  std::string_view named = reading_.lists.front().host;
  std::string_view one = domain_of(greeted);
  std::string_view other = domain_of(named);
  if (one.empty() || other.empty() || equal_ignoring_case(one, other)) return;
  find(Signature::proxy_banner, reading_.greeting,
       fmt::format("the greeting is of {}, the list of capabilities of {}: perhaps a proxy",
                   printable(greeted, 60), printable(named, 60)));
}

}  // namespace

Examination examine(const starttls::Transcript& session, const Knowledge& knowledge) {
  Flow flow = flow_of(session);
  Reading reading = read(session, flow);
  return Examiner(reading, knowledge).run();
}

}  // namespace pawl::tamper
