#include "tools/lib/html/html.h"

#include "core/base/check.h"
#include "tools/lib/html/encode.h"

namespace pbgen {
namespace {

constexpr std::string_view kHead = R"(<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="generator" content="PBGen">
<style>
:root{color-scheme:light dark;--page:#fff;--card:#f6f7f9;--ink:#222;--soft:#5b6068;--rule:#dcdfe4;
--warn:#fff4d6;--warn-ink:#6b4e00;--below:#b4430b}
@media screen and (prefers-color-scheme:dark){
:root{--page:#15171a;--card:#1e2125;--ink:#e8e8e8;--soft:#a3a8b0;--rule:#363b42;--warn:#3a2f10;--warn-ink:#f3d88a;--below:#ff9a66}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:70rem;background:var(--page);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif}
h1{font-size:1.7rem;line-height:1.25;margin:0 0 .4rem}
h3{font-size:1.03rem;margin:1.8rem 0 .4rem}
h2{font-size:1.2rem;margin:2.6rem 0 .6rem;padding-top:.9rem;border-top:1px solid var(--rule)}
p{max-width:46rem;margin:.5rem 0}
.verdict{font-size:1.08rem}
figcaption,.note{color:var(--soft);font-size:.9rem;max-width:46rem}
figure{margin:1rem 0}
a{color:inherit}
nav ul{margin:.5rem 0;padding-left:1.2rem;columns:2 24rem}
dl.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(10rem,1fr));gap:.6rem;margin:1.2rem 0}
dl.facts div{background:var(--card);border-radius:6px;padding:.5rem .75rem}
dl.facts dt{color:var(--soft);font-size:.8rem}
dl.facts dd{margin:0;font-weight:600;overflow-wrap:anywhere}
.warning{background:var(--warn);color:var(--warn-ink);border-radius:6px;padding:.6rem .9rem;margin:.5rem 0;max-width:none}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;margin:.8rem 0}
th,td{padding:.28rem .65rem;text-align:left;border-bottom:1px solid var(--rule);white-space:nowrap}
th{color:var(--soft);font-weight:600}
.number{text-align:right}
.negative{color:var(--below)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr));gap:1rem 1.5rem}
.charts figure{margin:0}
svg.chart{width:100%;height:auto;max-width:42rem}
.narrow{display:none}
img{max-width:100%;height:auto;border-radius:4px;background:var(--card)}
.strip{display:grid;grid-template-columns:repeat(auto-fill,minmax(9rem,1fr));gap:.8rem;margin:1rem 0}
.strip figure{margin:0}
.strip img{width:100%}
.grids{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:.9rem;margin:1rem 0}
.grids figure{margin:0}
.grids img{width:100%}
.last img{width:100%;max-width:44rem}
.pixels img{width:100%;image-rendering:pixelated}
.neighbours{display:flex;gap:.9rem;align-items:flex-start;padding:.6rem 0;border-bottom:1px solid var(--rule)}
.neighbours figure{margin:0;flex:0 1 6rem;min-width:0}
.neighbours .sample{margin-right:.6rem;padding-right:1.5rem;flex-basis:7.5rem;border-right:1px solid var(--rule)}
.neighbours figcaption{font-size:.78rem;line-height:1.3}
pre{background:var(--card);border-radius:6px;padding:.75rem .9rem;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere}
@media screen and (max-width:36rem){body{padding:1.2rem 1.1rem 3rem}.wide{display:none}.narrow{display:block}
th,td{padding:.25rem .45rem}td{white-space:normal}td.number{white-space:nowrap}
.strip{grid-template-columns:repeat(auto-fill,minmax(6.5rem,1fr))}
.neighbours{gap:.4rem}.neighbours .sample{margin-right:.2rem;padding-right:.5rem}}
@media print{body{max-width:none;padding:0;font-size:11pt}figure,tr,.warning,.neighbours{break-inside:avoid}h2{break-after:avoid}
.charts{grid-template-columns:1fr 1fr}.scroll{overflow:visible}th,td{padding:.15rem .4rem}
.last img{max-width:14cm}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
</style>
)";

}  // namespace

