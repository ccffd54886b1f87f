#include "tools/lib/train/run_page.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/base/check.h"
#include "tools/lib/html/html.h"
#include "tools/lib/html/line_chart.h"

namespace pbgen {
namespace {

// Pixels between a phone's margins.
constexpr double kPhoneWidth = 350.0;
constexpr double kPhoneHeight = 260.0;

// What a loss's numbers mean: said in captions and drawn as dashed lines.
struct LossNotes {
  std::string losses;
  std::string outputs;
  std::string output_label;
  std::vector<ReferenceLine> loss_lines;
  std::vector<ReferenceLine> output_lines;
  bool probabilities = false;
  bool negative_losses = false;
};

LossNotes critic_notes() {
  LossNotes notes;
  notes.losses =
      "The discriminator is a critic here: its loss is the mean of its outputs on generated images less that on real ones. Minus that "
      "loss estimates the Wasserstein distance of the two, up to a constant factor that the clipping of the weights decides. Once the "
      "critic has learned to tell them apart that distance ought to fall, and the curve D to rise towards zero. G's loss is minus the "
      "critic's output on generated images; its level means nothing by itself.";
  notes.outputs =
      "What the critic says, averaged over a batch: raw numbers without a target. Only the gap between the two curves counts: it is minus "
      "the critic's loss.";
  notes.output_label = "critic's output";
  notes.negative_losses = true;
  return notes;
}

LossNotes notes_of(const std::string& loss) {
  if (loss == "wgan") return critic_notes();
  LossNotes notes;
  notes.losses =
      "The discriminator D learns to tell real images from generated ones, the generator G learns to fool it. Neither curve is meant to "
      "fall to zero: each side's gain is the other's loss. A healthy run wanders around a level; a discriminator loss that goes to zero "
      "and stays there means that G no longer learns anything from D. ";
  notes.outputs =
      "What D says, averaged over a batch: 1 is \"surely real\", 0 \"surely generated\". Two curves that come near 0.5 mean that D cannot "
      "tell the two apart; D(real) at 1 and D(fake) at 0 for long mean that D wins outright. ";
  notes.output_label = "D's output";
  notes.output_lines = {{"undecided", 0.5}};
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
    add_summary();
    add_grids();
    add_swd();
    add_curves();
    add_neighbours();
    add_layers();
    add_configuration();
    return html_page(report_.title, page_.markup());
  }

 private:
  void heading(std::string_view text) { page_.heading(text); }
  void paragraph(std::string_view text, std::string_view class_name) { page_.paragraph(text, class_name); }
  void picture(const ReportPicture& picture, std::string_view class_name) { page_.picture(picture.png, picture.caption, class_name); }
  void chart(const std::vector<Series>& series, const ChartOptions& options, std::string_view caption) {
    ChartOptions narrow = options;
    narrow.width = kPhoneWidth;
    narrow.height = kPhoneHeight;
    page_.chart(line_chart(series, options), line_chart(series, narrow), caption);
  }

  void add_summary() {
    page_.heading(report_.title, 1);
    paragraph(report_.verdict, "verdict");
    for (const std::string& warning : report_.warnings) paragraph(warning, "warning");
    page_.facts(report_.facts);
  }

  void add_grids() {
    if (report_.grids.empty()) return;
    heading("Samples");
    paragraph("The same random vectors z every time, so that each place in the grid can be followed from noise to a face. Many near copies "
              "of one image would be mode collapse: G then repeats the few images that fool D.",
              "note");
    if (report_.grids.size() > 1) {
      page_.begin_group("strip");
      for (std::size_t i = 0; i + 1 < report_.grids.size(); ++i) picture(report_.grids[i], "");
      page_.end_group();
    }
    picture(report_.grids.back(), "last");
  }

  void add_swd() {
    if (report_.swd_table.header.empty() && report_.swd.empty()) return;
    heading("Sliced Wasserstein distance");
    paragraph("How far the generated images are from real ones in the statistics of their 7x7 patches, level by level: the finest level "
              "sees texture, the coarsest the layout. Lower is better. The noise floor is the distance of two sets of real images: below "
              "it nothing can be told from real. x1000: the same figure times 1,000, as papers print it.",
              "note");
    page_.table(report_.swd_table);
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
    page_.begin_group("charts");
    ChartOptions options;
    options.x_label = "iteration";
    options.smooth_points = report_.iteration.size() >= 80 ? report_.iteration.size() / 30 : 0;
    options.title = "Losses";
    options.y_label = "loss";
    options.references = notes.loss_lines;
    if (!notes.negative_losses) options.y_min = 0.0;
    chart({{"D", report_.iteration, report_.loss_d}, {"G", report_.iteration, report_.loss_g}}, options, notes.losses);
    options.title = "D(real) and D(fake)";
    options.y_label = notes.output_label;
    options.references = notes.output_lines;
    options.y_min.reset();
    if (notes.probabilities) {
      options.y_min = 0.0;
      options.y_max = 1.0;
    }
    chart({{"D(real)", report_.iteration, report_.d_real}, {"D(fake)", report_.iteration, report_.d_fake}}, options, notes.outputs);
    page_.end_group();
    if (options.smooth_points > 1) {
      paragraph(concat("Faint: the logged values; strong: their average over ", options.smooth_points, " neighbouring rows of log.csv."),
                "note");
    }
  }

  void add_neighbours() {
    if (report_.neighbours.empty()) return;
    heading("Nearest training images");
    paragraph("Does the generator invent or repeat? Left a sample, beside it the training images that resemble it most. Alike in pose and "
              "light is good; the very same face would mean that it was learned by heart.",
              "note");
    paragraph(report_.neighbours_note, "note");
    for (const NearestNeighbours& row : report_.neighbours) {
      page_.begin_group("neighbours pixels");
      picture(row.sample, "sample");
      for (const ReportPicture& neighbour : row.nearest) picture(neighbour, "");
      page_.end_group();
    }
  }

  void add_layers() {
    if (report_.layers.empty() && report_.remarks.empty()) return;
    heading("Layers");
    paragraph("Redundancy is the paper's guess, made before any training, at what a layer can lose: c_i - s_i for a deconvolution (its "
              "input channels less the pixels of its input map), w_k h_k c_i - c_o for a convolution. The higher it is, the less should be "
              "lost when the layer's weights become one bit each; where it is negative the layer is better left in float. Order: "
              "by falling redundancy, in which layers are tried. Multiply-adds: of one image.",
              "note");
    for (const auto& [network, layers] : report_.layers) {
      page_.heading(network, 3);
      page_.table(layers);
    }
    for (const std::string& remark : report_.remarks) paragraph(remark, "remark");
  }

  void add_configuration() {
    if (report_.command.empty() && report_.repeating_command.empty() && report_.config.empty()) return;
    heading("Configuration");
    if (!report_.command.empty()) {
      paragraph("The run was begun, or gone on with, by:", "note");
      page_.code(report_.command);
    }
    if (!report_.repeating_command.empty()) {
      paragraph("This command repeats the whole run, in a new folder:", "note");
      page_.code(report_.repeating_command);
    }
    if (report_.config.empty()) return;
    Table options{{"option", "value"}, {}};
    for (const auto& [name, value] : report_.config) options.rows.push_back({name, value});
    page_.table(options);
  }

  const RunReport& report_;
  Html page_;
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
