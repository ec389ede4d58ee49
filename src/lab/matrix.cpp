#include "lab/matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/text.h"

namespace pawl::lab {
namespace {

constexpr std::string_view kSample =
    "From: Lab <lab@sender.test>\r\n"
    "To: Postmaster <postmaster@destination.test>\r\n"
    "Subject: a letter that nobody else should read\r\n"
    "Date: Sun, 22 Nov 2026 12:00:00 +0000\r\n"
    "Message-ID: <sample@sender.test>\r\n"
    "\r\n"
    "The word is: ratchet.\r\n";

// Records live for a second; caches that count in whole seconds, one behind the other, keep them
// for up to three.
constexpr std::chrono::milliseconds kRecordsExpire{3100};
constexpr std::chrono::milliseconds kGlance{50};

std::string with_crlf(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out += '\r';
    out += text[i];
  }
  if (!out.ends_with("\r\n")) out += "\r\n";
  return out;
}

std::string verdict_of(const MatrixRow& row) {
  const bool promised = row.expected.promise_known;
  const std::string_view by = row.expected.destination->promised;
  if (row.promise_kept == false) {
    return fmt::format("BROKEN: {} was promised, and {} bytes could be read", by, row.bytes_leaked);
  }
  switch (row.outcome) {
    case Outcome::sealed:
      return promised ? "sealed to the real host, as promised"
                      : "sealed to the real host, though nothing was promised";
    case Outcome::held:
    case Outcome::returned:
      return fmt::format("{}: {}", row.outcome == Outcome::held ? "kept back" : "returned",
                         row.account.reason.empty() ? "no reason was given" : row.account.reason);
    case Outcome::clear:
      return by == "MTA-STS enforce"
                 ? "in clear: at first contact under attack the promise could not be heard"
                 : "in clear: nothing was promised that forbids it";
    case Outcome::stolen:
      return "read by the attacker: nothing was promised that tells him from the real host";
    case Outcome::nothing:
      return "neither delivered nor deferred in the time there was";
  }
  return {};
}

}  // namespace

std::string MatrixRow::attack_name() const {
  std::string text(lab::row(expected.attack).name);
  if (expected.contact != Contact::first) text += fmt::format(" ({})", name(expected.contact));
  return text;
}

Result<std::unique_ptr<Matrix>> Matrix::make(MatrixOptions options) {
  options.content = with_crlf(options.content.empty() ? kSample : options.content);
  std::unique_ptr<Matrix> matrix(new Matrix(std::move(options)));
  const MatrixOptions& wanted = matrix->options_;
  if (!wanted.destination.empty() && find_destination(wanted.destination) == nullptr) {
    return fail(Code::invalid_argument, fmt::format("no destination '{}' in the lab; 'pawl lab "
                                                    "--list' names them",
                                                    wanted.destination));
  }
  if (!wanted.attack.empty() && find_attack(wanted.attack) == nullptr) {
    return fail(
        Code::invalid_argument,
        fmt::format("no attack '{}' in the lab; 'pawl lab --list' names them", wanted.attack));
  }
  TRY(matrix->world_, World::make());
  TRY(std::vector<ExpectedRow> expected, expected_rows());
  for (const ExpectedRow& row : expected) {
    const std::string_view attack = lab::row(row.attack).name;
    if (!wanted.destination.empty() && wanted.destination != row.destination->name) continue;
    if (!wanted.attack.empty() && wanted.attack != attack) continue;
    Entry entry;
    const std::string label = fmt::format("r{}", matrix->rows_.size() + 1);
    TRY(entry.destination, build(*matrix->world_, *row.destination, label));
    entry.row.expected = row;
    matrix->rows_.push_back(std::move(entry));
  }
  if (matrix->rows_.empty()) {
    return fail(Code::invalid_argument, "this attack has nothing to attack at that destination");
  }
  TRY_VOID(matrix->world_->start());
  return matrix;
}

Result<std::vector<MatrixRow>> Matrix::run(Postman& postman) {
  TRY_VOID(warm_up(postman));
  for (Entry& entry : rows_) {
    TRY_VOID(mount(*world_, entry.destination, entry.row.expected.attack));
  }
  for (Entry& entry : rows_) {
    TRY_VOID(postman.send(entry.destination.recipient(), options_.content));
  }
  wait(postman);
  std::vector<MatrixRow> rows;
  for (Entry& entry : rows_) {
    entry.row.account = postman.account(entry.destination.recipient());
    judge(entry);
    rows.push_back(entry.row);
  }
  return rows;
}

