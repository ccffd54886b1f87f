#include "tools/lib/paper/competition.h"

#include <algorithm>
#include <limits>

#include "core/base/math.h"
#include "tools/lib/html/line_chart.h"
#include "tools/lib/trials/verdict.h"

namespace pbgen {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// The index of the row at which the generator first gained; the count of rows where it never did.
std::size_t first_gain(const std::vector<double>& advantage) {
  double highest = -1.0;
  for (std::size_t i = 0; i < advantage.size(); ++i) {
    highest = std::max(highest, advantage[i]);
    if (advantage[i] <= highest - kGain) return i;
  }
  return advantage.size();
}

// By what the scores of rows that are past `middle` are multiplied over the second half.
double second_half_factor(const std::vector<LogRow>& rows, double middle, double end) {
  std::vector<double> times;
  std::vector<Sample> logarithms;
  for (const LogRow& row : rows) {
    const double time = static_cast<double>(row.iteration);
    if (time < middle || !row.swd || !(*row.swd > 0.0)) continue;
    times.push_back(time);
    logarithms.push_back(printed_figure(log_of(*row.swd)));
  }
  if (times.size() < 2) return kNan;
  return exp_of(linear_fit(times, logarithms).slope * (end - middle));
}

}  // namespace

std::size_t smoothed_rows(std::size_t rows) { return std::max<std::size_t>(1, rows / 30); }

std::vector<double> smoothed_advantage(const std::vector<LogRow>& rows) {
  std::vector<double> advantage;
  for (const LogRow& row : rows) advantage.push_back(row.d_real - row.d_fake);
  return moving_average(advantage, smoothed_rows(rows.size()));
}

Competition measure_competition(const std::vector<LogRow>& rows) {
  Competition result;
  if (rows.empty()) return result;
  const std::vector<double> advantage = smoothed_advantage(rows);
  const auto iteration = [&](std::size_t i) { return static_cast<double>(rows[i].iteration); };

  const std::size_t gain = first_gain(advantage);
  if (gain < rows.size()) result.initiated = iteration(gain);

  std::size_t last_alive = rows.size();  // counted from the end: rows behind it are vanished
  while (last_alive > 0 && advantage[last_alive - 1] >= kVanishedAdvantage) --last_alive;
  if (rows.size() - last_alive >= smoothed_rows(rows.size()) && last_alive < rows.size()) result.vanished = iteration(last_alive);

  const std::size_t begin = result.initiated ? gain : 0;
  const auto vanished = std::count_if(advantage.begin() + static_cast<std::ptrdiff_t>(begin), advantage.end(),
                                      [](double a) { return a >= kVanishedAdvantage; });
  result.vanished_share = static_cast<double>(vanished) / static_cast<double>(rows.size() - begin);

  const double end = iteration(rows.size() - 1);
  const double middle = end / 2.0;
  double advantages = 0.0;
  double losses = 0.0;
  double count = 0.0;
  for (const LogRow& row : rows) {
    if (static_cast<double>(row.iteration) < middle) continue;
    advantages += row.d_real - row.d_fake;
    losses += row.loss_d;
    count += 1.0;
  }
  result.late_advantage = advantages / count;
  result.late_loss_d = losses / count;
  result.swd_factor = second_half_factor(rows, middle, end);
  return result;
}

}  // namespace pbgen
