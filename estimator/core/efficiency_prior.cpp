#include "core/efficiency_prior.h"

#include <algorithm>
#include <cmath>

namespace trainbudget {
namespace {

template <class T, class V>
bool contains(const std::vector<T>& items, const V& wanted) {
  return std::find(items.begin(), items.end(), wanted) != items.end();
}

/// The number of accelerators in the middle of an entry, logarithmically; twice the least where it has no
/// limit.
double centre_of(const EfficiencyPrior& prior) {
  return prior.most_gpus == 0.0 ? 2.0 * prior.least_gpus : std::sqrt(prior.least_gpus * prior.most_gpus);
}

bool of_one_family(const EfficiencyPrior& a, const EfficiencyPrior& b) {
  return a.accelerators == b.accelerators && a.precisions == b.precisions;
}

Range between(Range a, Range b, double share_of_b) {
  return {std::lerp(a.p10, b.p10, share_of_b), std::lerp(a.p50, b.p50, share_of_b),
          std::lerp(a.p90, b.p90, share_of_b)};
}

/// The entry of the same family that begins where `prior` ends, or ends where it begins: the one on whose
/// side of the centre `gpus` lies; none in the centre itself.
const EfficiencyPrior* neighbour_of(const EfficiencyPrior& prior, const EfficiencyPriors& priors,
                                    double gpus) {
  if (gpus == centre_of(prior)) return nullptr;
  const bool above = gpus > centre_of(prior);
  for (const EfficiencyPrior& other : priors.steady_state) {
    const bool next_to = above ? prior.most_gpus > 0.0 && other.least_gpus == prior.most_gpus + 1.0
                               : other.most_gpus > 0.0 && other.most_gpus + 1.0 == prior.least_gpus;
    if (next_to && of_one_family(prior, other)) return &other;
  }
  return nullptr;
}

/// fp8 is found at 16 bits.
bool fits_precision(const EfficiencyPrior& prior, Precision precision) {
  return contains(prior.precisions, precision == Precision::fp8 ? Precision::bf16 : precision);
}

const EfficiencyPrior* entry_of(const EfficiencyPriors& priors, const PriorQuery& query) {
  for (const EfficiencyPrior& prior : priors.steady_state) {
    const bool fits_count =
        query.gpus >= prior.least_gpus && (prior.most_gpus == 0.0 || query.gpus <= prior.most_gpus);
    const bool fits_accelerator =
        prior.is_pooled() || contains(prior.accelerators, std::string_view(query.accelerator.name));
    if (fits_count && fits_accelerator && fits_precision(prior, query.precision)) return &prior;
  }
  return nullptr;
}

void multiply(EfficiencyPrior& prior, const PriorFactor& factor) {
  prior.six_n = combined(prior.six_n, factor.six_n);
  prior.causal = combined(prior.causal, factor.causal);
}

}  // namespace

std::optional<EfficiencyPrior> find_prior(const EfficiencyPriors& priors, const PriorQuery& query) {
  const EfficiencyPrior* entry = entry_of(priors, query);
  if (entry == nullptr) return std::nullopt;
  EfficiencyPrior prior = *entry;
  if (const EfficiencyPrior* other = neighbour_of(prior, priors, query.gpus)) {
    const double centre = std::log(centre_of(prior));
    const double share = (std::log(query.gpus) - centre) / (std::log(centre_of(*other)) - centre);
    prior.six_n = between(prior.six_n, other->six_n, share);
    prior.causal = between(prior.causal, other->causal, share);
    prior.rows += other->rows;
    prior.publishers = std::max(prior.publishers, other->publishers);
  }
  if (query.precision == Precision::fp8) {
    const auto* sixteen = find_peak(query.accelerator.peak, Precision::bf16);
    const auto* eight = find_peak(query.accelerator.peak, Precision::fp8);
    if (sixteen == nullptr || eight == nullptr) return std::nullopt;
    multiply(prior, priors.eight_bit);
    prior.six_n = prior.six_n * (sixteen->value / eight->value);
    prior.causal = prior.causal * (sixteen->value / eight->value);
  }
  if (query.mixture_of_experts) multiply(prior, priors.mixtures);
  return prior;
}

}  // namespace trainbudget
