// How evenly threads share the work of a training iteration, counted from the cuts of each product (core/base/cuts.h): nothing is run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pbgen {

// The share of so many threads' time, in [0, 1], in which they do what one thread would have to do as well.
struct BalanceRow {
  std::string product;
  double float_ms = 0.0;    // of one thread in an iteration under Setting A, as measured once (core/PERF.md): what the row weighs
  double one_bit_ms = 0.0;  // under Setting H
  std::vector<double> busy;  // beside Balance::threads
};

struct Balance {
  std::vector<int> threads;
  std::vector<BalanceRow> rows;
  std::vector<double> float_busy;    // a whole iteration under Setting A
  std::vector<double> one_bit_busy;  // under Setting H
};

// The paper's networks on the path in force.  The number of threads in force is the same afterwards.
Balance count_balance(std::int64_t batch, const std::vector<int>& threads);

std::string balance_text(const Balance& balance);

}  // namespace pbgen
