#include "tools/lib/report.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/check.h"
#include "tools/lib/encode.h"
#include "tools/lib/line_chart.h"

namespace pbgen {
namespace {

constexpr std::string_view kHead = R"(<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="generator" content="PBGen">
<style>
:root{color-scheme:light dark;--page:#fff;--card:#f6f7f9;--ink:#222;--soft:#5b6068;--rule:#dcdfe4;--warn:#fff4d6;--warn-ink:#6b4e00;--below:#b4430b}
@media screen and (prefers-color-scheme:dark){
:root{--page:#15171a;--card:#1e2125;--ink:#e8e8e8;--soft:#a3a8b0;--rule:#363b42;--warn:#3a2f10;--warn-ink:#f3d88a;--below:#ff9a66}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:70rem;background:var(--page);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif}
h1{font-size:1.7rem;line-height:1.25;margin:0 0 .4rem}
h2{font-size:1.2rem;margin:2.6rem 0 .6rem;padding-top:.9rem;border-top:1px solid var(--rule)}
p{max-width:46rem;margin:.5rem 0}
.verdict{font-size:1.08rem}
figcaption,.note{color:var(--soft);font-size:.9rem;max-width:46rem}
figure{margin:1rem 0}
dl.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(10rem,1fr));gap:.6rem;margin:1.2rem 0}
dl.facts div{background:var(--card);border-radius:6px;padding:.5rem .75rem}
dl.facts dt{color:var(--soft);font-size:.8rem}
dl.facts dd{margin:0;font-weight:600;overflow-wrap:anywhere}
.warning{background:var(--warn);color:var(--warn-ink);border-radius:6px;padding:.6rem .9rem;margin:.5rem 0;max-width:none}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;margin:.8rem 0}
th,td{padding:.28rem .8rem;text-align:left;border-bottom:1px solid var(--rule);white-space:nowrap}
th{color:var(--soft);font-weight:600}
.number{text-align:right}
.negative{color:var(--below)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr));gap:1rem 1.5rem}
.charts figure{margin:0}
svg.chart{width:100%;height:auto;max-width:42rem}
img{max-width:100%;height:auto;border-radius:4px;background:var(--card)}
.strip{display:grid;grid-template-columns:repeat(auto-fill,minmax(9rem,1fr));gap:.8rem;margin:1rem 0}
.strip figure{margin:0}
.strip img{width:100%}
.last img{width:100%;max-width:44rem}
.pixels img{width:6rem;image-rendering:pixelated}
.neighbours{display:flex;flex-wrap:wrap;gap:.9rem;align-items:flex-start;padding:.6rem 0;border-bottom:1px solid var(--rule)}
.neighbours figure{margin:0;width:6rem}
.neighbours .sample{margin-right:.6rem;padding-right:1.5rem;width:7.5rem;border-right:1px solid var(--rule)}
.neighbours figcaption{font-size:.78rem;line-height:1.3}
pre{background:var(--card);border-radius:6px;padding:.75rem .9rem;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere}
@media print{body{max-width:none;padding:0;font-size:11pt}figure,tr,.warning,.neighbours{break-inside:avoid}h2{break-after:avoid}
.charts{grid-template-columns:1fr 1fr}.scroll{overflow:visible}th,td{padding:.15rem .4rem}
.last img{max-width:14cm}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
</style>
)";

// What a loss's numbers mean: said in captions and drawn as dashed lines.
struct LossNotes {
  std::string losses;
  std::string outputs;
  std::string output_label;
  std::vector<ReferenceLine> loss_lines;
  bool probabilities = false;
};

LossNotes notes_of(const std::string& loss) {
  LossNotes notes;
  notes.losses =
      "The discriminator D learns to tell real images from generated ones, the generator G learns to fool it. Neither curve is meant to fall to "
      "zero: each side's gain is the other's loss. A healthy run wanders around a level; a discriminator loss that goes to zero and stays there "
      "means that G no longer learns anything from D. ";
  notes.outputs =
      "What D says, averaged over a batch: 1 is \"surely real\", 0 \"surely generated\". Two curves that come near 0.5 mean that D cannot tell the "
      "two apart; D(real) at 1 and D(fake) at 0 for long mean that D wins outright. ";
  notes.output_label = "D's output";
  if (loss == "dcgan") {
    notes.losses += "Dashed: where both stand when D answers 0.5 to everything, 2 ln 2 = 1.386 for D and ln 2 = 0.693 for G.";
    notes.outputs += "It is the sigmoid of D's output, so a probability.";
    notes.output_label = "probability of being real";
    notes.loss_lines = {{"D undecided", 1.3862943611198906}, {"G undecided", 0.6931471805599453}};
    notes.probabilities = true;
  } else if (loss == "lsgan") {
    notes.losses += "Dashed: where both stand when D answers 0.5 to everything, 0.25 for D and 0.125 for G.";
    notes.outputs += "With least squares it is D's raw output, so that it may leave the range from 0 to 1.";
    notes.loss_lines = {{"D undecided", 0.25}, {"G undecided", 0.125}};
  }
  return notes;
}

