// What the matrix of dialogs looks like to a person and to a program.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"
#include "json/value.h"
#include "lab/dialog_matrix.h"

namespace pawl::lab {
namespace {

bool is_alarm(const tamper::Examination& examination) {
  return examination.assessment == tamper::Assessment::tampered ||
         examination.assessment == tamper::Assessment::suspicious;
}

std::string said(const DialogRow& row) {
  if (row.error) return row.error->sentence();
  if (row.downgrade) return "went on in clear: " + row.downgrade->sentence();
  if (row.identity_doubted) return "did not prove its name";
  return "";
}

// "clear 2, refused 4": how many protocols came out how.
std::string outcomes(std::span<const DialogRow> rows, starttls::Mode mode) {
  std::vector<std::string> parts;
  for (DialogOutcome outcome : {DialogOutcome::sealed, DialogOutcome::clear, DialogOutcome::stolen,
                                DialogOutcome::refused}) {
    const auto many = std::ranges::count_if(
        rows, [&](const DialogRow& row) { return row.mode == mode && row.outcome == outcome; });
    if (many > 0) parts.push_back(fmt::format("{} {}", name(outcome), many));
  }
  return join(parts, ", ");
}

json::Value named(const tamper::Examination& examination) {
  json::Array array;
  for (const tamper::Finding& finding : examination.findings) {
    array.push_back(tamper::row(finding.signature).id);
  }
  return array;
}

}  // namespace

DialogCounts count(const std::vector<DialogRow>& rows) {
  DialogCounts counts;
  counts.rows = rows.size();
  for (const DialogRow& row : rows) {
    const bool required = row.mode == starttls::Mode::required;
    const bool listened = row.attack->trick == PathTrick::listen_only;
    counts.unexpected += row.as_expected ? 0 : 1;
    counts.leaks_in_required += required && row.judgement.leaked() ? 1 : 0;
    counts.used_in_required += required && row.judgement.used_forged == true ? 1 : 0;
    counts.lowered += row.lowered() ? 1 : 0;
    counts.lowered_reported += row.lowered() && row.reported() ? 1 : 0;
    // A client that never asks for TLS shows little to a detector, and goes on in clear although
    // it was offered, which is what a detector may remark.
    if (row.mode == starttls::Mode::never) continue;
    if (listened) {
      ++counts.clean;
      counts.false_alarms += is_alarm(row.examination) ? 1 : 0;
      continue;
    }
    ++counts.attacked;
    counts.named += is_alarm(row.examination) || row.identity_doubted ? 1 : 0;
    counts.named_with_memory += is_alarm(row.with_memory) || row.identity_doubted ? 1 : 0;
  }
  return counts;
}

std::string dialog_overview(const std::vector<DialogRow>& rows) {
  constexpr std::array kModes = {starttls::Mode::never, starttls::Mode::if_available,
                                 starttls::Mode::required};
  std::string out = fmt::format("  {:<19}", "attack");
  for (starttls::Mode mode : kModes) out += fmt::format(" {:<20}", starttls::name(mode));
  out += " reported  named\n";
  for (auto begin = rows.begin(); begin != rows.end();) {
    const UpgradeAttackRow* attack = begin->attack;
    auto end =
        std::find_if(begin, rows.end(), [&](const DialogRow& row) { return row.attack != attack; });
    const std::span<const DialogRow> of_it(begin, end);
    const DialogCounts counts = count({begin, end});
    out += fmt::format("{} {:<19}", counts.good() ? ' ' : '!', attack->name);
    for (starttls::Mode mode : kModes) out += fmt::format(" {:<20}", outcomes(of_it, mode));
    out += fmt::format(" {:<9}", fmt::format("{}/{}", counts.lowered_reported, counts.lowered));
    out += counts.attacked > 0 ? fmt::format(" {}/{}", counts.named, counts.attacked)
                               : fmt::format(" {} false alarms", counts.false_alarms);
    out += '\n';
    begin = end;
  }
  return out;
}

std::string dialog_table(const std::vector<DialogRow>& rows) {
  std::string out;
  const UpgradeAttackRow* last = nullptr;
  for (const DialogRow& row : rows) {
    if (row.attack != last) {
      out += fmt::format("\n{} - {}\n", row.attack->name, row.attack->sentence);
      out += fmt::format("  {:<11} {:<13} {:<8} {:>5}  {:<12} {}\n", "protocol", "mode", "outcome",
                         "bytes", "detector", "the session said");
    }
    last = row.attack;
    const starttls::ProtocolRow& protocol = starttls::row(row.protocol);
    out += fmt::format("{} {:<11} {:<13} {:<8} {:>5}  {:<12} {}\n", row.as_expected ? ' ' : '!',
                       row.implicit_tls ? protocol.implicit_name : protocol.name,
                       starttls::name(row.mode), name(row.outcome), row.judgement.bytes_leaked,
                       tamper::name(row.examination.assessment), printable(said(row), 110));
    if (!row.as_expected) {
      out +=
          fmt::format("    expected: {}; leaked: {}; the attacker read: {}\n", name(row.expected),
                      row.judgement.leak.text(), printable(row.judgement.excerpt, 80));
    }
  }
  return out;
}

std::string dialog_summary(const std::vector<DialogRow>& rows) {
  const DialogCounts counts = count(rows);
  std::string text = fmt::format(
      "{} sessions. Mode required: {} leaked, {} used forged data. Mode if available: {} were "
      "talked down or read, {} of them reported. The detector named {} of {} attacks from one "
      "session alone, {} where it knew that the host had offered TLS before. {} clean runs, {} "
      "false alarms.",
      counts.rows, counts.leaks_in_required, counts.used_in_required, counts.lowered,
      counts.lowered_reported, counts.named, counts.attacked, counts.named_with_memory,
      counts.clean, counts.false_alarms);
  if (counts.unexpected > 0) {
    text += fmt::format(" {} came out otherwise than the reviewed table says (marked !).",
                        counts.unexpected);
  }
  return text + "\n";
}

std::string dialog_json(const std::vector<DialogRow>& rows) {
  json::Array array;
  for (const DialogRow& row : rows) {
    json::Value forged;
    if (row.judgement.used_forged) forged = json::Value(*row.judgement.used_forged);
    array.push_back(json::Object{
        {"protocol", starttls::row(row.protocol).name},
        {"implicit_tls", row.implicit_tls},
        {"attack", row.attack->name},
        {"mode", starttls::name(row.mode)},
        {"outcome", name(row.outcome)},
        {"expected_outcome", name(row.expected)},
        {"as_expected", row.as_expected},
        {"leaked", row.judgement.leaked()},
        {"bytes_leaked", row.judgement.bytes_leaked},
        {"used_forged", forged},
        {"reported", row.reported()},
        {"assessment", tamper::name(row.examination.assessment)},
        {"signatures", named(row.examination)},
        {"assessment_with_memory", tamper::name(row.with_memory.assessment)},
        {"error", row.error ? row.error->sentence() : ""},
        {"downgrade", row.downgrade ? row.downgrade->sentence() : ""},
    });
  }
  return json::write(array);
}

}  // namespace pawl::lab
