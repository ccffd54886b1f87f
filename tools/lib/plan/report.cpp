#include "tools/lib/plan/report.h"

#include <algorithm>
#include <cstdio>

#include "core/base/check.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/cli/terminal.h"
#include "tools/lib/cli/text.h"
#include "tools/lib/cli/text_table.h"
#include "tools/lib/model/layer_report.h"

namespace pbgen {
namespace {

constexpr std::int64_t kWidth = 120;

// As wide as the terminal, where that is not wider than what reads well.
std::string paragraph(const std::string& text) {
  return wrapped(text, 0, static_cast<std::size_t>(std::min(line_columns(stdout).value_or(kWidth), kWidth)));
}

std::string times(double value, int decimals) { return fixed_text(value, decimals) + "x"; }

double ratio(std::int64_t larger, std::int64_t smaller) { return static_cast<double>(larger) / static_cast<double>(smaller); }

// The exported generator in float, and as the setting has it.
struct FileSizes {
  std::int64_t in_float = 0;
  std::int64_t binarized = 0;
};

FileSizes file_sizes(const PlannedNet& net) {
  PlannedNet single = net;
  single.packing = {};
  return {exported_bytes(single, {}), exported_bytes(net, net.network->binarized.generator)};
}

std::string reading(const PlannedNet& net) {
  std::string text =
      "How to read it: a layer's redundancy is c_i - s_i for a deconvolution (channels less pixels of its input), kernel height x width x "
      "c_i - c_o for a convolution, and its inputs - 1 for a linear layer. Where it is positive, many weights give one output, and "
      "one-bit weights are likely among them; where it is negative, the paper expects images to suffer (its own Setting F binarizes "
      "deconv3 at -128 all the same). Algorithm 1 tries layers in the order of the column `order`.";
  text += net.network ? " Bytes are those of training's parameters: 1 bit a weight and a float a channel where binarized, else 4 each."
                      : " Bytes count weights alone, and a float a channel where they are in one bit; there is no file to measure.";
  return text;
}

Table saving_table(const PlannedNet& net) {
  Table table;
  table.header = {"times less than in float", "memory", "inference", "training"};
  for (const auto& [counted, saving] : plan_countings(net))
    table.rows.push_back({counted, times(saving.memory, 2), times(saving.inference, 3), times(saving.training, 3)});
  if (!net.network) return table;
  table.rows.push_back({"the paper prints (Table IV: its net, Setting F)", times(kPrintedSaving.memory, 2),
                        times(kPrintedSaving.inference, 2), times(kPrintedSaving.training, 2)});
  const FileSizes file = file_sizes(net);
  table.rows.push_back({concat("the exported file: ", grouped_text(file.in_float), " -> ", grouped_text(file.binarized), " bytes"),
                        times(ratio(file.in_float, file.binarized), 2), "-", "-"});
  return table;
}

Json saving_json(const Saving& saving) {
  return Json::object().set("memory", saving.memory).set("inference", saving.inference).set("training", saving.training);
}

Json layer_json(const LayerRow& row) {
  Json layer = Json::object();
  layer.set("network", row.network.empty() ? Json() : Json(row.network)).set("name", row.name).set("kind", name(row.kind));
  layer.set("c_in", row.c_in).set("c_out", row.c_out);
  layer.set("kernel", Json::Array{row.kernel_height, row.kernel_width}).set("stride", row.stride);
  layer.set("in", Json::Array{row.height_in, row.width_in}).set("out", Json::Array{row.height_out, row.width_out});
  layer.set("s_i", row.pixels_in()).set("redundancy", row.can_be_binarized ? Json(row.redundancy()) : Json());
  layer.set("multiply_adds", row.multiply_adds()).set("weights", row.weights()).set("other_parameters", row.other_parameters);
  layer.set("bits", row.binarized ? 1 : 32).set("bytes", row.bytes());
  return layer;
}

Json network_json(const NetworkConfig& network) {
  const auto widths = [](const std::array<int, 4>& list) { return Json(Json::Array(list.begin(), list.end())); };
  Json object = Json::object();
  object.set("size", network.size).set("channels", network.channels).set("z_dim", network.z_dim);
  object.set("g_widths", widths(network.g_widths)).set("d_widths", widths(network.d_widths));
  object.set("setting", setting_name(network.binarized));
  object.set("binarize_g", network.binarized.generator.to_string()).set("binarize_d", network.binarized.discriminator.to_string());
  return object;
}

Json step_json(const BudgetStep& step) {
  Json object = Json::object();
  object.set("added", step.added.empty() ? Json() : Json(step.added));
  object.set("redundancy", step.redundancy ? Json(*step.redundancy) : Json());
  return object.set("bytes", step.bytes).set("fits", step.fits);
}

Json budget_json(const BudgetPlan& budget) {
  Json object = Json::object().set("bytes", budget.budget);
  Json steps = Json::array();
  for (const BudgetStep& step : budget.steps) steps.push_back(step_json(step));
  object.set("steps", steps);
  const auto with_layers = [&](std::size_t count) { return step_json(budget.steps[count]).set("layers", budget.layers(count)); };
  object.set("answer", with_layers(budget.answer));
  object.set("widest_not_negative", with_layers(budget.widest_not_negative));
  const std::string warning = budget_warning(budget);
  return object.set("warning", warning.empty() ? Json() : Json(warning));
}

// The first layers as an answer.
std::string answer_text(const BudgetPlan& budget, std::size_t count) {
  return concat(budget.is_numbered ? "--binarize-g " : "binarized: ", budget.layers(count));
}

std::string remark(const BudgetPlan& budget, std::size_t index) {
  std::string text;
  if (index == budget.answer) text = "the first that fits";
  if (index == budget.widest_not_negative) text += concat(text.empty() ? "" : ", ", "the widest without a negative redundancy");
  if (budget.steps[index].is_negative()) text += concat(text.empty() ? "" : ", ", "needs a negative redundancy");
  return text;
}

}  // namespace

std::vector<Counting> plan_countings(const PlannedNet& net) {
  if (net.network) {
    std::vector<Counting> countings = generator_countings(*net.network);
    const Saving figure_4 = generator_countings(figure_4_network())[1].saving;
    countings.push_back({"the paper's Fig. 4, 1024 wide, Setting F, the linear layer in float", figure_4});
    return countings;
  }
  std::vector<LayerRow> positive = net.rows;
  for (LayerRow& row : positive) row.binarized = false;
  for (const std::size_t i : redundancy_order(positive, net.with_linear)) positive[i].binarized = positive[i].redundancy() > 0;
  return {{"as the file has them", saving(net.rows)}, {"with the layers of positive redundancy in one bit", saving(positive)}};
}

std::string plan_text(const PlannedNet& net) {
  std::string text = net.title + "\n\n" + printed_table(layer_report(net.rows, net.with_linear)) + "\n";
  for (const std::string& remark : order_remarks(net.rows, net.with_linear)) text += paragraph(remark);
  text += paragraph(reading(net)) + "\n";
  text += paragraph(concat("Eq. (3)", net.network ? " of the generator" : "",
                           ": a float weight takes 32 bits, a one-bit weight 1; a multiply-add is 2 operations, an addition 1; training "
                           "gains 2 / (1 + 1 / inference)."));
  text += "\n";
  text += printed_table(saving_table(net));
  if (net.network) {
    text += "\n";
    text += paragraph(
        "No way of counting gives the paper's 25.81x. The file holds all that an image needs: one-bit weights, the linear layer, and "
        "scales and shifts, into which the batch normalisation is folded.");
  }
  return text;
}

std::string budget_text(const PlannedNet& net, const BudgetPlan& budget) {
  const std::int64_t in_float = budget.steps.front().bytes;
  Table table;
  table.header = {"layers in one bit", "last added", "redundancy", net.network ? "file bytes" : "bytes", "of float", "fits", "remark"};
  for (std::size_t i = 0; i < budget.steps.size(); ++i) {
    const BudgetStep& step = budget.steps[i];
    table.rows.push_back({net.network ? budget.layers(i) : concat(i), step.added.empty() ? "-" : step.added,
                          step.redundancy ? concat(*step.redundancy) : "-", grouped_text(step.bytes),
                          fixed_text(ratio(step.bytes, in_float), 4), step.fits ? "yes" : "no", remark(budget, i)});
  }
  const char* const of_what = net.network ? " bytes for the exported generator" : " bytes of weights, by count: there is no file";
  std::string text = concat("Budget: ", grouped_text(budget.budget), of_what, "; layers go to one bit in the order of redundancy\n\n");
  text += printed_table(table) + "\n";

  const BudgetStep& safe = budget.steps[budget.widest_not_negative];
  text += "The widest without a negative redundancy ";
  if (budget.widest_not_negative == budget.answer) text += "is the same";
  else if (safe.fits) text += concat("fits too, at ", grouped_text(safe.bytes), " bytes");
  else text += concat("is ", grouped_text(safe.bytes - budget.budget), " bytes too large");
  text += concat(": ", answer_text(budget, budget.widest_not_negative), "\n");
  text += concat("The first that fits, at ", grouped_text(budget.steps[budget.answer].bytes), " bytes:\n");
  return text + answer_text(budget, budget.answer) + "\n";
}

std::string budget_warning(const BudgetPlan& budget) {
  const BudgetStep& answer = budget.steps[budget.answer];
  if (!answer.is_negative()) return "";
  return concat("this budget needs ", answer.added, ", whose redundancy is negative (", *answer.redundancy,
                "): expect worse images; wider input channels of that layer, or a narrower net elsewhere, would avoid it");
}

Json plan_json(const PlannedNet& net, const std::optional<BudgetPlan>& budget) {
  Json object = Json::object().set("title", net.title).set("network", net.network ? network_json(*net.network) : Json());
  Json layers = Json::array();
  for (const LayerRow& row : net.rows) layers.push_back(layer_json(row));
  object.set("layers", layers);
  // Algorithm 1's, of the layers that may go to one bit.
  Json order = Json::array();
  const std::vector<LayerRow> generator = net.generator();
  for (const std::size_t i : redundancy_order(generator, net.with_linear)) order.push_back(generator[i].name);
  object.set("order", order);
  Json countings = Json::array();
  for (const auto& [counted, saving] : plan_countings(net)) {
    Json counting = Json::object().set("counted", counted);
    for (const auto& [key, value] : saving_json(saving).as_object()) counting.set(key, value);
    countings.push_back(counting);
  }
  object.set("countings", countings);
  object.set("paper", net.network ? saving_json(kPrintedSaving) : Json());
  Json file;
  if (net.network) {
    const FileSizes sizes = file_sizes(net);
    file = Json::object().set("float_bytes", sizes.in_float).set("bytes", sizes.binarized);
  }
  object.set("file", file);
  return object.set("budget", budget ? budget_json(*budget) : Json());
}

}  // namespace pbgen
