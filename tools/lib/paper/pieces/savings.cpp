// Table IV, eq. (3) and Fig. 12: what binarizing saves, as the paper counts it, in bytes of a file, and as measured.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "gan/accounting.h"
#include "gan/packed_model.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/paper/piece.h"
#include "tools/lib/paper/pieces/conv4_width.h"
#include "tools/lib/paper/pieces/measured_savings.h"

namespace pbgen {
namespace {

constexpr double kPrintedImageMegabytes = 86.6;  // section I: "constructing an image of 64x64 resolution with DCGAN"

struct NamedNetwork {
  std::string name;
  NetworkConfig config;
};

bool is_papers(const NetworkConfig& config) {
  const NetworkConfig paper;
  return config.size == paper.size && config.channels == paper.channels && config.z_dim == paper.z_dim &&
         config.g_widths == paper.g_widths && config.d_widths == paper.d_widths;
}

// At smoke scale the paper's network would take longer than all the rest.
std::vector<NamedNetwork> measured_networks(const Experiment& experiment) {
  std::vector<NamedNetwork> networks;
  if (experiment.scale != Scale::smoke || is_papers(experiment.network())) networks.push_back({"the paper's network", {}});
  if (!is_papers(experiment.network())) networks.push_back({"this experiment's network", experiment.network()});
  return networks;
}

std::string times_text(double value) { return std::isfinite(value) ? fixed_text(value, 2) + "x" : "-"; }

NetworkConfig under(NetworkConfig config, std::string_view letter) {
  config.binarized = parse_setting(letter);
  return config;
}

Table counting_table(const Experiment& experiment) {
  Table table{{"network", "counted", "memory", "inference", "training"}, {}};
  const auto add = [&](const std::string& network, const std::string& counted, const Saving& saving) {
    table.rows.push_back({network, counted, times_text(saving.memory), times_text(saving.inference), times_text(saving.training)});
  };
  add("Table IV, as printed", "", kPrintedSaving);
  const auto add_all = [&](const std::string& network, const NetworkConfig& config) {
    for (const Counting& counting : generator_countings(config)) add(network, counting.counted, counting.saving);
  };
  add_all("the paper's (Table I)", under({}, "F"));
  add_all("as Fig. 4 draws it, 1024 wide", figure_4_network());
  if (!is_papers(experiment.network())) add_all("this experiment's", under(experiment.network(), "F"));
  return table;
}

// The way of counting the paper's nets that comes nearest to each printed figure.
std::string counting_verdict() {
  struct NamedCounting {
    std::string_view network;
    Counting counting;
  };
  std::vector<NamedCounting> all;
  for (Counting& counting : generator_countings(under({}, "F"))) all.push_back({"Table I's net", std::move(counting)});
  for (Counting& counting : generator_countings(figure_4_network())) all.push_back({"Fig. 4's net", std::move(counting)});
  const auto gives = [](const Counting& counting, double Saving::*part) {
    return fixed_text(counting.saving.*part, 2) == fixed_text(kPrintedSaving.*part, 2);
  };
  std::string text;
  const auto add = [&](std::string_view what, double Saving::*part) {
    const auto distance = [&](const NamedCounting& named) { return std::fabs(named.counting.saving.*part - kPrintedSaving.*part); };
    const auto nearest = std::min_element(all.begin(), all.end(), [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
    text += concat(what, " is printed as ", times_text(kPrintedSaving.*part),
                   gives(nearest->counting, part) ? ", found as " : ", nearest is ", times_text(nearest->counting.saving.*part), " (",
                   nearest->network, ", ", nearest->counting.counted, "). ");
  };
  add("Memory", &Saving::memory);
  add("Inference", &Saving::inference);
  add("Training", &Saving::training);
  const bool one_gives_all = std::any_of(all.begin(), all.end(), [&](const NamedCounting& named) {
    return gives(named.counting, &Saving::memory) && gives(named.counting, &Saving::inference) && gives(named.counting, &Saving::training);
  });
  return text + (one_gives_all ? "One way of counting gives all three." : "No single way of counting gives all three.");
}

std::vector<Measurement> measurements_of(const std::vector<NamedNetwork>& networks, Scale scale, const PieceFolder& folder) {
  const auto complete = [&](const std::vector<Measurement>& all) {
    for (const NamedNetwork& network : networks)
      if (std::isnan(measured(all, network_key(network.config), Quantity::iteration, "H"))) return false;
    return true;
  };
  if (const auto kept = read_measurements(folder.read_csv("measured")); kept && complete(*kept)) return *kept;
  std::vector<Measurement> all;
  for (const NamedNetwork& network : networks)
    for (Measurement& one : measure_savings(network.config, scale == Scale::smoke ? 1 : 3)) all.push_back(std::move(one));
  folder.csv("measured", measurement_table(all));
  return all;
}

// Counts beside measurements, Setting A over F (a training iteration also over H).
Table comparison_table(const NamedNetwork& network, const std::vector<Measurement>& all) {
  Table table;
  table.header = {"quantity", "Setting A", "Setting F", "Setting H", "A / F", "A / H", "counted, linear layer in float", "paper prints"};
  const std::string key = network_key(network.config);
  const auto text = [](double value, bool time) {
    if (!(value > 0.0)) return std::string("-");
    return time ? fixed_text(1e3 * value, 3) + " ms" : format_bytes(static_cast<std::int64_t>(value));
  };
  const auto add = [&](std::string_view what, const std::array<double, 3>& values, bool time, const std::string& counted,
                       const std::string& printed) {
    const auto ratio = [&](std::size_t i) { return values[0] > 0.0 && values[i] > 0.0 ? times_text(values[0] / values[i]) : "-"; };
    table.rows.push_back({std::string(what), text(values[0], time), text(values[1], time), text(values[2], time), ratio(1), ratio(2),
                          counted, printed});
  };
  const Saving counted = generator_countings(under(network.config, "F"))[1].saving;
  const auto file = [&](const char* letter) { return static_cast<double>(packed_model_bytes(under(network.config, letter))); };
  add("exported file", {file("A"), file("F"), 0.0}, false, times_text(counted.memory), times_text(kPrintedSaving.memory));
  const auto add_measured = [&](Quantity quantity, bool time, const std::string& count, const std::string& printed) {
    const auto value = [&](const char* letter) { return measured(all, key, quantity, letter); };
    add(name(quantity), {value("A"), value("F"), value("H")}, time, count, printed);
  };
  add_measured(Quantity::weights, false, times_text(counted.memory), times_text(kPrintedSaving.memory));
  add_measured(Quantity::activations, false, "-", "-");
  add_measured(Quantity::resident, false, "-", "-");
  add_measured(Quantity::batch_image, true, times_text(counted.inference), times_text(kPrintedSaving.inference));
  add_measured(Quantity::single_image, true, times_text(counted.inference), times_text(kPrintedSaving.inference));
  add_measured(Quantity::iteration, true, times_text(counted.training), times_text(kPrintedSaving.training));
  return table;
}

std::string measured_verdict(const NamedNetwork& network, const std::vector<Measurement>& all) {
  const std::string key = network_key(network.config);
  const auto gain = [&](Quantity quantity, const char* letter) {
    return measured(all, key, quantity, "A") / measured(all, key, quantity, letter);
  };
  const double file = static_cast<double>(packed_model_bytes(under(network.config, "A"))) /
                      static_cast<double>(packed_model_bytes(under(network.config, "F")));
  return concat("Measured on ", network.name, ", A over F (above 1: F needs less): bytes of the file ", times_text(file),
                ", time of an image in a batch ", times_text(gain(Quantity::batch_image, "F")), ", of an image alone ",
                times_text(gain(Quantity::single_image, "F")), ", of a training iteration ", times_text(gain(Quantity::iteration, "F")),
                " (A over H: ", times_text(gain(Quantity::iteration, "H")), ").");
}

// The paper's 86.6 MB are of a 64x64 image: only the paper's network is comparable.
std::string image_memory_sentence(const std::vector<Measurement>& all) {
  const std::string key = network_key({});
  const auto megabytes = [&](const char* letter) {
    return 1e-6 * (measured(all, key, Quantity::weights, letter) + measured(all, key, Quantity::activations, letter));
  };
  if (std::isnan(megabytes("A")))
    return "The paper's 86.6 MB for a 64x64 image are compared at the other scales, where its network is measured.";
  return concat("One 64x64 image of the paper's network takes ", fixed_text(megabytes("A"), 1),
                " MB of weights and activations under A and ", fixed_text(megabytes("F"), 1), " MB under F in our runtime for devices;",
                " the paper states 86.6 MB for the float net, ",
                fixed_text(kPrintedImageMegabytes / megabytes("A"), 1), " and ", fixed_text(kPrintedImageMegabytes / megabytes("F"), 1),
                " times as much. It does not say what it counted.");
}

void write_table_4(const Experiment& experiment, PieceFolder& folder) {
  Html& page = folder.page();
  page.heading("Table IV and eq. (3)", 3);
  page.paragraph(counting_verdict(), "verdict");
  folder.table("table_4", counting_table(experiment));
  page.paragraph(
      "How many times less Setting F takes than A. Memory is 32 N / (K + 32 (N - K)), K of N weights binarized; inference the same with "
      "operations and 2 for 32; training 2 / (1 + 1 / inference), as only the forward half is counted as faster.",
      "note");

  const std::vector<NamedNetwork> networks = measured_networks(experiment);
  const std::vector<Measurement> all = measurements_of(networks, experiment.scale, folder);
  page.heading("Measured", 3);
  page.paragraph(image_memory_sentence(all), "verdict");
  for (std::size_t i = 0; i < networks.size(); ++i) {
    page.paragraph(measured_verdict(networks[i], all));
    page.paragraph(concat("Of ", networks[i].name, " (", network_key(networks[i].config), "):"), "note");
    folder.table(concat("counted_and_measured_", i + 1), comparison_table(networks[i], all));
  }
  const Table machine = folder.read_csv("measured");
  page.paragraph(concat("Fastest of a few runs on ", machine.cell(0, 5), ", threads: ", machine.cell(0, 7), ", ", machine.cell(0, 6),
                        " kernels; a batch is ", kMeasuredBatch,
                        " images. An image alone, and all memory but the file, is that of gan/edge; resident memory is what the process "
                        "grew by, a lower bound, since it uses memory again that it had (\"-\": it did not grow). Other work on the "
                        "machine disturbs the times. Kept in measured.csv: remove it to measure again."),
                 "note");
}

void width_chart(const std::vector<WidthCost>& costs, const std::string& file, const std::string& title, double WidthCost::*counted,
                 double WidthCost::*bytes, PieceFolder& folder) {
  Series by_count{"eq. (3), deconvolutions", {}, {}};
  Series by_file{"exported file", {}, {}};
  for (const WidthCost& cost : costs) {
    for (Series* const series : {&by_count, &by_file}) series->x.push_back(cost.c_4);
    by_count.y.push_back(cost.*counted);
    by_file.y.push_back(cost.*bytes);
  }
  ChartOptions options;
  options.title = title;
  options.x_label = "input channels of CONV 4";
  options.y_label = "memory";
  options.y_min = 0.0;
  folder.chart(file, line_chart({by_count, by_file}, options), "CONV 1 to 3 binarized; from 1024 on all four.");
}

// The shape that the paper describes, in numbers: growth, the drop, and whether it pays.
std::string width_sentence(const std::vector<WidthCost>& costs, std::string_view what, double WidthCost::*part) {
  const WidthCost& narrow = costs.front();
  const auto all_four = std::find_if(costs.begin(), costs.end(), [](const WidthCost& cost) { return cost.all_binarized; });
  const WidthCost& before = *(all_four - 1);
  bool rises = true;
  for (auto cost = costs.begin() + 1; cost != all_four; ++cost) rises = rises && (*cost).*part > (*(cost - 1)).*part;
  const double drop = 1.0 - (*all_four).*part / before.*part;
  int as_cheap = 0;  // the widest net with CONV 4 in float that is not dearer
  for (auto cost = costs.begin(); cost != all_four; ++cost)
    if ((*cost).*part <= (*all_four).*part) as_cheap = cost->c_4;
  return concat(what, ": from ", fixed_text(narrow.*part, 4), " at ", narrow.c_4,
                rises ? " rising at every step to " : ", not always rising, to ",
                fixed_text(before.*part, 4), " at ", before.c_4, "; all four binarized at ", all_four->c_4, " ",
                fixed_text((*all_four).*part, 4), ", ",
                drop > 0.0 ? concat("a drop of ", fixed_text(100.0 * drop, 1), "%") : "no drop", ". That is ",
                times_text((*all_four).*part / narrow.*part), " the memory of c_4 = ", narrow.c_4, " with three binarized",
                as_cheap > 0 ? concat("; of the nets drawn with CONV 4 in float, those up to c_4 = ", as_cheap, " are no dearer.") : ".");
}

void write_figure_12(PieceFolder& folder) {
  const std::vector<WidthCost> costs = width_costs({});
  Html& page = folder.page();
  page.heading("Fig. 12: memory against the width of CONV 4", 3);
  page.paragraph(width_sentence(costs, "Eq. (3), deconvolutions, against the original in float", &WidthCost::counted), "verdict");
  page.paragraph(width_sentence(costs, "Bytes of the file, against the original's in float", &WidthCost::file), "verdict");
  const auto all_four = std::find_if(costs.begin(), costs.end(), [](const WidthCost& cost) { return cost.all_binarized; });
  page.paragraph(concat("The shape is the paper's: growth, then a drop. But memory is least where nothing was widened, and at ",
                        all_four->c_4, " the deconvolutions take ", times_text(all_four->operations / costs.front().operations),
                        " the operations of c_4 = ", costs.front().c_4, ": widening makes CONV 4 binarizable, not the generator smaller."));
  page.begin_group("charts");
  width_chart(costs, "fig_12", "Over the original net in float (c_4 = 64)", &WidthCost::counted, &WidthCost::file, folder);
  width_chart(costs, "fig_12_same_width", "Over the float net of the same width", &WidthCost::counted_same, &WidthCost::file_same, folder);
  page.end_group();
  page.paragraph(
      "The paper's figure prints no numbers; its caption can be read in both ways that are drawn. It binarizes all four \"when the input "
      "channel number of CONV4 is 1024\", where the redundancy is 0, and elsewhere asks for a redundancy \"above 1024\", which would take "
      "2048 channels; drawn is the former. The file holds the linear layer too, in float, with scales and shifts.",
      "note");
  Table table;
  table.header = {"c_4", "binarized", "counted", "file", "counted, same width", "file, same width", "operations"};
  for (const WidthCost& cost : costs)
    table.rows.push_back({concat(cost.c_4), cost.all_binarized ? "1-4" : "1-3", fixed_text(cost.counted, 5), fixed_text(cost.file, 5),
                          fixed_text(cost.counted_same, 5), fixed_text(cost.file_same, 5), fixed_text(cost.operations, 4)});
  folder.csv("fig_12", table);
}

void make_savings(const Experiment& experiment, const TrialBook&, PieceFolder& folder) {
  write_table_4(experiment, folder);
  write_figure_12(folder);
}

}  // namespace

const Piece kSavingsPiece{
    .command = "savings",
    .title = "Compression saving: Table IV, eq. (3), Fig. 12",
    .summary = "Table IV and eq. (3) beside measured time and bytes, Fig. 12.",
    .in_all_at_laptop = true,
    .trials = nullptr,
    .make = make_savings,
};

}  // namespace pbgen
