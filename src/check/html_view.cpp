#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "check/html_style.h"
#include "check/page.h"
#include "check/views.h"

namespace pawl::check {

namespace {

constexpr std::size_t kText = 4000;  // characters of one text, whatever was sent

// Made printable first: no byte of the other side is anything but a letter on the page.
std::string escaped(std::string_view text) {
  std::string out;
  for (char c : printable(text, kText)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string_view mark_of(Stage::State state) {
  constexpr std::array<std::string_view, 6> kMarks = {"✓", "•", "!", "✗", "?", "–"};
  return kMarks[static_cast<std::size_t>(state)];
}

std::string marked(Stage::State state, std::string_view text) {
  return fmt::format("<span class=\"mark\">{}</span>&#160;{}", mark_of(state), escaped(text));
}

std::string cell_html(const Cell& cell, std::string_view header) {
  const std::string label =
      header.empty() ? "" : fmt::format(" data-label=\"{}\"", escaped(header));
  if (!cell.state) return fmt::format("<td{}>{}</td>", label, escaped(cell.text));
  return fmt::format("<td class=\"{}\"{}>{}</td>", name(*cell.state), label,
                     marked(*cell.state, cell.text));
}

std::string head_html(const std::vector<std::string>& headers) {
  bool any = false;
  std::string out = "<thead><tr>";
  for (const std::string& header : headers) {
    any = any || !header.empty();
    out += "<th scope=\"col\">" + escaped(header) + "</th>";
  }
  return any ? out + "</tr></thead>" : std::string();
}

std::string header_of(const Table& table, std::size_t column) {
  return column < table.headers.size() ? table.headers[column] : std::string();
}

std::string table_html(const Table& table) {
  std::string out = fmt::format("<h2>{}</h2>\n<div class=\"card\"><table>{}\n<tbody>\n",
                                escaped(table.title), head_html(table.headers));
  for (const auto& row : table.rows) {
    out += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += i == 0 ? "<th scope=\"row\">" + escaped(row[0].text) + "</th>"
                    : cell_html(row[i], header_of(table, i));
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string matrix_label(std::string_view text) {
  const std::size_t mx = text.find(" MX ");
  if (mx == std::string_view::npos) return escaped(trim(text));
  return escaped(text.substr(0, mx)) + "<small>" + escaped(text.substr(mx + 1)) + "</small>";
}

std::string matrix_html(const TargetReport& target) {
  const Table table = matrix(target);
  if (table.rows.empty()) return {};
  std::string out = "<h2>Hosts</h2>\n<div class=\"card\"><table class=\"matrix\">" +
                    head_html(table.headers) + "\n<tbody>\n";
  for (const auto& row : table.rows) {
    out += fmt::format("<tr{}><th scope=\"row\">{}</th>",
                       row[0].text.starts_with(' ') ? " class=\"sub\"" : "",
                       matrix_label(row[0].text));
    for (std::size_t i = 1; i < row.size(); ++i) {
      if (!row[i].state) {
        out += "<td></td>";
        continue;
      }
      out += fmt::format("<td class=\"fill {}\" data-label=\"{}\">{}</td>", name(*row[i].state),
                         escaped(header_of(table, i)), marked(*row[i].state, row[i].text));
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

// "rfc8461#4.1" leads to the section.
std::string reference_html(std::string_view reference) {
  if (!reference.starts_with("rfc")) return escaped(reference);
  const std::size_t hash = reference.find('#');
  std::string address = "https://www.rfc-editor.org/rfc/" + std::string(reference.substr(0, hash));
  if (hash != std::string_view::npos) {
    address += "#section-" + std::string(reference.substr(hash + 1));
  }
  return fmt::format("<a href=\"{}\">{}</a>", escaped(address), escaped(citation(reference)));
}

std::string finding_html(const FindingGroup& group) {
  const FindingRow& row = *group.row;
  const std::string_view state = name(row.severity);
  std::string out =
      fmt::format("<div class=\"finding {0}\">\n<h3><span class=\"{0}\">{1}</span></h3>\n<ul>",
                  state, escaped(capital(row.sentence)));
  for (const Finding* place : group.places) {
    out += "<li><b>" + escaped(place->subject) + "</b>";
    if (!place->detail.empty()) out += ": " + escaped(place->detail);
    out += "</li>";
  }
  out += "</ul>\n";
  if (!row.remedy.empty() || !row.reference.empty()) {
    out += "<p>" + escaped(capital(row.remedy));
    if (!row.remedy.empty()) out += ". ";
    out += reference_html(row.reference) + "</p>\n";
  }
  return out + "</div>\n";
}

std::string findings_html(const TargetReport& target) {
  std::string out;
  constexpr std::array<std::pair<Severity, std::string_view>, 3> kHeadings = {{
      {Severity::fault, "Faults: mail is lost, refused or readable now"},
      {Severity::warning, "Warnings: will hurt some day, or hurts some"},
      {Severity::note, "Notes: could be better"},
  }};
  for (const auto& [severity, heading] : kHeadings) {
    const auto groups = findings_of(target, severity);
    if (groups.empty()) continue;
    out += fmt::format("<h2>{}</h2>\n<div class=\"card\">\n", heading);
    for (const FindingGroup& group : groups) out += finding_html(group);
    out += "</div>\n";
  }
  std::vector<std::string> good;
  for (const FindingGroup& group : findings_of(target, Severity::good)) {
    good.emplace_back(group.row->sentence);
  }
  if (!good.empty()) {
    out += "<h2>In order</h2>\n<div class=\"card order\"><span class=\"good\">" +
           std::string("<span class=\"mark\">✓</span></span>&#160;") +
           escaped(capital(join(good, "; "))) + ".</div>\n";
  }
  return out;
}

std::string transcripts_html(const TargetReport& target) {
  std::string out;
  for (const HostReport& host : target.hosts) {
    for (const AddressReport& address : host.addresses) {
      if (address.look.transcript.entries.empty()) continue;
      out += fmt::format("<details class=\"card\"><summary>Dialog with {}</summary><pre>",
                         escaped(subject_of(host, address)));
      for (const DialogLine& line : dialog_lines(address.look.transcript)) {
        out += fmt::format("<span class=\"who\">{:>7} ms {:<4}</span>{}\n", line.at.count(),
                           line.who, escaped(line.text));
      }
      out += "</pre></details>\n";
    }
  }
  return out.empty() ? out : "<h2>Dialogs</h2>\n" + out;
}

std::string_view state_of(const TargetReport& target) {
  return target.error ? "unknown" : name(worst(target));
}

std::string target_html(const Report& report, std::size_t index) {
  const TargetReport& target = report.targets[index];
  const std::string_view state = state_of(target);
  std::string out = fmt::format(
      "<section class=\"target\" id=\"t{}\">\n<h1>{}</h1>\n"
      "<div class=\"pills\"><span class=\"pill fill {}\">{}</span>"
      "<span class=\"soft\">{}, took {}</span></div>\n"
      "<p class=\"verdict fill {}\">{}</p>\n",
      index + 1, escaped(target.target.text), state,
      target.error ? "not checked" : escaped(counts(target)), format_rfc3339(report.at),
      duration_text(target.took), state, escaped(target.verdict));
  out += matrix_html(target);
  out += findings_html(target);
  for (const Table& table : details(target, report, true)) out += table_html(table);
  return out + transcripts_html(target) + "</section>\n";
}

std::string summary_html(const Report& report) {
  std::string out = fmt::format("<h2>{} targets</h2>\n<div class=\"card\"><table><tbody>\n",
                                report.targets.size());
  for (std::size_t i = 0; i < report.targets.size(); ++i) {
    const TargetReport& target = report.targets[i];
    out += fmt::format(
        "<tr><th scope=\"row\"><a href=\"#t{}\">{}</a></th><td><span class=\"pill fill {}\">{}"
        "</span></td><td>{}</td></tr>\n",
        i + 1, escaped(target.target.text), state_of(target),
        target.error ? "not checked" : escaped(counts(target)), escaped(target.verdict));
  }
  return out + "</tbody></table></div>\n";
}

}  // namespace

std::string html_view(const Report& report) {
  const bool one = report.targets.size() == 1;
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src &#39;none&#39;; "
      "style-src &#39;unsafe-inline&#39;\"/>\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n",
      one ? "Mail check: " + escaped(report.targets.front().target.text) : "Mail check",
      kHtmlStyle);
  if (report.targets.size() > 1) out += summary_html(report);
  for (std::size_t i = 0; i < report.targets.size(); ++i) out += target_html(report, i);
  return out +
         "<footer>Made by pawl check. RFC references lead to rfc-editor.org.</footer>\n"
         "</main>\n</body>\n</html>\n";
}

}  // namespace pawl::check
