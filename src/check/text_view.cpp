#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "check/text_table.h"
#include "check/views.h"

namespace pawl::check {

namespace {

constexpr std::size_t kPlacesShown = 6;  // of one finding
constexpr std::size_t kLine = 4000;      // characters of one line of a dialog
constexpr std::size_t kLeastWidth = 48;

Stage::State state_of(Severity severity) {
  switch (severity) {
    case Severity::good:
      return Stage::State::good;
    case Severity::note:
      return Stage::State::note;
    case Severity::warning:
      return Stage::State::warning;
    case Severity::fault:
      break;
  }
  return Stage::State::fault;
}

std::string_view heading_of(Severity severity) {
  switch (severity) {
    case Severity::fault:
      return "Faults: mail is lost, refused or readable now";
    case Severity::warning:
      return "Warnings: will hurt some day, or hurts some";
    case Severity::note:
      return "Notes: could be better";
    case Severity::good:
      break;
  }
  return "In order";
}

class TextView {
 public:
  TextView(const Report& report, const TextOptions& options)
      : report_(report),
        options_(options),
        style_{options.colour, options.ascii,
               std::max(kLeastWidth, static_cast<std::size_t>(std::max(options.width, 1)))} {}

  std::string write() {
    if (report_.targets.size() > 1) summary();
    for (const TargetReport& target : report_.targets) {
      if (!out_.empty()) out_ += "\n" + paint(rule(), Ink::dim, style_) + "\n\n";
      page(target);
    }
    return std::move(out_);
  }

 private:
  std::string rule() const {
    std::string line;
    for (std::size_t i = 0; i < style_.width; ++i) line += style_.ascii ? "-" : "─";
    return line;
  }

  std::string mark(Stage::State state) const {
    return paint(glyph(state, style_), ink_of(state), style_);
  }

  Stage::State state_of_target(const TargetReport& target) const {
    return target.error ? Stage::State::unknown : state_of(worst(target));
  }

  void summary() {
    Table table;
    table.title = fmt::format("{} targets", report_.targets.size());
    for (const TargetReport& target : report_.targets) {
      table.rows.push_back(
          {{target.target.text},
           {target.error ? "not checked" : counts(target), state_of_target(target)},
           {target.verdict}});
    }
    out_ += table_text(table, style_);
  }

  void page(const TargetReport& target) {
    head(target);
    if (!target.hosts.empty()) out_ += "\n" + table_text(matrix(target), style_);
    for (Severity severity : {Severity::fault, Severity::warning, Severity::note}) {
      findings(target, severity);
    }
    in_order(target);
    for (const Table& table : details(target, report_, options_.verbose)) {
      out_ += "\n" + table_text(table, style_);
    }
    if (options_.transcript) transcripts(target);
  }

  void head(const TargetReport& target) {
    const std::string name = printable(target.target.text);
    const std::string count = target.error ? "not checked" : counts(target);
    const std::string when = format_rfc3339(report_.at) + ", took " + duration_text(target.took);
    std::size_t used = name.size();
    out_ += paint(name, Ink::bold, style_);
    // Spaces where it fits behind what stands there, a new line where it does not.
    auto go_on = [&](std::size_t width, std::size_t gap) {
      const bool fits = used + gap + width <= style_.width;
      out_ += fits ? std::string(gap, ' ') : "\n";
      used = width + (fits ? used + gap : 0);
    };
    go_on(count.size() + 2, 2);
    out_ += mark(state_of_target(target)) + " " + count;
    const std::size_t room = style_.width - std::min(style_.width, used + when.size());
    go_on(when.size(), std::max<std::size_t>(room, 2));
    out_ += paint(when, Ink::dim, style_) + "\n";
    out_ += paragraph("", 0, target.verdict, style_);
  }

  void findings(const TargetReport& target, Severity severity) {
    const auto groups = findings_of(target, severity);
    if (groups.empty()) return;
    out_ += "\n" + paint(heading_of(severity), Ink::bold, style_) + "\n";
    for (const FindingGroup& group : groups) finding(group);
  }

  void finding(const FindingGroup& group) {
    const FindingRow& row = *group.row;
    out_ += paragraph("  " + mark(state_of(row.severity)) + " ", 4, capital(row.sentence), style_);
    std::size_t shown = 0;
    for (const Finding* place : group.places) {
      if (!options_.verbose && shown == kPlacesShown && group.places.size() > kPlacesShown + 1) {
        out_ += paragraph(
            "    ", 4,
            fmt::format("and {} more (--verbose shows all)", group.places.size() - kPlacesShown),
            style_);
        break;
      }
      std::string text = place->subject;
      if (!place->detail.empty()) text += ": " + place->detail;
      out_ += paragraph("    ", 4, text, style_);
      ++shown;
    }
    std::string remedy(row.remedy);
    if (!row.reference.empty()) {
      const std::string where = citation(row.reference);
      remedy += remedy.empty() ? where : " (" + where + ")";
    }
    if (remedy.empty()) return;
    out_ += paragraph(paint(style_.ascii ? "    -> " : "    → ", Ink::dim, style_),
                      style_.ascii ? 7 : 6, remedy, style_);
  }

  void in_order(const TargetReport& target) {
    std::vector<std::string> parts;
    for (const FindingGroup& group : findings_of(target, Severity::good)) {
      std::string part(group.row->sentence);
      if (group.places.size() > 1) part += fmt::format(" ({} times)", group.places.size());
      parts.push_back(std::move(part));
    }
    if (parts.empty()) return;
    out_ += "\n" + paint(heading_of(Severity::good), Ink::bold, style_) + "\n";
    out_ += paragraph("  " + mark(Stage::State::good) + " ", 4, capital(join(parts, "; ")), style_);
  }

  void transcripts(const TargetReport& target) {
    for (const HostReport& host : target.hosts) {
      for (const AddressReport& address : host.addresses) {
        if (address.look.transcript.entries.empty()) continue;
        out_ += "\n" +
                paint("Dialog with " + printable(subject_of(host, address)), Ink::bold, style_) +
                "\n";
        for (const DialogLine& line : dialog_lines(address.look.transcript)) {
          const Ink ink = line.who == "--" ? Ink::note : Ink::plain;
          out_ += paint(fmt::format("{:>7} ms ", line.at.count()), Ink::dim, style_) +
                  paint(fmt::format("{:<4}", line.who), Ink::dim, style_) +
                  paint(printable(line.text, kLine), ink, style_) + "\n";
        }
      }
    }
  }

  const Report& report_;
  const TextOptions& options_;
  TextStyle style_;
  std::string out_;
};

}  // namespace

std::string text_view(const Report& report, const TextOptions& options) {
  return TextView(report, options).write();
}

}  // namespace pawl::check
