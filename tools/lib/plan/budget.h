// Which layers to binarize so that a model's file is no larger than so many bytes: ./tools/plan --budget.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/lib/plan/options.h"

namespace pbgen {

// The first layers of the order of redundancy in one bit, all others in float.
struct BudgetStep {
  std::string added;                       // the name of the last layer in one bit; empty: none is
  std::optional<std::int64_t> redundancy;  // of that layer, the lowest of those in one bit
  std::int64_t bytes = 0;                  // of the exported file, to the byte; of a file's net, of weights and scales
  bool fits = false;

  bool is_negative() const { return redundancy.has_value() && *redundancy < 0; }
};

struct BudgetPlan {
  std::int64_t budget = 0;
  std::vector<std::string> order;       // the layers' numbers, of a file's net their names
  bool is_numbered = true;
  std::vector<BudgetStep> steps;        // steps[n]: the first n layers of the order
  std::size_t answer = 0;               // the first that fits
  std::size_t widest_not_negative = 0;  // the last without a layer of negative redundancy; it may not fit

  // The first n layers: "none", or numbers as --binarize-g takes them, "1,2", or names in their order.
  std::string layers(std::size_t count) const;
};

// Error(usage) where not even the smallest fits, naming it and the mends that there are.
BudgetPlan budget_plan(const PlannedNet& net, std::int64_t budget);

// Bytes of the generator's exported file with these layers in one bit, others in float.
std::int64_t exported_bytes(const PlannedNet& net, LayerSet binarized);

}  // namespace pbgen