class Page {
 public:
  explicit Page(const RunReport& report) : report_(report) {}

  std::string render() {
    out_ = concat("<!doctype html>\n<html lang=\"en\">\n<head>\n<title>", escape_markup(report_.title), "</title>\n", kHead, "</head>\n<body>\n");
    add_summary();
    add_grids();
    add_swd();
    add_curves();
    add_neighbours();
    add_layers();
    add_configuration();
    out_ += "</body>\n</html>\n";
    return std::move(out_);
  }

 private:
  void heading(std::string_view text) { out_ += concat("<h2>", escape_markup(text), "</h2>\n"); }
  void paragraph(std::string_view text, std::string_view class_name) {
    if (!text.empty()) out_ += concat("<p class=\"", class_name, "\">", escape_markup(text), "</p>\n");
  }

  void picture(const ReportPicture& picture, std::string_view class_name) {
    const std::string caption = escape_markup(picture.caption);
    out_ += concat("<figure class=\"", class_name, "\"><img alt=\"", caption, "\" src=\"data:image/png;base64,", base64(picture.png),
                   "\"><figcaption>", caption, "</figcaption></figure>\n");
  }

  void chart(const std::vector<Series>& series, const ChartOptions& options, std::string_view caption) {
    out_ += concat("<figure>\n", line_chart(series, options), "<figcaption>", escape_markup(caption), "</figcaption></figure>\n");
  }

  void table(const Table& table) {
    const auto cell = [&](std::string_view tag, std::string_view text, bool number) {
      const std::string_view class_name = !number ? "" : text.starts_with('-') && text.size() > 1 ? " class=\"number negative\"" : " class=\"number\"";
      out_ += concat("<", tag, class_name, ">", escape_markup(text), "</", tag, ">");
    };
    out_ += "<div class=\"scroll\"><table>\n<thead><tr>";
    for (std::size_t column = 0; column < table.header.size(); ++column) cell("th", table.header[column], table.is_numeric(column));
    out_ += "</tr></thead>\n<tbody>\n";
    for (std::size_t row = 0; row < table.rows.size(); ++row) {
      out_ += "<tr>";
      for (std::size_t column = 0; column < table.header.size(); ++column) cell("td", table.cell(row, column), table.is_numeric(column));
      out_ += "</tr>\n";
    }
    out_ += "</tbody>\n</table></div>\n";
  }

  void add_summary() {
    out_ += concat("<h1>", escape_markup(report_.title), "</h1>\n");
    paragraph(report_.verdict, "verdict");
    for (const std::string& warning : report_.warnings) paragraph(warning, "warning");
    if (report_.facts.empty()) return;
    out_ += "<dl class=\"facts\">\n";
    for (const auto& [name, value] : report_.facts) {
      out_ += concat("<div><dt>", escape_markup(name), "</dt><dd>", escape_markup(value), "</dd></div>\n");
    }
    out_ += "</dl>\n";
  }

  void add_grids() {
    if (report_.grids.empty()) return;
    heading("Samples");
    paragraph("The same random vectors z every time, so that each place in the grid can be followed from noise to a face. Many near copies of one "
              "image would be mode collapse: G then repeats the few images that fool D.",
              "note");
    if (report_.grids.size() > 1) {
      out_ += "<div class=\"strip\">\n";
      for (std::size_t i = 0; i + 1 < report_.grids.size(); ++i) picture(report_.grids[i], "");
      out_ += "</div>\n";
    }
    picture(report_.grids.back(), "last");
  }

