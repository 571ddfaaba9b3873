#include "core/plan/rules.h"

#include "core/quantile.h"
#include "core/stage_work.h"

#include <cmath>

namespace trainbudget {
namespace {

double normal_cumulative(double z) {
  return 0.5 * std::erfc(-z / std::sqrt(2.0));
}

}  // namespace

double chance_at_most(const Range& range, double limit) {
  const double side = limit < range.p50 ? range.p50 / range.p10 : range.p90 / range.p50;
  if (!(side > 1.0)) return limit < range.p50 ? 0.0 : (range.is_exact() || limit > range.p50 ? 1.0 : 0.5);
  return normal_cumulative(std::log(limit / range.p50) / std::log(side) * p90_deviations);
}

double usual_batch_tokens(Flops compute) {
  return 0.2920 * std::pow(compute.value, 0.3271);
}

double divisible_batch(double sequences, double accelerators) {
  double odd = accelerators;
  while (odd > 1.0 && std::fmod(odd, 2.0) == 0.0)
    odd /= 2.0;
  return odd * std::exp2(std::fmax(0.0, std::round(std::log2(sequences / odd))));
}

double least_gpu_seconds_per_token(const Workload& workload, const Machine& machine,
                                   const Efficiency& efficiency) {
  // Large enough that what is per micro-batch is nothing, and a power of two that fills every wave of
  // recurrences.
  constexpr int sequences = 1 << 20;
  const ModelSeconds seconds = model_seconds(workload, machine, Layout{.micro_batch = sequences}, efficiency);
  double all = seconds.embedding.work.total() + seconds.head.work.total();
  for (std::size_t kind = 0; kind < workload.kinds.size(); ++kind)
    all += seconds.kinds[kind].work.total() * workload.count_before(kind, workload.layers);
  constexpr double rounding = 1.0 - 1e-3;  // of ceil() in waves, and of sums
  return all / (sequences * workload.sequence_length) * rounding;
}

}  // namespace trainbudget
