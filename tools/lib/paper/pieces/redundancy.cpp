// Table I, Table II and Fig. 3: which layers can be binarized, by arithmetic alone.
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/check.h"
#include "core/base/rng.h"
#include "data/formats/image_io.h"
#include "gan/accounting.h"
#include "gan/checkpoint.h"
#include "gan/latents.h"
#include "gan/settings.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/model/layer_report.h"
#include "tools/lib/paper/piece.h"
#include "tools/lib/paper/pieces/feature_maps.h"

namespace pbgen {
namespace {

// Table I and the sentence before it.
constexpr std::array<std::int64_t, 4> kPrintedGenerator{496, 192, -128, -960};
constexpr std::array<std::int64_t, 4> kPrintedDiscriminator{11, 1472, 2944, 5888};

constexpr std::uint64_t kLatentSeed = 1;

// Layers 1 .. 4 of "generator" or "discriminator"; the linear layers are left out.
std::vector<LayerRow> numbered_layers(const NetworkConfig& config, std::string_view network) {
  std::vector<LayerRow> layers;
  for (const LayerRow& row : layer_table(config))
    if (row.network == network && row.kind != LayerKind::linear) layers.push_back(row);
  return layers;
}

LayerRow linear_layer(const NetworkConfig& config) { return layer_table(config).front(); }

std::string ratio_text(const LayerRow& here, const LayerRow& paper) {
  return fixed_text(static_cast<double>(here.redundancy()) / static_cast<double>(paper.redundancy()), 3);
}

Table generator_table(const NetworkConfig& here) {
  Table table;
  table.header = {"layer",       "label",     "input",     "s_i",              "c_i",        "redundancy", "paper prints",
                  "here: input", "here: s_i", "here: c_i", "here: redundancy", "here / paper's net"};
  const auto add = [&](const std::string& number, const std::string& label, const LayerRow& paper, const std::string& printed,
                       const LayerRow& own) {
    table.rows.push_back({number, label});
    std::vector<std::string>& cells = table.rows.back();
    const auto add_cells = [&](const LayerRow& row) {
      const auto map = concat(row.c_in, "x", row.height_in, "x", row.width_in);
      cells.insert(cells.end(), {map, concat(row.pixels_in()), concat(row.c_in), concat(row.redundancy())});
    };
    add_cells(paper);
    cells.push_back(printed);
    add_cells(own);
    cells.push_back(ratio_text(own, paper));
  };
  add("0", "linear, read as a deconvolution", linear_layer({}), "-", linear_layer(here));
  const std::vector<LayerRow> paper = numbered_layers({}, "generator");
  const std::vector<LayerRow> own = numbered_layers(here, "generator");
  for (std::size_t i = 0; i < paper.size(); ++i)
    add(concat(i + 1), concat("CONV ", i + 1), paper[i], concat(kPrintedGenerator[i]), own[i]);
  return table;
}

Table discriminator_table(const NetworkConfig& here) {
  Table table;
  table.header = {"layer",        "w_k h_k",   "c_i",       "c_o",              "redundancy",
                  "paper prints", "here: c_i", "here: c_o", "here: redundancy", "here / paper's net"};
  const std::vector<LayerRow> paper = numbered_layers({}, "discriminator");
  const std::vector<LayerRow> own = numbered_layers(here, "discriminator");
  for (std::size_t i = 0; i < paper.size(); ++i) {
    const std::int64_t taps = paper[i].kernel_width * paper[i].kernel_height;
    table.rows.push_back({concat(i + 1), concat(taps), concat(paper[i].c_in), concat(paper[i].c_out), concat(paper[i].redundancy()),
                          concat(kPrintedDiscriminator[i]), concat(own[i].c_in), concat(own[i].c_out), concat(own[i].redundancy()),
                          ratio_text(own[i], paper[i])});
  }
  return table;
}

// Whether the formulas give what the paper prints.
std::string printed_verdict(std::string_view network, const std::array<std::int64_t, 4>& printed) {
  const std::vector<LayerRow> layers = numbered_layers({}, network);
  std::string differing;
  for (std::size_t i = 0; i < printed.size(); ++i) {
    if (layers[i].redundancy() == printed[i]) continue;
    differing += concat(differing.empty() ? "" : ", ", "layer ", i + 1, ": computed ", layers[i].redundancy(), ", printed ", printed[i]);
  }
  return differing.empty() ? concat("The paper's four values for the ", network, " come out exactly.")
                           : concat("The paper's values for the ", network, " do not come out (", differing, ").");
}

// Whether all redundancies are the paper's times one number.  Compared as fractions, without rounding.
std::string ratio_sentence(const NetworkConfig& config, std::string_view network) {
  const std::vector<LayerRow> here = numbered_layers(config, network);
  const std::vector<LayerRow> paper = numbered_layers({}, network);
  // The last layer's ratio: the discriminator's first has the colours of an image as input, whatever the width is.
  const LayerRow& model_here = here.back();
  const LayerRow& model_paper = paper.back();
  std::string others;
  for (std::size_t i = 0; i < here.size(); ++i) {
    if (here[i].redundancy() * model_paper.redundancy() == model_here.redundancy() * paper[i].redundancy()) continue;
    others += concat(others.empty() ? "" : ", ", "layer ", i + 1, " (", ratio_text(here[i], paper[i]), ")");
  }
  const std::string ratio = ratio_text(model_here, model_paper);
  if (others.empty()) return concat("Every redundancy of the ", network, " here is the paper's net's times the same number, ", ratio, ".");
  return concat("The redundancies of the ", network, " here are ", ratio, " times the paper's net's, but for ", others, ".");
}

Table settings_table(const NetworkConfig& here) {
  Table table{{"setting", "generator's layers binarized", "discriminator binarized", "lowest redundancy binarized", "here: lowest"}, {}};
  const auto lowest = [](const NetworkConfig& config, LayerSet binarized) {
    std::optional<std::int64_t> lowest_yet;
    const std::vector<LayerRow> layers = numbered_layers(config, "generator");
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (!binarized.contains(static_cast<int>(i) + 1)) continue;
      lowest_yet = std::min(lowest_yet.value_or(layers[i].redundancy()), layers[i].redundancy());
    }
    return lowest_yet ? concat(*lowest_yet) : "-";
  };
  for (const char letter : std::string_view("ABCDEFGH")) {
    const Setting setting = parse_setting(std::string_view(&letter, 1));
    table.rows.push_back({std::string(1, letter), setting.generator.to_string(), setting.discriminator.empty() ? "no" : "yes",
                          lowest({}, setting.generator), lowest(here, setting.generator)});
  }
  return table;
}

std::string redundancy_chart(const NetworkConfig& here) {
  const std::vector<double> numbers{1.0, 2.0, 3.0, 4.0};
  const auto computed = [&](std::string label, const NetworkConfig& config) {
    Series series{std::move(label), numbers, {}};
    for (const LayerRow& row : numbered_layers(config, "generator")) series.y.push_back(static_cast<double>(row.redundancy()));
    return series;
  };
  std::vector<Series> all;
  const NetworkConfig paper;
  if (here.g_widths != paper.g_widths || here.size != paper.size) all.push_back(computed("our net", here));
  all.push_back(computed("paper's net", paper));
  all.push_back({.label = "as printed", .x = numbers, .y = {kPrintedGenerator.begin(), kPrintedGenerator.end()}, .dashed = true});
  ChartOptions options;
  options.title = "Degree of redundancy of the generator's layers (Fig. 3)";
  options.x_label = "layer number";
  options.y_label = "c_i - s_i";
  options.x_ticks = {{1.0, "1"}, {2.0, "2"}, {3.0, "3"}, {4.0, "4"}};
  options.width = 680.0;
  options.references = {{"", 0.0}};
  return line_chart(all, options);
}

void add_picture(PieceFolder& folder, const std::string& name, const Image& image, const std::string& caption) {
  write_png(folder.path(name + ".png"), image);
  folder.page().picture(encode_png(image.pixels, image.width, image.height, image.channels), caption);
}

// The pictures of Fig. 3.
void add_feature_maps(const TrialResult& trial, PieceFolder& folder) {
  Html& page = folder.page();
  page.heading("Fig. 3: feature maps", 3);
  if (trial.diverged) {
    page.paragraph(concat("There are no feature maps: the run ", trial.name, " diverged."), "warning");
    return;
  }
  const Checkpoint checkpoint = Checkpoint::load(trial.checkpoint());
  const NetworkConfig& config = checkpoint.network();
  std::vector<float> z(static_cast<std::size_t>(config.z_dim));
  draw_latents(CounterRng(kLatentSeed, Stream::generate), 0, 1, config.z_dim, z.data());
  const FeatureMaps maps = feature_maps(checkpoint.generator(), config, z);
  page.begin_group("strip");
  for (std::size_t i = 0; i < maps.layers.size(); ++i) {
    const LayerMaps& layer = maps.layers[i];
    const int shown = std::min(layer.channels, kShownMaps);
    const std::string name = i == 0 ? "the linear layer" : concat("CONV ", i);
    const std::string caption = concat(name, ": ", shown, " of ", layer.channels, " maps of ", layer.side, "x", layer.side);
    add_picture(folder, concat("maps_", layer.layer), layer.maps, caption);
  }
  add_picture(folder, "image", maps.image, concat("CONV ", maps.layers.size(), ": the image, ", config.size, "x", config.size));
  page.end_group();
  page.paragraph(concat("One latent vector (the first image of ./tools/generate --seed ", kLatentSeed, ") through the generator of ",
                        trial.name, " after ", checkpoint.iteration(),
                        " iterations. Shown is each layer's output behind batch normalisation and ReLU, the channels that vary most over "
                        "their pixels; black is 0, white the layer's largest value shown."),
                 "note");
}

std::vector<Trial> redundancy_trials(const Experiment& experiment) { return {setting_trial(experiment, "A", "dcgan", 1)}; }

void make_redundancy(const Experiment& experiment, const TrialBook& trials, PieceFolder& folder) {
  const NetworkConfig& here = experiment.network();
  Html& page = folder.page();
  page.heading("Table I: the generator", 3);
  page.paragraph(printed_verdict("generator", kPrintedGenerator), "verdict");
  page.paragraph(ratio_sentence(here, "generator"));
  folder.table("table_1", generator_table(here));
  page.paragraph(
      "The redundancy of a deconvolution is c_i - s_i: input channels less input pixels. The linear layer, read as a deconvolution from a "
      "1x1 map, has one input pixel: by the metric it, too, could be binarized, which the paper never tries.",
      "note");
  page.heading("The discriminator", 3);
  page.paragraph(printed_verdict("discriminator", kPrintedDiscriminator), "verdict");
  page.paragraph(ratio_sentence(here, "discriminator"));
  folder.table("discriminator", discriminator_table(here));
  page.paragraph("The redundancy of a convolution is w_k h_k c_i - c_o.", "note");
  for (const std::string& remark : redundancy_remarks(here)) page.paragraph(remark);
  page.heading("Table II: the settings", 3);
  folder.table("table_2", settings_table(here));
  page.paragraph(
      "By its sign, -128, CONV 3 would stay in float; the paper binarizes it in Settings D, F, G and H all the same, since Algorithm 1 "
      "looks at what a trained layer loses and takes the redundancy only as the order.",
      "note");
  page.heading("Fig. 3: degree of redundancy against layer number", 3);
  folder.chart("fig_3", redundancy_chart(here), "The dashed line is 0: layers below it should stay in float, by the paper's inference.");
  add_feature_maps(trials.at(redundancy_trials(experiment).front()), folder);
}

}  // namespace

const Piece kRedundancyPiece{.command = "redundancy",
                             .title = "Degree of redundancy (Table I, Table II, Fig. 3)",
                             .summary = "Tables I and II, Fig. 3, the discriminator's redundancies.",
                             .trials = redundancy_trials,
                             .make = make_redundancy};

}  // namespace pbgen
