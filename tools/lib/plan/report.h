// What ./tools/plan says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/files/json.h"
#include "gan/accounting.h"
#include "tools/lib/plan/budget.h"
#include "tools/lib/plan/options.h"

namespace pbgen {

// The net's eq. (3), a row for each way of counting.  Of our networks, those of generator_countings() and the paper's Fig. 4; of a
// file's net, as the file has it and with the layers of positive redundancy in one bit.
std::vector<Counting> plan_countings(const PlannedNet& net);

// For people: layers and their order, how to read them, eq. (3).
std::string plan_text(const PlannedNet& net);
// Every prefix of the order; then what is safe by the metric, and as the last line the answer: "--binarize-g 1,2", of a file's
// net "binarized: up1,up2".
std::string budget_text(const PlannedNet& net, const BudgetPlan& budget);
// One line where the answer needs a layer of negative redundancy; else empty.
std::string budget_warning(const BudgetPlan& budget);

// All of it: title, network, layers, order, countings, paper, file, budget, warning; null where there is none.
Json plan_json(const PlannedNet& net, const std::optional<BudgetPlan>& budget);

}  // namespace pbgen
