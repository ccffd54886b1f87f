// How evenly threads share the work of a training iteration, counted from the cuts of each product (core/base/cuts.h): nothing is run.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace pbgen {

// Training iterations: by setting, and by --conv.
enum BalancedIteration { kFloatDirect, kOneBitDirect, kFloatWinograd, kOneBitWinograd, kBalancedIterations };
using IterationTimes = std::array<double, kBalancedIterations>;

// busy: beside Balance::threads, the share of so many threads' time, in [0, 1], in which they do what one thread would have to do as well.
struct BalanceRow {
  std::string product;
  IterationTimes ms{};  // of one thread in each iteration, as measured once (core/PERF.md): what the row weighs; 0: it has no such product
  std::vector<double> busy;
};

struct Balance {
  std::vector<int> threads;
  std::vector<BalanceRow> rows;
  std::array<std::vector<double>, kBalancedIterations> busy;  // of whole iterations
};

// The paper's networks on the path in force.  The number of threads in force is the same afterwards.
Balance count_balance(std::int64_t batch, const std::vector<int>& threads);

std::string balance_text(const Balance& balance);

}  // namespace pbgen