// One mail to each warm destination, unattacked, so that its policy is known; then every connection
// ends, so that the attacker sees the next one begin.
Result<> Matrix::warm_up(Postman& postman) {
  std::vector<std::string> recipients;
  for (const Entry& entry : rows_) {
    if (entry.row.expected.contact != Contact::warm) continue;
    recipients.push_back("warm-up@" + entry.destination.domain);
    TRY_VOID(postman.send(recipients.back(), options_.content));
  }
  const auto until = std::chrono::steady_clock::now() + options_.patience;
  std::size_t done = 0;
  for (const std::string& recipient : recipients) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    if (!world_->delivered().wait_for(recipient, std::max(left, kGlance))) {
      return fail(Code::timeout, fmt::format("without an attack, mail to {} did not arrive: {}",
                                             recipient, postman.account(recipient).reason));
    }
    if (options_.progress) options_.progress("first mails", ++done, recipients.size());
  }
  if (!recipients.empty()) std::this_thread::sleep_for(kRecordsExpire);
  world_->hang_up_all();
  return {};
}

bool Matrix::is_over(Entry& entry, Postman& postman) {
  if (entry.over) return true;
  const std::string recipient = entry.destination.recipient();
  entry.over =
      !world_->delivered().to(recipient).empty() || !world_->stolen().to(recipient).empty();
  if (!entry.over) {
    const Account account = postman.account(recipient);
    // Where it should get through, a slow machine may need another attempt.
    const bool waits = entry.row.expected.outcome == Outcome::held;
    const int enough = waits ? options_.attempts : 3 * options_.attempts;
    entry.over = account.failed || account.deferrals >= enough;
  }
  return entry.over;
}

void Matrix::wait(Postman& postman) {
  const auto until = std::chrono::steady_clock::now() + options_.patience;
  std::size_t last = 0;
  while (std::chrono::steady_clock::now() < until) {
    auto over = static_cast<std::size_t>(
        std::ranges::count_if(rows_, [&](Entry& entry) { return is_over(entry, postman); }));
    if (options_.progress && over != last) options_.progress("attacked mails", over, rows_.size());
    if (over == rows_.size()) return;
    last = over;
    std::this_thread::sleep_for(kGlance);
  }
}

void Matrix::judge(Entry& entry) const {
  MatrixRow& row = entry.row;
  const std::string recipient = entry.destination.recipient();
  const auto delivered = world_->delivered().to(recipient);
  row.bytes_leaked = entry.destination.bytes_leaked();
  row.leaked_excerpt = entry.destination.leaked_excerpt();
  if (!world_->stolen().to(recipient).empty()) {
    row.outcome = Outcome::stolen;
  } else if (!delivered.empty()) {
    row.outcome = delivered.front().over_tls ? Outcome::sealed : Outcome::clear;
  } else if (row.account.failed) {
    row.outcome = Outcome::returned;
  } else if (row.account.deferrals > 0) {
    row.outcome = Outcome::held;
  }
  if (row.expected.promise_known) {
    row.promise_kept = row.bytes_leaked == 0 && row.outcome != Outcome::clear &&
                       row.outcome != Outcome::stolen && row.outcome != Outcome::returned;
  }
  // A mail is clear or stolen exactly when bytes were read; a lab that sees one without the other
  // is broken itself.
  const bool readable = row.outcome == Outcome::clear || row.outcome == Outcome::stolen;
  row.as_expected =
      (row.outcome == row.expected.outcome || row.outcome == row.expected.or_outcome) &&
      readable == (row.bytes_leaked > 0);
  row.verdict = verdict_of(row);
}

bool all_promises_kept(const std::vector<MatrixRow>& rows) {
  return std::ranges::none_of(rows, [](const MatrixRow& row) { return row.promise_kept == false; });
}

bool all_as_expected(const std::vector<MatrixRow>& rows) {
  return std::ranges::all_of(rows, &MatrixRow::as_expected);
}

}  // namespace pawl::lab
