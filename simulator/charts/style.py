"""The look of the page: light and dark, one set of names for both."""

from typing import Final

STYLE: Final = """
:root {
  color-scheme: light dark;
  --page: #f7f7f4; --card: #ffffff; --ink: #16181d; --soft: #5b6069; --faint: #8b909a;
  --line: #e3e4e0; --axis: #b9bcb9; --accent: #1f5fc4;
  --s1: #2a6fd0; --s2: #d9632b; --s3: #12936a; --s4: #7a4fc9; --s5: #b98500; --s6: #c9405a;
  --s0: #7d828c; --good: #12805c; --bad: #c23b3b; --heat: #1f5fc4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #121417; --card: #1a1d21; --ink: #eceef1; --soft: #a7adb7; --faint: #7d838d;
    --line: #2c3036; --axis: #4a4f57; --accent: #7fb0ff;
    --s1: #6aa5f5; --s2: #f08a55; --s3: #3fbf92; --s4: #a98bf0; --s5: #d9ae3c; --s6: #ef7d92;
    --s0: #9aa0aa; --good: #4cc79b; --bad: #f0807c; --heat: #6aa5f5;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
main { max-width: 1020px; margin: 0 auto; padding: 40px 20px 64px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.01em; }
h2 { font-size: 19px; margin: 0 0 4px; letter-spacing: -0.005em; }
p { margin: 0 0 12px; max-width: 74ch; }
.lead { font-size: 17px; color: var(--soft); max-width: 70ch; }
.soft, .facts { color: var(--soft); }
.facts { font-size: 13.5px; margin: 14px 0 26px; display: flex; flex-wrap: wrap; gap: 4px 18px; }
.facts b { color: var(--ink); font-weight: 600; }
.partial { border-left: 4px solid var(--bad); padding: 8px 14px; background: var(--card); }
section, .tiles > div {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px;
}
section { padding: 22px 24px 18px; margin: 0 0 20px; }
.tiles {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(126px, 1fr)); gap: 10px;
  margin: 0 0 20px;
}
.tiles > div { padding: 12px 14px 10px; }
.of { font-size: 13px; color: var(--soft); white-space: nowrap; }
.tiles .value { font-size: 24px; font-weight: 620; white-space: nowrap; letter-spacing: -0.02em; line-height: 1.3; }
.tiles .half { font-size: 12.5px; color: var(--faint); }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; margin: 10px 0 4px; }
th, td { text-align: right; padding: 6px 10px; border-bottom: 1px solid var(--line); }
td { font-variant-numeric: tabular-nums; }
th { color: var(--soft); font-weight: 550; vertical-align: bottom; }
th:first-child, td:first-child, td.words, th.words { text-align: left; }
td .half { color: var(--faint); }
.beside { display: flex; gap: 16px; } .beside > div { flex: 1; min-width: 0; }
@media (max-width: 720px) { .beside { display: block; } }
.scroll { overflow-x: auto; }
details { margin: 6px 0 0; font-size: 13.5px; }
summary { cursor: pointer; color: var(--soft); }
code { font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
pre {
  overflow-x: auto; padding: 10px 14px; background: var(--page); border: 1px solid var(--line);
  border-radius: 8px;
}
ul { margin: 6px 0 12px; padding-left: 20px; }
footer { color: var(--faint); font-size: 13px; }
.better { color: var(--good); } .worse { color: var(--bad); }
.changed { color: var(--ink); } .unclear { color: var(--faint); }
.plot { width: 100%; height: auto; display: block; margin: 12px 0 2px; }
.plot text { font-size: 12.5px; fill: var(--ink); }
.plot .title { font-size: 13.5px; font-weight: 600; }
.plot .tick, .plot .faint { fill: var(--faint); font-size: 11.5px; font-weight: 400; }
.plot .name { font-weight: 550; }
.plot .grid { stroke: var(--line); } .plot .axis { stroke: var(--axis); }
.plot .mark { stroke: var(--soft); stroke-dasharray: 2 4; }
.plot .line { fill: none; stroke-width: 2.2; stroke-linejoin: round; stroke-linecap: round; }
.plot .dashed { stroke-dasharray: 5 4; stroke-width: 1.8; }
.plot .band { opacity: 0.16; stroke: none; }
.plot .dot { stroke: var(--card); stroke-width: 1.2; }
.plot .bar { fill: var(--s0); opacity: 0.55; }
.plot .cell { fill: var(--heat); }
.plot .ribbon { opacity: 0.38; } .plot .ribbon:hover { opacity: 0.75; }
.plot .ink { fill: var(--soft); }
.plot .whisker { stroke-width: 2.4; stroke-linecap: round; }
.plot .point { stroke: var(--card); stroke-width: 1.5; }
.plot line.better { stroke: var(--good); } .plot line.worse { stroke: var(--bad); }
.plot line.changed { stroke: var(--ink); } .plot line.unclear { stroke: var(--faint); }
.plot .point.better, .plot text.better { fill: var(--good); }
.plot .point.worse, .plot text.worse { fill: var(--bad); }
.plot .point.changed, .plot text.changed { fill: var(--ink); }
.plot .point.unclear, .plot text.unclear { fill: var(--faint); }
@media print { body { background: #fff; } section { break-inside: avoid; } }
"""


def series_rules(many: int = 6) -> str:
    """Return the rules that give each series its colour, as fill, stroke and text."""
    rules = []
    for place in range(many + 1):
        name = f"s{place}"
        rules.append(
            f".plot path.line.{name} {{ stroke: var(--{name}); }}"
            f".plot .band.{name}, .plot .dot.{name}, .plot .ribbon.{name}, .plot .node.{name},"
            f".plot text.{name} {{ fill: var(--{name}); }}"
        )
    return "\n".join(rules)
