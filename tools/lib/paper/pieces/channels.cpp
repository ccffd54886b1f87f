#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/check.h"
#include "core/files/file.h"
#include "data/formats/image_io.h"
#include "gan/accounting.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/paper/piece.h"
#include "tools/lib/paper/resolution_chart.h"
#include "tools/lib/paper/setting_scores.h"

namespace pbgen {
namespace {

using Widths = std::array<int, 4>;

constexpr std::array<int, 5> kTimes{1, 2, 4, 8, 16};  // c_4 of Fig. 7 over the network's own

// What Fig. 8 adds to one layer's input channels, and so to its redundancy: as much as the widest c_4 of Fig. 7 has more.
int added_channels(const Experiment& experiment) { return (kTimes.back() - 1) * experiment.base_width(); }

std::string joined(const Widths& widths, std::string_view separator) {
  return concat(widths[0], separator, widths[1], separator, widths[2], separator, widths[3]);
}

// Setting E, dcgan, seed 1.  The network's own widths are setting_trial's, which is trained once.
Trial width_trial(const Experiment& experiment, const Widths& widths) {
  if (widths == experiment.network().g_widths) return setting_trial(experiment, "E", "dcgan", 1);
  Trial trial = setting_trial(experiment, "E", "dcgan", 1);
  trial.name = concat("dcgan-E-widths-", joined(widths, "-"), "-seed1");
  trial.config.network().g_widths = widths;
  return trial;
}

// A generator of Fig. 7 or 8 with what it reached.
struct Net {
  std::string raised;  // "c_4"; "none" for the network as it is
  Widths widths{};
  const TrialResult* trial = nullptr;
  std::int64_t redundancy = 0;  // of the fourth deconvolution
  std::int64_t weights = 0;
  std::int64_t one_bit_weights = 0;
  std::int64_t multiply_adds = 0;
  std::int64_t bytes = 0;

