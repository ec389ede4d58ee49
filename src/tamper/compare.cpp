// Two looks at one host: what one path shows and the other does not.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "base/text.h"
#include "tamper/assessment.h"
#include "tamper/reading.h"

namespace pawl::tamper {

namespace {

// What was heard before TLS (or, with TLS from the first byte, inside it) in the last whole list.
const List* last_list(const Reading& reading) {
  const List* last = nullptr;
  for (const List& list : reading.lists) {
    if (list.tls == reading.implicit_tls && list.end == List::End::whole) last = &list;
  }
  return last;
}

std::vector<std::string> keywords(const Reading& reading, const List& list) {
  std::vector<std::string> words;
  std::span<const std::string_view> entries(reading.entries);
  for (std::string_view entry : entries.subspan(list.first, list.count)) {
    words.push_back(to_lower(keyword_of(entry)));
  }
  std::ranges::sort(words);
  words.erase(std::ranges::unique(words).begin(), words.end());
  return words;
}

std::vector<std::string> without(const std::vector<std::string>& words,
                                 const std::vector<std::string>& others) {
  std::vector<std::string> rest;
  std::ranges::set_difference(words, others, std::back_inserter(rest));
  return rest;
}

// The words of a greeting that stay when host, date and session change.
std::vector<std::string> product(std::string_view greeting) {
  std::vector<std::string> words;
  for (std::string_view word : split(greeting, ' ')) {
    bool plain = !word.empty() && std::ranges::all_of(word, [](char c) {
      char lower = ascii_lower(c);
      return lower >= 'a' && lower <= 'z';
    });
    if (plain && word.size() > 3) words.push_back(to_lower(word));
  }
  std::ranges::sort(words);
  return words;
}

class Comparison {
 public:
  Comparison(const Look& one, const Look& other) : one_(one), other_(other) {}

  Examination run() {
    if (one_.session != nullptr && other_.session != nullptr &&
        one_.session->protocol == other_.session->protocol &&
        one_.session->implicit_tls == other_.session->implicit_tls) {
      sessions();
    }
    if (!one_.spki_sha256.empty() && !other_.spki_sha256.empty() &&
        one_.spki_sha256 != other_.spki_sha256) {
      find(Signature::certificate_drift, one_.spki_sha256 + " " + other_.spki_sha256,
           fmt::format("{} and {} show certificates with different keys", one_.path, other_.path));
    }
    surest_first(findings_);
    Examination examination{.assessment = assess(findings_, Assessment::clean), .findings = {}};
    examination.findings = std::move(findings_);
    return examination;
  }

 private:
  void find(Signature signature, Confidence confidence, std::string evidence,
            std::string sentence) {
    add(findings_, {.signature = signature,
                    .confidence = confidence,
                    .evidence = std::move(evidence),
                    .sentence = std::move(sentence)});
  }
  void find(Signature signature, std::string evidence, std::string sentence) {
    find(signature, row(signature).confidence, std::move(evidence), std::move(sentence));
  }

  void sessions() {
    Flow one_flow = flow_of(*one_.session);
    Flow other_flow = flow_of(*other_.session);
    Reading one = read(*one_.session, one_flow);
    Reading other = read(*other_.session, other_flow);
    const List* one_list = last_list(one);
    const List* other_list = last_list(other);
    if (one_list != nullptr && other_list != nullptr) {
      lists(one, *one_list, other, *other_list);
    }
    // One looked, the other was told that there are no extensions.
    if (one_list == nullptr && other_list != nullptr) lost(one, one_, other_);
    if (other_list == nullptr && one_list != nullptr) lost(other, other_, one_);
    answers(one, other);
    if (!one.greeting.empty() && !other.greeting.empty() &&
        product(one.greeting) != product(other.greeting)) {
      find(Signature::proxy_banner, std::string(other.greeting),
           fmt::format("{} is greeted with \"{}\", {} with \"{}\"", one_.path,
                       printable(one.greeting, 80), other_.path, printable(other.greeting, 80)));
    }
  }

  void lists(const Reading& one, const List& one_list, const Reading& other,
             const List& other_list) {
    auto ours = keywords(one, one_list);
    auto theirs = keywords(other, other_list);
    auto only_one = without(ours, theirs);
    auto only_other = without(theirs, ours);
    if (one_list.offers != other_list.offers) {
      const Look& missing = one_list.offers ? other_ : one_;
      const Look& offering = one_list.offers ? one_ : other_;
      const List& list = one_list.offers ? other_list : one_list;
      // Two servers differ in more than one line.
      bool alone = only_one.size() + only_other.size() == 1;
      find(Signature::capability_removed, alone ? Confidence::likely : Confidence::hint,
           std::string(list.last_line),
           fmt::format("{} is offered TLS, {} is not{}", offering.path, missing.path,
                       alone ? ", and nothing else differs" : ""));
    } else if (!only_one.empty() || !only_other.empty()) {
      auto all = only_one;
      all.insert(all.end(), only_other.begin(), only_other.end());
      find(Signature::capabilities_differ, join(all, " "),
           fmt::format("only {} sees [{}], only {} sees [{}]", one_.path,
                       printable(join(only_one, " "), 120), other_.path,
                       printable(join(only_other, " "), 120)));
    }
  }

  void lost(const Reading& reading, const Look& here, const Look& elsewhere) {
    for (const Refusal& refusal : reading.refusals) {
      if (refusal.verb != Verb::extensions) continue;
      find(Signature::extensions_lost, Confidence::hint, std::string(refusal.reply),
           fmt::format("{} is refused the extensions that {} is given", here.path, elsewhere.path));
    }
  }

  void answers(const Reading& one, const Reading& other) {
    bool differ = (one.answer == Answer::granted && other.answer == Answer::refused) ||
                  (one.answer == Answer::refused && other.answer == Answer::granted);
    if (!differ) return;
    bool granted = one.answer == Answer::granted;
    // Who does not offer it and refuses it is of one mind: a server without TLS does no less.
    const List* refusing = last_list(granted ? other : one);
    bool offered = refusing == nullptr || refusing->offers;
    find(Signature::upgrade_refused,
         offered ? row(Signature::upgrade_refused).confidence : Confidence::hint,
         std::string(granted ? other.answer_line : one.answer_line),
         fmt::format("{} is granted TLS, {} is refused it", granted ? one_.path : other_.path,
                     granted ? other_.path : one_.path));
  }

  const Look& one_;
  const Look& other_;
  std::vector<Finding> findings_;
};

}  // namespace

Examination compare(const Look& one, const Look& other) {
  return Comparison(one, other).run();
}

}  // namespace pawl::tamper
