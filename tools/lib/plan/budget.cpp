#include "tools/lib/plan/budget.h"

#include <algorithm>

#include "core/base/check.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/cli/format.h"

namespace pbgen {
namespace {

// What a user can do where nothing fits.
std::string mends(const PlannedNet& net) {
  std::string text = net.network ? "narrow the generator (--g-widths, --gf-dim)" : "narrow the net";
  const std::vector<LayerRow> rows = net.generator();
  const bool has_linear = std::any_of(rows.begin(), rows.end(), [](const LayerRow& row) { return row.kind == LayerKind::linear; });
  if (has_linear && !net.with_linear) text += ", let the linear layer go to one bit as well (--with-linear)";
  if (net.network && !net.with_linear && net.packing.linear == LinearPrecision::single)
    text += ", or export it in half precision (--linear-precision half)";
  return text;
}

}  // namespace

std::int64_t exported_bytes(const PlannedNet& net, LayerSet binarized) {
  check(net.network.has_value(), "exported_bytes: a file's net is not exported");
  NetworkConfig config = *net.network;
  config.binarized.generator = binarized;
  PackedModelOptions packing = net.packing;
  if (binarized.contains(0)) packing.linear = LinearPrecision::single;  // there are no floats to halve
  return packed_model_bytes(config, packing);
}

std::string BudgetPlan::layers(std::size_t count) const {
  if (count == 0) return "none";
  std::vector<std::string> chosen(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count));
  if (is_numbered) std::sort(chosen.begin(), chosen.end());
  return value_text(chosen);
}

BudgetPlan budget_plan(const PlannedNet& net, std::int64_t budget) {
  std::vector<LayerRow> rows = net.generator();
  for (LayerRow& row : rows) row.binarized = false;
  BudgetPlan plan;
  plan.budget = budget;
  plan.is_numbered = net.network.has_value();
  LayerSet binarized;  // of our networks, where a layer's place in the generator is its number
  const auto bytes_now = [&] {
    if (net.network) return exported_bytes(net, binarized);
    std::int64_t bytes = 0;
    for (const LayerRow& row : rows) bytes += row.bytes();
    return bytes;
  };
  const auto add_step = [&](BudgetStep step) {
    step.bytes = bytes_now();
    step.fits = step.bytes <= budget;
    if (!step.is_negative()) plan.widest_not_negative = plan.steps.size();
    plan.steps.push_back(step);
  };
  add_step({});
  for (const std::size_t i : redundancy_order(rows, net.with_linear)) {
    rows[i].binarized = true;
    if (net.network) binarized = binarized.with(static_cast<int>(i));
    plan.order.push_back(net.network ? concat(i) : rows[i].name);
    BudgetStep step;
    step.added = rows[i].name;
    step.redundancy = rows[i].redundancy();
    add_step(step);
  }

  const auto fits = std::find_if(plan.steps.begin(), plan.steps.end(), [](const BudgetStep& step) { return step.fits; });
  if (fits == plan.steps.end()) {
    const auto smaller = [](const BudgetStep& a, const BudgetStep& b) { return a.bytes < b.bytes; };
    const auto smallest = std::min_element(plan.steps.begin(), plan.steps.end(), smaller);
    const auto count = static_cast<std::size_t>(smallest - plan.steps.begin());
    fail(ErrorKind::usage, "--budget ", grouped_text(budget), ": the smallest size, with ",
         net.network ? concat("--binarize-g ", plan.layers(count)) : concat(count, " layers in one bit"), ", is ",
         grouped_text(smallest->bytes), " bytes; ", mends(net));
  }
  plan.answer = static_cast<std::size_t>(fits - plan.steps.begin());
  return plan;
}

}  // namespace pbgen
