// What a net's layers cost and which of them bear one bit: ./tools/plan --help.
#include <cstdio>
#include <optional>
#include <string>

#include "core/base/check.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/cli/exit.h"
#include "tools/lib/cli/shown.h"
#include "tools/lib/cli/standard_streams.h"
#include "tools/lib/plan/budget.h"
#include "tools/lib/plan/options.h"
#include "tools/lib/plan/report.h"
#include "tools/lib/trials/search_command.h"

namespace pbgen {
namespace {

int run(int argc, char** argv) {
  if (asks_for_search(argc, argv)) return run_search(argc, argv);
  PlanFlags flags;
  ArgumentParser parser("plan", "what each layer of a generator costs, and which of them bear one bit a weight",
                        "Without arguments it shows the paper's networks under Setting F: each layer's shape and degree of redundancy, the "
                        "order in which Algorithm 1 tries them, multiply-adds, parameters and bytes; then what eq. (3) says that "
                        "one-bit weights save, under every way of counting, beside the figures that the paper prints and the bytes of "
                        "the exported file.  With --search it finds out by training which layers bear one bit.");
  declare_plan_flags(parser, flags);
  if (!parser.parse(argc, argv)) return 0;
  const PlannedNet net = planned_net(parser, flags);
  std::optional<BudgetPlan> budget;
  if (!flags.budget.empty()) budget = budget_plan(net, *parse_byte_count(flags.budget));

  std::string text = flags.json ? concat(plan_json(net, budget).text(2), "\n") : plan_text(net);
  if (budget && !flags.json) text += concat("\n", budget_text(net, *budget));
  std::fwrite(text.data(), 1, text.size(), stdout);
  flush_output();
  if (budget)
    if (const std::string warning = budget_warning(*budget); !warning.empty()) say(stderr, "plan: warning: ", warning);
  return 0;
}

}  // namespace
}  // namespace pbgen

int main(int argc, char** argv) {
  return pbgen::run_tool("plan", [&] { return pbgen::run(argc, argv); });
}
