#include "tamper/keyword.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "base/text.h"

namespace pawl::tamper {

namespace {

// https://www.iana.org/assignments/mail-parameters, and what Exchange, Postfix, Sendmail, Exim and
// others add.
constexpr std::string_view kSmtp[] = {
    "SEND",        "SOML",          "SAML",           "EXPN",           "HELP",
    "TURN",        "VRFY",          "8BITMIME",       "SIZE",           "VERB",
    "ONEX",        "CHUNKING",      "BINARYMIME",     "CHECKPOINT",     "DELIVERBY",
    "PIPELINING",  "DSN",           "ETRN",           "ATRN",           "ENHANCEDSTATUSCODES",
    "STARTTLS",    "NO-SOLICITING", "MTRK",           "SUBMITTER",      "AUTH",
    "BURL",        "FUTURERELEASE", "CONPERM",        "CONNEG",         "SMTPUTF8",
    "MT-PRIORITY", "RRVS",          "REQUIRETLS",     "LIMITS",         "XCLIENT",
    "XFORWARD",    "XVERP",         "XSTARTTLS",      "X-EXPS",         "X-LINK2STATE",
    "XEXCH50",     "XRDST",         "X-ANONYMOUSTLS", "XSHADOW",        "XOORG",
    "XADR",        "XREMOTEQUEUE",  "X-RCPTLIMIT",    "XAUTH",          "XUSR",
    "XXL",         "XDSN",          "PIPECONNECT",    "X_PIPE_CONNECT", "UTF8SMTP",
    "XACK",        "X-MASTERGROUP",
};
constexpr std::string_view kImap[] = {
    "IMAP4",
    "IMAP4rev1",
    "IMAP4rev2",
    "IMAP2",
    "IMAP2bis",
    "STARTTLS",
    "LOGINDISABLED",
    "AUTH",
    "LITERAL+",
    "LITERAL-",
    "SASL-IR",
    "LOGIN-REFERRALS",
    "ID",
    "ENABLE",
    "IDLE",
    "NAMESPACE",
    "CHILDREN",
    "UIDPLUS",
    "MOVE",
    "SORT",
    "THREAD",
    "QUOTA",
    "ACL",
    "RIGHTS",
    "XLIST",
    "UNSELECT",
    "COMPRESS",
    "CONDSTORE",
    "QRESYNC",
    "SPECIAL-USE",
    "CATENATE",
    "URLAUTH",
    "BINARY",
    "ESEARCH",
    "ESORT",
    "MULTIAPPEND",
    "MAILBOX-REFERRALS",
    "SCAN",
    "ANNOTATEMORE",
    "METADATA",
    "NOTIFY",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "WITHIN",
    "CONTEXT",
    "UTF8",
    "STATUS",
    "XYZZY",
    "X-GM-EXT-1",
    "XSENDER",
    "SAVEDATE",
    "SNIPPET",
    "PREVIEW",
    "UIDONLY",
};
constexpr std::string_view kPop3[] = {
    "TOP",    "USER", "SASL",           "RESP-CODES",     "LOGIN-DELAY", "PIPELINING",
    "EXPIRE", "UIDL", "IMPLEMENTATION", "AUTH-RESP-CODE", "STLS",        "UTF8",
    "LANG",   "LAST", "APOP",           "STAT",           "XTND",        "ORIGIN",
    "XOIP",   "XMIT", "AUTH",           "X-MANGLE",
};
constexpr std::string_view kSieve[] = {
    "IMPLEMENTATION", "SASL",  "SIEVE",        "STARTTLS", "NOTIFY",         "VERSION",
    "LANGUAGE",       "OWNER", "MAXREDIRECTS", "RENAME",   "UNAUTHENTICATE",
};

std::span<const std::string_view> keywords(Family family) {
  switch (family) {
    case Family::smtp:
      return kSmtp;
    case Family::imap:
      return kImap;
    case Family::pop3:
      return kPop3;
    case Family::sieve:
      break;
  }
  return kSieve;
}

constexpr std::uint64_t lengths(std::span<const std::string_view> words) {
  std::uint64_t set = 0;
  for (std::string_view word : words) set |= std::uint64_t{1} << word.size();
  return set;
}
constexpr std::array kLengths = {lengths(kSmtp), lengths(kImap), lengths(kPop3), lengths(kSieve)};

constexpr std::size_t kLongest = 15;

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

// Most words are told from the upgrade keyword by their letters alone.
std::size_t letters_not_of(std::string_view word, std::string_view keyword) {
  std::size_t foreign = 0;
  for (char c : word) foreign += keyword.find(upper(c)) == std::string_view::npos ? 1 : 0;
  return foreign;
}

}  // namespace

Family family(Protocol protocol) {
  switch (protocol) {
    case Protocol::smtp:
    case Protocol::submission:
    case Protocol::lmtp:
      return Family::smtp;
    case Protocol::imap:
      return Family::imap;
    case Protocol::pop3:
      return Family::pop3;
    case Protocol::sieve:
      break;
  }
  return Family::sieve;
}

std::string_view upgrade_keyword(Family family) {
  return family == Family::pop3 ? "STLS" : "STARTTLS";
}

std::string_view keyword_of(std::string_view entry) {
  std::size_t end = 0;
  while (end < entry.size() && entry[end] != ' ' && entry[end] != '=') ++end;
  return entry.substr(0, end);
}

bool is_keyword(Family family, std::string_view word) {
  return std::ranges::any_of(
      keywords(family), [&](std::string_view known) { return equal_ignoring_case(known, word); });
}

bool is_keyword_length(Family family, std::size_t length) {
  return length < 64 && (kLengths[static_cast<std::size_t>(family)] >> length & 1) != 0;
}

std::optional<Mask> mask_of(std::string_view word) {
  if (word.size() < 3 || word[0] != word[1]) return std::nullopt;
  std::size_t run = word.find_first_not_of(word[0]);
  if (run == std::string_view::npos) return Mask{.with = word[0]};
  char last = word.back();
  if (run + 1 != word.size() || run < 3 || last < 'A' || last > 'Z') return std::nullopt;
  return Mask{.with = word[0], .letter_at_end = true};
}

std::size_t edit_distance(std::string_view one, std::string_view other) {
  if (std::max(one.size(), other.size()) > kLongest) return one == other ? 0 : kLongest;
  using Row = std::array<std::size_t, kLongest + 1>;
  std::array<Row, kLongest + 1> table{};
  for (std::size_t i = 0; i <= one.size(); ++i) table[i][0] = i;
  for (std::size_t j = 0; j <= other.size(); ++j) table[0][j] = j;
  for (std::size_t i = 1; i <= one.size(); ++i) {
    for (std::size_t j = 1; j <= other.size(); ++j) {
      char a = upper(one[i - 1]);
      char b = upper(other[j - 1]);
      std::size_t best = table[i - 1][j - 1] + (a == b ? 0 : 1);
      best = std::min({best, table[i - 1][j] + 1, table[i][j - 1] + 1});
      if (i > 1 && j > 1 && a == upper(other[j - 2]) && upper(one[i - 2]) == b) {
        best = std::min(best, table[i - 2][j - 2] + 1);
      }
      table[i][j] = best;
    }
  }
  return table[one.size()][other.size()];
}

bool is_near_upgrade(Family family, std::string_view word) {
  std::string_view keyword = upgrade_keyword(family);
  // Four letters say little: two others already make another word.
  std::size_t near = keyword.size() > 4 ? 2 : 1;
  if (word.size() + near < keyword.size() || word.size() > keyword.size() + near) return false;
  if (letters_not_of(word, keyword) > near) return false;
  std::size_t distance = edit_distance(word, keyword);
  return distance > 0 && distance <= near && !is_keyword(family, word);
}

}  // namespace pawl::tamper
