// What a plan rests on besides an estimate: odds, batches, and bounds that no layout beats.
#pragma once

#include "core/efficiency.h"
#include "core/machine.h"
#include "core/quantity.h"
#include "core/uncertainty.h"
#include "core/workload.h"

#include <algorithm>
#include <cmath>

namespace trainbudget {

/// The probability that a quantity with these quantiles is at most `limit`: log-normal with a width of its
/// own on either side of the median, as everywhere (core/uncertainty.h). 0 or 1 for an exact one.
double chance_at_most(const Range& range, double limit);

/// Tokens of a step at which a run of this compute learns best for its compute: 0.2920 · C^0.3271,
/// DeepSeek-AI, arXiv 2401.02954, equation 1 (fitted on dense transformers up to 2e19 FLOPs, used up to 3e23;
/// C there leaves the embedding out).
double usual_batch_tokens(Flops compute);

/// The number of sequences nearest to `sequences` (on a logarithmic scale) that is a power of two times the
/// odd part of `accelerators`, so that replicas can share it evenly. At least that odd part.
double divisible_batch(double sequences, double accelerators);

/// GPU-seconds of one token that no layout stays under: the work of the whole model on one accelerator with
/// unbounded memory and micro-batches, without communication, recomputation, optimizer, bubbles and idle
/// hours. Splitting makes matrix products smaller and replicates element-wise work, so parts of it only add
/// up to more. A property test holds this against random layouts.
double least_gpu_seconds_per_token(const Workload& workload, const Machine& machine,
                                   const Efficiency& efficiency);

/// The largest whole k from 1 to `most` with share(k) ≤ 1, for a share that grows with k; 0 where even one is
/// too many. About four evaluations where the share is a straight line.
template <class Share>
double largest_within(const Share& share, double most) {
  double low = 0.0;          // fits
  double high = most + 1.0;  // does not, or may not be taken
  double guess = 1.0;
  constexpr int straight = 8;  // guesses along the line through the origin, before halving
  for (int i = 0; low + 1.0 < high; ++i) {
    guess = std::clamp(guess, low + 1.0, high - 1.0);
    const double used = share(guess);
    (used <= 1.0 ? low : high) = guess;
    guess = std::floor(i < straight ? guess / used : 0.5 * (low + high));
  }
  return low;
}

}  // namespace trainbudget
