// The style sheet of the HTML page: light and dark, on a desk, on a phone and on paper.
#pragma once

#include <string_view>

namespace pawl::check {

inline constexpr std::string_view kHtmlStyle = R"css(
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#1b2430;--soft:#5b6775;--line:#e1e5ea;
--good:#1a7f4b;--good-soft:#e3f4ea;--note:#2563a8;--note-soft:#e5eef9;--warning:#8f5b00;--warning-soft:#fdf0d2;
--fault:#b3261e;--fault-soft:#fbe4e2;--unknown:#5b6775;--unknown-soft:#edf0f3}
@media (prefers-color-scheme:dark){:root{--page:#12161c;--card:#1a2028;--ink:#e4e9ef;--soft:#98a4b3;--line:#2c3541;
--good:#6fd39b;--good-soft:#17352a;--note:#8dbcf5;--note-soft:#1a2e48;--warning:#f1c160;--warning-soft:#3d3017;
--fault:#ff958c;--fault-soft:#46211f;--unknown:#98a4b3;--unknown-soft:#262e38}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:1180px;margin:0 auto;padding:32px 24px 64px}
h1{font-size:28px;line-height:1.2;margin:0;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:17px;margin:36px 0 12px}
h3{font-size:15px;margin:0;font-weight:600}
a{color:var(--note)}
p{margin:0}
code,pre,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:13px}
.soft{color:var(--soft)}
.card+.target{margin-top:48px}
.target+.target{margin-top:56px;padding-top:40px;border-top:1px solid var(--line)}
.verdict{margin-top:16px;padding:16px 20px;border-radius:10px;border-left:5px solid;font-size:17px;max-width:none}
.pills{display:flex;flex-wrap:wrap;gap:8px;align-items:center;margin-top:12px}
div>.pill,td>.pill{white-space:nowrap}
.pill{padding:2px 10px;border-radius:99px;font-size:13px;font-weight:600}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;overflow-x:auto}
.good{color:var(--good)}.note{color:var(--note)}.warning{color:var(--warning)}.fault{color:var(--fault)}
.unknown,.not-applicable{color:var(--unknown)}
.fill.good{background:var(--good-soft)}.fill.note{background:var(--note-soft)}
.fill.warning{background:var(--warning-soft)}.fill.fault{background:var(--fault-soft)}
.fill.unknown{background:var(--unknown-soft)}
.verdict.fill{color:var(--ink)}
.verdict.good{border-color:var(--good)}.verdict.note{border-color:var(--note)}
.verdict.warning{border-color:var(--warning)}.verdict.fault{border-color:var(--fault)}
.verdict.unknown{border-color:var(--unknown)}
table{border-collapse:separate;border-spacing:0;width:100%;font-size:14px}
th{text-align:left;font-weight:600}
thead th{color:var(--soft);font-size:12px;padding:10px 12px 6px;font-weight:500;white-space:nowrap}
tbody td,tbody th{padding:8px 12px;border-top:1px solid var(--line);vertical-align:top;min-width:4.5em}
tbody td{overflow-wrap:anywhere}
table.matrix{border-spacing:3px;padding:4px}
.matrix thead th{padding:10px 8px 4px}
.matrix td,.matrix th{border:0}
.matrix td{border-radius:6px;padding:6px 8px;font-size:13px;overflow-wrap:normal}
td.good,td.fill.good{background:none;color:var(--ink)}td.good .mark{color:var(--good)}
tbody th{overflow-wrap:normal}
.matrix tbody th{overflow-wrap:anywhere;min-width:13em}
.matrix .sub th{font-weight:400;color:var(--soft);padding-left:28px}
.matrix small{display:block;font-weight:400;color:var(--soft)}
.mark{font-weight:700}
.finding{padding:14px 18px;border-left:5px solid;border-top:1px solid var(--line)}
.finding:first-child{border-top:0}
.finding.fault{border-left-color:var(--fault)}.finding.warning{border-left-color:var(--warning)}
.finding.note{border-left-color:var(--note)}
.finding h3{color:var(--ink)}
.finding ul{margin:6px 0;padding:0;list-style:none;color:var(--ink)}
.finding li{overflow-wrap:anywhere}
.finding p{color:var(--soft)}
.finding b{font-weight:600}
.order{padding:14px 18px}
details{margin-top:12px}
summary{cursor:pointer;padding:10px 16px;font-weight:600}
pre{margin:0;padding:12px 16px;overflow-x:auto;border-top:1px solid var(--line);line-height:1.6}
pre .who{color:var(--soft)}
footer{margin-top:56px;color:var(--soft);font-size:13px}
@media (max-width:760px){
main{padding:20px 14px 40px}h1{font-size:23px}.verdict{font-size:16px;padding:14px 16px}
thead{display:none}
table,tbody,tr,td,tbody th{display:block;width:auto}
tr{padding:10px 0;border-top:1px solid var(--line)}tbody tr:first-child{border-top:0}
tbody td,tbody th{border:0;padding:3px 14px}
td[data-label]::before{content:attr(data-label) " ";color:var(--soft);font-size:12px;margin-right:4px}
td:empty,tbody th:empty,td.not-applicable{display:none}
table.matrix{padding:0}
.matrix tr{display:flex;flex-wrap:wrap;gap:6px;padding:12px 14px}
.matrix tbody th{flex-basis:100%;padding:0;min-width:0}.matrix .sub th{padding-left:0}
.matrix td{padding:3px 9px}
}
@media print{
:root{--page:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb}
body{font-size:11px;-webkit-print-color-adjust:exact;print-color-adjust:exact}
main{padding:0;max-width:none}.finding,tr,.card.keep{break-inside:avoid}.card+.target{margin-top:48px}
.target+.target{break-before:page}
h2{break-after:avoid;margin-top:20px}table{font-size:10px}
}
)css";

}  // namespace pawl::check
