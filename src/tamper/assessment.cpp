// The table of signatures, and the one place where findings become an assessment:
//
//   a likely or a certain finding              -> tampered
//   a hint, but for a proxy's banner           -> suspicious
//   TLS was offered, or began                  -> clean
//   else, if the server said anything in clear -> not offered
//
// A proxy's banner alone is what honest balancers and hosters have: it stands among the findings
// and raises nothing.
#include "tamper/assessment.h"

#include <algorithm>
#include <array>
#include <utility>

namespace pawl::tamper {

namespace {

constexpr std::array kSignatures = {
#define PAWL_SIGNATURE(id, code, confidence, sentence, source) \
  SignatureRow{Signature::id, #id, code, Confidence::confidence, sentence, source},
#include "tamper/signatures.def"
#undef PAWL_SIGNATURE
};

// A list of five hundred masked words says no more than one of sixteen.
constexpr std::size_t kFindings = 32;

int rank(Assessment assessment) {
  return static_cast<int>(assessment);
}

bool says_same(const Finding& one, const Finding& other) {
  return one.signature == other.signature && one.evidence == other.evidence;
}

}  // namespace

std::span<const SignatureRow> signatures() {
  return kSignatures;
}

const SignatureRow& row(Signature signature) {
  return kSignatures[static_cast<std::size_t>(signature)];
}

std::string_view name(Confidence confidence) {
  constexpr std::array<std::string_view, 3> kNames = {"hint", "likely", "certain"};
  return kNames[static_cast<std::size_t>(confidence)];
}

std::string_view name(Assessment assessment) {
  constexpr std::array<std::string_view, 4> kNames = {"clean", "not offered", "suspicious",
                                                      "tampered"};
  return kNames[static_cast<std::size_t>(assessment)];
}

Assessment assess(const std::vector<Finding>& findings, Assessment otherwise) {
  Assessment worst = otherwise;
  for (const Finding& finding : findings) {
    Assessment says = Assessment::tampered;
    if (finding.confidence == Confidence::hint) {
      says = finding.signature == Signature::proxy_banner ? otherwise : Assessment::suspicious;
    }
    if (rank(says) > rank(worst)) worst = says;
  }
  return worst;
}

void add(std::vector<Finding>& findings, Finding finding) {
  for (Finding& earlier : findings) {
    if (!says_same(earlier, finding)) continue;
    if (finding.confidence > earlier.confidence) earlier = std::move(finding);
    return;
  }
  if (findings.size() < kFindings) findings.push_back(std::move(finding));
}

void surest_first(std::vector<Finding>& findings) {
  std::vector<Finding> sorted;
  sorted.reserve(findings.size());
  for (Confidence confidence : {Confidence::certain, Confidence::likely, Confidence::hint}) {
    for (Finding& finding : findings) {
      if (finding.confidence == confidence) sorted.push_back(std::move(finding));
    }
  }
  findings = std::move(sorted);
}

Examination merge(Examination one, Examination other) {
  if (rank(other.assessment) > rank(one.assessment)) one.assessment = other.assessment;
  for (Finding& finding : other.findings) add(one.findings, std::move(finding));
  surest_first(one.findings);
  return one;
}

}  // namespace pawl::tamper