  double swd() const { return trial_swd(*trial); }
};

Net make_net(const Experiment& experiment, const TrialBook& trials, const std::string& raised, const Widths& widths) {
  Net net{raised, widths, &trials.at(width_trial(experiment, widths))};
  NetworkConfig config = experiment.network();
  config.g_widths = widths;
  config.binarized = parse_setting("E");
  for (const LayerRow& row : layer_table(config)) {
    if (row.network != "generator") continue;
    net.redundancy = row.redundancy();
    net.weights += row.weights();
    if (row.binarized) net.one_bit_weights += row.weights();
    net.multiply_adds += row.multiply_adds();
    net.bytes += row.bytes();
  }
  return net;
}

std::vector<Widths> figure_7_widths(const Experiment& experiment) {
  std::vector<Widths> all;
  for (const int times : kTimes) {
    all.push_back(experiment.network().g_widths);
    all.back()[3] = times * experiment.base_width();
  }
  return all;
}

// c_1, c_2 and c_3 raised; the rest of Fig. 8 are the ends of Fig. 7.
std::vector<Widths> figure_8_widths(const Experiment& experiment) {
  std::vector<Widths> all;
  for (std::size_t i = 0; i < 3; ++i) {
    all.push_back(experiment.network().g_widths);
    all.back()[i] += added_channels(experiment);
  }
  return all;
}

std::vector<Trial> channels_trials(const Experiment& experiment) {
  std::vector<Trial> trials;
  if (!experiment.has_setting("E")) return trials;
  if (experiment.has_setting("A")) trials.push_back(setting_trial(experiment, "A", "dcgan", 1));
  // The other seeds of E are no point of any curve: they tell how far apart runs are that differ in nothing else.
  for (int seed = 1; seed <= experiment.seeds; ++seed) trials.push_back(setting_trial(experiment, "E", "dcgan", seed));
  for (const Widths& widths : figure_7_widths(experiment))
    if (widths != experiment.network().g_widths) trials.push_back(width_trial(experiment, widths));
  for (const Widths& widths : figure_8_widths(experiment)) trials.push_back(width_trial(experiment, widths));
  return trials;
}

// Two runs of one network that differ in the seed are further apart than this in few cases; NaN where that is not known.
double seed_margin(const Experiment& experiment, const TrialBook& trials) {
  std::vector<double> swd;
  for (int seed = 1; seed <= experiment.seeds; ++seed) swd.push_back(trial_swd(trials.at(setting_trial(experiment, "E", "dcgan", seed))));
  const Sample sample = sample_of(swd);
  return sample.n < 2 ? std::nan("") : kMargin * std::sqrt(2.0) * sample.sd;
}

std::string percent_text(double share) { return concat(share > 0.0 ? "+" : "", fixed_text(100.0 * share, 1), "%"); }

Table net_table(const std::vector<Net>& nets, const std::vector<int>& sizes) {
  Table table{{"raised", "c_1, c_2, c_3, c_4", "c_4 - s_4"}, {}};
  for (const int size : sizes) table.header.push_back(side_text(size));
  for (const char* name : {"SWD", "change", "weights", "in one bit", "multiply-adds", "bytes"}) table.header.push_back(name);
  for (const Net& net : nets) {
    std::vector<std::string> row{net.raised, joined(net.widths, ", "), concat(net.redundancy)};
    for (std::size_t level = 0; level < sizes.size(); ++level) row.push_back(known_text(trial_swd(*net.trial, level), 4));
    const double change = &net == nets.data() ? std::nan("") : net.swd() / nets.front().swd() - 1.0;
    row.insert(row.end(), {known_text(net.swd(), 4), std::isnan(change) ? "-" : percent_text(change), grouped_text(net.weights),
                           grouped_text(net.one_bit_weights), grouped_text(net.multiply_adds), grouped_text(net.bytes)});
    table.rows.push_back(std::move(row));
  }
  return table;
}

void add_samples(const std::vector<Net>& nets, Html& page) {
  page.begin_group("grids");
  for (const Net& net : nets) {
    const auto samples = net.trial->samples();
    if (samples.empty()) continue;
    const std::string found =
        net.trial->diverged ? concat("diverged; iteration ", samples.back().first) : concat("SWD ", fixed_text(net.swd(), 4));
    page.picture(read_file(samples.back().second, kMaxImageFileBytes),
                 concat(net.raised, " raised: ", joined(net.widths, ", "), "; ", found));
  }
  page.end_group();
}

// c_4 to the right, each value with its redundancy; what A reaches as a line.
std::string figure_7_chart(const std::vector<Net>& nets, const std::vector<int>& sizes, double float_swd) {
  std::vector<Series> curves(sizes.size() + 1);
  for (std::size_t level = 0; level < sizes.size(); ++level) curves[level].label = side_text(sizes[level]);
  curves.back().label = "mean";
  ChartOptions options;
  for (const Net& net : nets) {
    for (Series& curve : curves) curve.x.push_back(net.widths[3]);
    for (std::size_t level = 0; level < sizes.size(); ++level) curves[level].y.push_back(trial_swd(*net.trial, level));
    curves.back().y.push_back(net.swd());
    options.x_ticks.push_back({static_cast<double>(net.widths[3]), concat(net.widths[3], " (", net.redundancy, ")")});
  }
  options.title = "Setting E with more input channels (Fig. 7)";
  options.x_label = "c_4 (its redundancy c_4 - s_4)";
  options.y_label = "SWD";
  options.log_x = true;
  options.y_min = 0.0;
  options.width = 600.0;
  if (!std::isnan(float_swd)) options.references.push_back({"A, mean", float_swd});
  return line_chart(curves, options);
}

// The same figures against the size of the generator: a curve for each layer that is raised, from the network as it is.
std::string capacity_chart(const std::vector<Net>& figure_7, const std::vector<Net>& figure_8, bool by_weights) {
  std::vector<Series> curves;
  const auto add = [&](Series& curve, const Net& net) {
    curve.x.push_back(static_cast<double>(by_weights ? net.weights : net.multiply_adds));
    curve.y.push_back(net.swd());
  };
  for (int layer = 1; layer <= 3; ++layer) {
    Series& curve = curves.emplace_back();
    const Net& net = figure_8[static_cast<std::size_t>(layer)];
    curve.label = net.raised;
    add(curve, figure_8.front());
    add(curve, net);
  }
  Series& fourth = curves.emplace_back();
  fourth.label = "c_4";
  for (const Net& net : figure_7) add(fourth, net);
  ChartOptions options;
  options.title = by_weights ? "Setting E against the generator's weights" : "Setting E against its multiply-adds";
  options.x_label = by_weights ? "weights of the generator" : "multiply-adds an image";
  options.y_label = "SWD, mean";
  options.log_x = true;
  options.y_min = 0.0;
  return line_chart(curves, options);
}

std::string margin_sentence(double margin) {
  if (std::isnan(margin)) return " One seed of each network: an observation, no verdict.";
  return concat(" One seed of each network: an observation; two runs of E that differ in the seed alone are seldom further apart than ",
                fixed_text(margin, 4), " (2 sqrt 2 standard deviations).");
}

// How SWD goes from each c_4 to the next.
std::string course_text(const std::vector<Net>& nets, double margin) {
  const auto diverged = std::count_if(nets.begin(), nets.end(), [](const Net& net) { return std::isnan(net.swd()); });
  if (diverged > 0)
    return concat(diverged, " of the ", nets.size() - 2, " runs between diverged: nothing can be said of the course.");
  int falls = 0;
  double largest_rise = 0.0;
  for (std::size_t i = 1; i < nets.size(); ++i) {
    falls += nets[i].swd() < nets[i - 1].swd() ? 1 : 0;
    largest_rise = std::max(largest_rise, nets[i].swd() - nets[i - 1].swd());
  }
  const std::string count = concat("it falls in ", falls, " of ", nets.size() - 1, " doublings, ");
  if (falls + 1 == static_cast<int>(nets.size())) return count + "so more redundancy is better throughout, as in the paper's pictures.";
  if (largest_rise <= margin) return count + "and rises nowhere beyond what the seed makes.";
  return count + "so more redundancy is not better throughout.";
}

// figure_7: c_4 rising.
std::string figure_7_sentence(const std::vector<Net>& nets, double float_swd, double margin) {
  const double first = nets.front().swd();
  const double last = nets.back().swd();
  if (std::isnan(first) || std::isnan(last)) return "One of the ends of c_4 diverged: nothing can be said of its course.";
  std::string size;
  if (!std::isnan(margin)) size = std::fabs(first - last) > margin ? ", beyond what the seed makes" : ", within what the seed makes";
  const std::string in_float = std::isnan(float_swd) ? "" : concat(" A, in float, is at ", fixed_text(float_swd, 4), ".");
  return concat("From c_4 = ", nets.front().widths[3], " to ", nets.back().widths[3], " SWD goes from ", fixed_text(first, 4), " to ",
                fixed_text(last, 4), " (", percent_text(last / first - 1.0), size, "); ", course_text(nets, margin), in_float,
                margin_sentence(margin));
}

// Whether raising c_4 brings more than raising the best of the others; all three have a figure.
std::string finding_text(const Net& none, const Net& rival, const Net& fourth, double margin) {
  const double lead = rival.swd() - fourth.swd();
  const double gain = none.swd() - fourth.swd();
  if (std::fabs(lead) <= margin)
    return concat("cannot be told from one seed: ", rival.raised, " and c_4 lie within what the seed makes",
                  std::fabs(gain) <= margin ? ", and so does what c_4 itself changes." : ".");
  const char* const basis = std::isnan(margin) ? ", in one run each." : ", beyond what the seed makes.";
  if (lead <= 0.0) return concat("raising ", rival.raised, " brings as much as raising c_4 or more, against the paper", basis);
  if (gain <= (std::isnan(margin) ? 0.0 : margin)) return concat("raising c_4 itself brings no improvement", basis);
  return concat("none of the others brings what c_4 does, as the paper says", basis);
}

// nets: none, c_1, c_2, c_3, c_4.
std::string figure_8_sentence(const std::vector<Net>& nets, double margin) {
  const Net& none = nets.front();
  const Net& fourth = nets.back();
  std::string changes;
  for (std::size_t i = 1; i < nets.size(); ++i) {
    const double change = nets[i].swd() / none.swd() - 1.0;
    changes += concat(i == 1 ? "" : ", ", nets[i].raised, " ", std::isnan(change) ? "diverged" : percent_text(change));
  }
  const Net* rival = nullptr;  // the best of the others
  for (std::size_t i = 1; i + 1 < nets.size(); ++i)
    if (!std::isnan(nets[i].swd()) && (rival == nullptr || nets[i].swd() < rival->swd())) rival = &nets[i];
  std::string finding = "nothing can be compared.";
  if (!std::isnan(none.swd()) && !std::isnan(fourth.swd()) && rival != nullptr)
    finding = finding_text(none, *rival, fourth, margin);
  return concat("The same redundancy added to one layer at a time changes SWD so: ", changes, "; ", finding);
}

// Whether more capacity could explain it as well.
std::string capacity_sentence(const std::vector<Net>& nets) {
  const auto most = [&](auto count) {
    return std::max_element(nets.begin(), nets.end(), [&](const Net& a, const Net& b) { return count(a) < count(b); })->raised;
  };
  const auto least = [&](auto count) {
    return std::min_element(nets.begin() + 1, nets.end(), [&](const Net& a, const Net& b) { return count(a) < count(b); })->raised;
  };
  const auto weights = [](const Net& net) { return net.weights; };
  const auto multiply_adds = [](const Net& net) { return net.multiply_adds; };
  return concat("More capacity is another explanation: a wider c_l widens the layer before it too, which is in float. Of the raised "
                "networks ", most(weights), " has the most weights and ", least(weights), " the fewest; ", most(multiply_adds),
                " computes most and ", least(multiply_adds), " least. And of all of them only c_4's has more one-bit weights, which "
                "redundancy does not tell apart.");
}

void make_channels(const Experiment& experiment, const TrialBook& trials, PieceFolder& folder) {
  Html& page = folder.page();
  if (!experiment.has_setting("E")) return page.paragraph("Left out: it needs Setting E.", "note");
  const std::vector<int> sizes = level_sizes(experiment);
  std::vector<Net> figure_7;
  for (const Widths& widths : figure_7_widths(experiment))
    figure_7.push_back(make_net(experiment, trials, widths == experiment.network().g_widths ? "none" : "c_4", widths));
  std::vector<Net> figure_8{figure_7.front()};
  for (const Widths& widths : figure_8_widths(experiment))
    figure_8.push_back(make_net(experiment, trials, concat("c_", figure_8.size()), widths));
  figure_8.push_back(figure_7.back());
  const double margin = seed_margin(experiment, trials);
  const double float_swd = experiment.has_setting("A") ? trial_swd(trials.at(setting_trial(experiment, "A", "dcgan", 1))) : std::nan("");

  page.heading("c_4 raised (Fig. 7)", 3);
  page.paragraph(figure_7_sentence(figure_7, float_swd, margin), "verdict");
  add_samples(figure_7, page);
  folder.chart("figure7", figure_7_chart(figure_7, sizes, float_swd), "Fig. 7 in numbers; the paper shows pictures only. One seed.");
  folder.table("figure7", net_table(figure_7, sizes));
  page.heading(concat("Each layer raised by ", added_channels(experiment), " (Fig. 8)"), 3);
  page.paragraph(figure_8_sentence(figure_8, margin), "verdict");
  add_samples(figure_8, page);
  folder.table("figure8", net_table(figure_8, sizes));
  page.paragraph(capacity_sentence(figure_8));
  page.begin_group("charts");
  folder.chart("capacity_weights", capacity_chart(figure_7, figure_8, true), "Were it for weights alone, all curves would fall together.");
  folder.chart("capacity_multiply_adds", capacity_chart(figure_7, figure_8, false), "The same against what an image costs.");
  page.end_group();
  page.paragraph(
      "The paper's c_4 goes from 64 to 1024, where the redundancy of CONV 4 is zero, and its Fig. 8 raises each layer by 960; here both "
      "are as many times the network's own c_4.",
      "note");
}

}  // namespace

const Piece kChannelsPiece{
    .command = "channels",
    .title = "More channels under Setting E: Fig. 7 and 8",
    .summary = "c_4 raised 2 to 16 times under E, against c_1, c_2, c_3 raised by the same redundancy.",
    .in_all_at_laptop = true,
    .trials = channels_trials,
    .make = make_channels,
};

}  // namespace pbgen