void Html::heading(std::string_view text, int level) { markup_ += concat("<h", level, ">", escape_markup(text), "</h", level, ">\n"); }

void Html::paragraph(std::string_view text, std::string_view class_name) {
  if (text.empty()) return;
  markup_ += class_name.empty() ? std::string("<p>") : concat("<p class=\"", class_name, "\">");
  markup_ += escape_markup(text) + "</p>\n";
}

void Html::table(const Table& table) {
  if (table.header.empty()) return;
  const auto cell = [&](std::string_view tag, std::string_view text, bool number) {
    const bool negative = text.starts_with('-') && text.size() > 1;
    const std::string_view class_name = !number ? "" : negative ? " class=\"number negative\"" : " class=\"number\"";
    markup_ += concat("<", tag, class_name, ">", escape_markup(text), "</", tag, ">");
  };
  markup_ += "<div class=\"scroll\"><table>\n<thead><tr>";
  for (std::size_t column = 0; column < table.header.size(); ++column) cell("th", table.header[column], table.is_numeric(column));
  markup_ += "</tr></thead>\n<tbody>\n";
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    markup_ += "<tr>";
    for (std::size_t column = 0; column < table.header.size(); ++column) cell("td", table.cell(row, column), table.is_numeric(column));
    markup_ += "</tr>\n";
  }
  markup_ += "</tbody>\n</table></div>\n";
}

void Html::facts(const std::vector<std::pair<std::string, std::string>>& facts) {
  if (facts.empty()) return;
  markup_ += "<dl class=\"facts\">\n";
  for (const auto& [name, value] : facts)
    markup_ += concat("<div><dt>", escape_markup(name), "</dt><dd>", escape_markup(value), "</dd></div>\n");
  markup_ += "</dl>\n";
}

void Html::code(std::string_view text) { markup_ += concat("<pre>", escape_markup(text), "</pre>\n"); }

void Html::chart(std::string_view svg, std::string_view caption) {
  markup_ += concat("<figure>\n", svg, "<figcaption>", escape_markup(caption), "</figcaption></figure>\n");
}

void Html::chart(std::string_view svg, std::string_view narrow_svg, std::string_view caption) {
  chart(concat("<div class=\"wide\">\n", svg, "</div>\n<div class=\"narrow\">\n", narrow_svg, "</div>\n"), caption);
}

void Html::picture(const std::vector<std::uint8_t>& png, std::string_view caption, std::string_view class_name) {
  const std::string text = escape_markup(caption);
  markup_ += concat("<figure class=\"", class_name, "\"><img alt=\"", text, "\" src=\"data:image/png;base64,", base64(png),
                    "\"><figcaption>", text, "</figcaption></figure>\n");
}

void Html::begin_group(std::string_view class_name) { markup_ += concat("<div class=\"", class_name, "\">\n"); }

void Html::end_group() { markup_ += "</div>\n"; }

void Html::begin_section(std::string_view id) { markup_ += concat("<section id=\"", escape_markup(id), "\">\n"); }

void Html::end_section() { markup_ += "</section>\n"; }

void Html::contents(const std::vector<std::pair<std::string, std::string>>& sections) {
  if (sections.empty()) return;
  markup_ += "<nav><ul>\n";
  for (const auto& [id, text] : sections)
    markup_ += concat("<li><a href=\"#", escape_markup(id), "\">", escape_markup(text), "</a></li>\n");
  markup_ += "</ul></nav>\n";
}

std::string html_page(std::string_view title, std::string_view body) {
  return concat("<!doctype html>\n<html lang=\"en\">\n<head>\n<title>", escape_markup(title), "</title>\n", kHead, "</head>\n<body>\n",
                body, "</body>\n</html>\n");
}

}  // namespace pbgen