  void add_swd() {
    if (report_.swd_table.header.empty() && report_.swd.empty()) return;
    heading("Sliced Wasserstein distance");
    paragraph("How far the generated images are from real ones in the statistics of their 7x7 patches, level by level: the finest level sees "
              "texture, the coarsest the layout. Lower is better. The noise floor is the distance of two sets of real images: below it "
              "nothing can be told from real.",
              "note");
    if (!report_.swd_table.header.empty()) table(report_.swd_table);
    if (report_.swd.empty()) return;
    ChartOptions options;
    options.title = "SWD over time";
    options.x_label = "iteration";
    options.y_label = "SWD, mean over levels";
    options.width = 660.0;
    options.height = 320.0;
    options.y_min = 0.0;
    if (report_.swd_noise_floor) options.references.push_back({"noise floor", *report_.swd_noise_floor});
    if (report_.swd_untrained) options.references.push_back({"untrained", *report_.swd_untrained});
    chart({{"", report_.swd_iteration, report_.swd}}, options, "");
  }

  void add_curves() {
    if (report_.iteration.empty()) return;
    const LossNotes notes = notes_of(report_.loss);
    heading("Training");
    out_ += "<div class=\"charts\">\n";
    ChartOptions options;
    options.x_label = "iteration";
    options.smooth_points = report_.iteration.size() >= 80 ? report_.iteration.size() / 30 : 0;
    options.title = "Losses";
    options.y_label = "loss";
    options.references = notes.loss_lines;
    options.y_min = 0.0;
    chart({{"D", report_.iteration, report_.loss_d}, {"G", report_.iteration, report_.loss_g}}, options, notes.losses);
    options.title = "D(real) and D(fake)";
    options.y_label = notes.output_label;
    options.references = {{"undecided", 0.5}};
    options.y_min.reset();
    if (notes.probabilities) {
      options.y_min = 0.0;
      options.y_max = 1.0;
    }
    chart({{"D(real)", report_.iteration, report_.d_real}, {"D(fake)", report_.iteration, report_.d_fake}}, options, notes.outputs);
    out_ += "</div>\n";
    if (options.smooth_points > 1) {
      paragraph(concat("Faint: the logged values; strong: their average over ", options.smooth_points, " neighbouring rows of log.csv."), "note");
    }
  }

  void add_neighbours() {
    if (report_.neighbours.empty()) return;
    heading("Nearest training images");
    paragraph("Does the generator invent or repeat? Left a sample, beside it the training images that resemble it most. Alike in pose and light is "
              "good; the very same face would mean that it was learned by heart.",
              "note");
    paragraph(report_.neighbours_note, "note");
    for (const NearestNeighbours& row : report_.neighbours) {
      out_ += "<div class=\"neighbours pixels\">\n";
      picture(row.sample, "sample");
      for (const ReportPicture& neighbour : row.nearest) picture(neighbour, "");
      out_ += "</div>\n";
    }
  }

  void add_layers() {
    if (report_.layers.header.empty() && report_.remarks.empty()) return;
    heading("Layers");
    paragraph("Redundancy is the paper's guess, made before any training, at what a layer can lose: c_i - s_i for a deconvolution (its input channels "
              "less the pixels of its input map), w_k h_k c_i - c_o for a convolution. The higher it is, the less should be lost when the layer's "
              "weights become one bit each; where it is negative the layer is better left in float.",
              "note");
    if (!report_.layers.header.empty()) table(report_.layers);
    for (const std::string& remark : report_.remarks) paragraph(remark, "remark");
  }

  void add_configuration() {
    if (report_.command.empty() && report_.config.empty()) return;
    heading("Configuration");
    if (!report_.command.empty()) {
      paragraph("This command repeats the run:", "note");
      out_ += concat("<pre>", escape_markup(report_.command), "</pre>\n");
    }
    if (report_.config.empty()) return;
    Table options{{"option", "value"}, {}};
    for (const auto& [name, value] : report_.config) options.rows.push_back({name, value});
    table(options);
  }

  const RunReport& report_;
  std::string out_;
};

}  // namespace

std::string render_report(const RunReport& report) {
  const std::size_t rows = report.iteration.size();
  check_equal(report.loss_d.size(), rows, "the count of loss_d");
  check_equal(report.loss_g.size(), rows, "the count of loss_g");
  check_equal(report.d_real.size(), rows, "the count of d_real");
  check_equal(report.d_fake.size(), rows, "the count of d_fake");
  check_equal(report.swd.size(), report.swd_iteration.size(), "the count of swd");
  return Page(report).render();
}

std::vector<std::size_t> evenly_spread(std::size_t count, std::size_t most) {
  check(most >= 2, "most is ", most, ", expected at least 2");
  std::vector<std::size_t> indices;
  const std::size_t shown = std::min(count, most);
  for (std::size_t i = 0; i < shown; ++i) indices.push_back(shown == 1 ? 0 : (i * (count - 1) + (shown - 1) / 2) / (shown - 1));
  return indices;
}

}  // namespace pbgen
