/**
 * The report's one style sheet. Type in five sizes (12, 13, 15, 18, 24), space in steps of 4, colour for
 * meaning only; text reaches a contrast of 4.5 to 1 on its surface in both themes (WCAG 2.2 AA).
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f8; --surface: #ffffff; --line: #dfe3e8; --text: #1a1f26; --quiet: #596373;
  --accent: #1d5fbf; --area: #9db8dc; --grid: #e6e9ed;
  --info: #596373; --low: #4b5b73; --medium: #8a5a00; --high: #b84300; --critical: #b3141c;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --surface: #1c2026; --line: #323841; --text: #e4e8ed; --quiet: #9aa5b4;
    --accent: #7db3ff; --area: #46638c; --grid: #2a3038;
    --info: #9aa5b4; --low: #a6b4c9; --medium: #efb644; --high: #ff9b57; --critical: #ff7d7d;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 16px; }
body { margin: 0; background: var(--page); color: var(--text); font: 13px/20px var(--sans); overflow-wrap: anywhere; }
.top, main, footer { max-width: 1040px; margin: 0 auto; padding: 0 24px; }
.top { display: flex; justify-content: space-between; gap: 16px; padding-top: 20px; color: var(--quiet); }
.top b { color: var(--text); }
footer { padding-top: 8px; padding-bottom: 40px; color: var(--quiet); font-size: 12px; }
h1, h2, h3, h4, p, dl, dd, ul, ol { margin: 0; }
h1 { font-size: 24px; line-height: 32px; font-weight: 600; letter-spacing: -0.01em; }
h2 { font-size: 15px; line-height: 24px; font-weight: 600; margin-bottom: 12px; }
h3 { font-size: 18px; line-height: 26px; font-weight: 600; }
section h3:not(article h3) { font-size: 13px; line-height: 20px; margin: 16px 0 8px; }
h4 { font-size: 12px; line-height: 16px; font-weight: 600; color: var(--quiet); margin: 20px 0 8px; }
ul, ol { padding-left: 20px; }
li { margin: 4px 0; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
main > section, .pair { margin: 32px 0; }
.quiet, .unit, .usual { color: var(--quiet); }
.mono, .number, .hosts { font-family: var(--mono); font-size: 12px; font-variant-numeric: tabular-nums; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }

.severity { display: inline-flex; align-items: center; gap: 6px; font-weight: 600; white-space: nowrap; }
.severity.info { color: var(--info); } .severity.low { color: var(--low); } .severity.medium { color: var(--medium); }
.severity.high { color: var(--high); } .severity.critical { color: var(--critical); } .severity.quiet { color: var(--quiet); }

main > .verdict { margin: 20px 0 32px; padding: 20px 24px; background: var(--surface); border: 1px solid var(--line); border-radius: 8px; }
.verdict .mark { width: 20px; height: 20px; }
.verdict h1 { display: flex; align-items: center; gap: 12px; }
.verdict p { margin-top: 8px; font-size: 15px; line-height: 24px; }

.timeline { display: grid; grid-template-columns: minmax(200px, 320px) minmax(0, 1fr); column-gap: 16px; padding: 16px; background: var(--surface); border: 1px solid var(--line); border-radius: 8px; }
.timeline .label { display: flex; align-items: center; gap: 8px; min-height: 32px; color: var(--text); }
.timeline .label > span:last-child:not(.severity) { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.timeline svg.plot, .timeline svg.lane { display: block; width: 100%; }
.plot { height: 80px; } .lane { height: 32px; }
.grid { fill: none; stroke: var(--grid); stroke-width: 1; vector-effect: non-scaling-stroke; }
.area { fill: var(--area); }
.bar.info { fill: var(--info); } .bar.low { fill: var(--low); } .bar.medium { fill: var(--medium); }
.bar.high { fill: var(--high); } .bar.critical { fill: var(--critical); }
.axis { grid-column: 2; display: flex; justify-content: space-between; padding-top: 8px; color: var(--quiet); font: 12px/16px var(--mono); }
.timeline + .quiet, .timeline + .quiet + .quiet { margin-top: 8px; font-size: 12px; }

details { margin-top: 8px; }
summary { color: var(--accent); cursor: pointer; width: fit-content; }

.alert { margin: 16px 0; padding: 20px 24px; background: var(--surface); border: 1px solid var(--line); border-radius: 8px; scroll-margin-top: 16px; }
.alert:target { border-color: var(--accent); }
.meta { display: flex; flex-wrap: wrap; gap: 4px 12px; margin-bottom: 4px; color: var(--quiet); }
.meta .when { margin-left: auto; font: 12px/20px var(--mono); }
.explanation { margin-top: 8px; font-size: 15px; line-height: 24px; max-width: 76ch; }
.parties { display: grid; grid-template-columns: 1fr auto 1fr; gap: 16px; }
.arrow { color: var(--quiet); font-size: 15px; padding-top: 46px; }
.hosts { display: flex; flex-wrap: wrap; gap: 4px; padding: 0; list-style: none; }
.hosts li { margin: 0; padding: 2px 8px; border: 1px solid var(--line); border-radius: 4px; background: var(--page); }
.parties .quiet { margin-top: 4px; font-size: 12px; }
.techniques { padding: 0; list-style: none; }
.techniques .mono { display: inline-block; min-width: 80px; }
.techniques b { font-weight: 600; }
.done { margin-top: 12px; }
.raw { margin-top: 20px; padding-top: 12px; border-top: 1px solid var(--line); color: var(--quiet); font-size: 12px; }

.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 6px 16px 6px 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); font-weight: 400; }
th:last-child, td:last-child { padding-right: 0; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { font-size: 12px; color: var(--quiet); }
.number { text-align: right; white-space: nowrap; }
thead .number { font-family: var(--sans); }
.evidence { table-layout: fixed; min-width: 600px; } .evidence td.text { text-align: left; }
.evidence th:nth-child(1) { width: 21%; } .evidence th:nth-child(2) { width: 28%; } .evidence th:nth-child(3) { width: 16%; }
.evidence th:nth-child(2), .evidence td:nth-child(2) { padding-right: 24px; } .evidence td.number { white-space: normal; }
.share { width: 40%; } .share svg { display: block; width: 100%; height: 8px; margin-top: 6px; }
.growth td:nth-child(3) { width: 40%; } .course { display: block; width: 100%; height: 24px; overflow: visible; }
.range { display: block; width: 100%; max-width: 160px; height: 10px; margin-top: 4px; overflow: visible; }
.range line { stroke: var(--grid); vector-effect: non-scaling-stroke; } .range .band { fill: var(--grid); } .range .here { fill: var(--accent); }
.course .band { fill: var(--grid); } .course polyline { fill: none; stroke: var(--accent); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(380px, 1fr)); gap: 32px 40px; }

.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); gap: 16px; }
.facts dt { font-size: 12px; line-height: 16px; color: var(--quiet); }
section#capture > .quiet { margin-top: 16px; }

@media (max-width: 700px) {
  .top, main, footer { padding-left: 12px; padding-right: 12px; }
  .top { flex-direction: column; gap: 0; }
  h1 { font-size: 18px; line-height: 24px; }
  main > .verdict, .alert { padding: 16px; }
  .timeline { grid-template-columns: minmax(0, 1fr); } .timeline .label > span:last-child:not(.severity) { white-space: normal; } .axis { grid-column: 1; } .lane { height: 16px; margin-bottom: 8px; }
  .axis span:nth-child(even) { display: none; }
  .meta .when { margin-left: 0; width: 100%; }
  .pair { grid-template-columns: 1fr; }
  .parties { grid-template-columns: 1fr; gap: 0; } .arrow { display: none; }
  .evidence { min-width: 0; } .evidence thead { display: none; }
  .evidence tr { display: block; padding: 8px 0; border-bottom: 1px solid var(--line); }
  .evidence tbody tr:last-child { border-bottom: 0; }
  .evidence tr > th, .evidence tr > td, .evidence td.text { display: block; width: auto; max-width: none; padding: 0; border: 0; text-align: left; }
  .evidence th[scope=row] { width: auto; color: var(--quiet); font-size: 12px; }
  .evidence .usual { width: auto; } .evidence tr > td.usual.none { display: none; } .evidence .usual::before { content: "Usual: "; }
}
@media print {
  :root { --page: #ffffff; }
  body { font-size: 12px; }
  .alert { break-inside: avoid-page; }
  h2, h3, h4 { break-after: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
`;
