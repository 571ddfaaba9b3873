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

enum class Width : unsigned char { other, sixteen, eight };

Width width_of(Precision precision) {
  if (precision == Precision::bf16 || precision == Precision::fp16) return Width::sixteen;
  return precision == Precision::fp8 ? Width::eight : Width::other;
}

const EfficiencyPrior* entry_of(const EfficiencyPriors& priors, const PriorQuery& query) {
  const Width wanted = width_of(query.precision);
  for (const EfficiencyPrior& prior : priors.steady_state) {
    const bool fits_count =
        query.gpus >= prior.least_gpus && (prior.most_gpus == 0.0 || query.gpus <= prior.most_gpus);
    const bool fits_accelerator =
        prior.is_pooled() || contains(prior.accelerators, std::string_view(query.accelerator.name));
    const bool fits_precision = contains(prior.precisions, query.precision) || wanted != Width::other;
    if (fits_count && fits_accelerator && fits_precision) return &prior;
  }
  return nullptr;
}

const Sourced<FlopsPerSecond>* peak_at(const Accelerator& accelerator, Width width) {
  if (width == Width::eight) return find_peak(accelerator.peak, Precision::fp8);
  const auto* bf16 = find_peak(accelerator.peak, Precision::bf16);
  return bf16 != nullptr ? bf16 : find_peak(accelerator.peak, Precision::fp16);
}

void multiply(FoundPrior& prior, const PriorFactor& factor) {
  prior.six_n = product(prior.six_n, factor.six_n);
  prior.causal = product(prior.causal, factor.causal);
}

/// From the width at which `prior` was measured to the other one; false where the accelerator lacks either.
bool convert(FoundPrior& prior, const EfficiencyPriors& priors, const PriorQuery& query) {
  const Width wanted = width_of(query.precision);
  const auto* from = peak_at(query.accelerator, width_of(prior.precisions.front()));
  const auto* to = peak_at(query.accelerator, wanted);
  if (from == nullptr || to == nullptr) return false;
  PriorFactor speed = priors.eight_bit;
  if (wanted == Width::sixteen) {
    speed.six_n = reciprocal(speed.six_n);
    speed.causal = reciprocal(speed.causal);
  }
  multiply(prior, speed);
  prior.six_n = prior.six_n * (from->value / to->value);
  prior.causal = prior.causal * (from->value / to->value);
  prior.by_eight_bit = true;
  return true;
}

}  // namespace

std::optional<FoundPrior> find_prior(const EfficiencyPriors& priors, const PriorQuery& query) {
  const EfficiencyPrior* entry = entry_of(priors, query);
  if (entry == nullptr) return std::nullopt;
  FoundPrior prior{*entry};
  if (const EfficiencyPrior* other = neighbour_of(prior, priors, query.gpus)) {
    const double centre = std::log(centre_of(prior));
    const double share = (std::log(query.gpus) - centre) / (std::log(centre_of(*other)) - centre);
    prior.six_n = between(prior.six_n, other->six_n, share);
    prior.causal = between(prior.causal, other->causal, share);
    prior.rows += other->rows;
    prior.publishers = std::max(prior.publishers, other->publishers);
  }
  const bool as_measured = width_of(prior.precisions.front()) == width_of(query.precision);
  if (!as_measured && !convert(prior, priors, query)) return std::nullopt;
  if (query.mixture_of_experts) multiply(prior, priors.mixtures);
  return prior;
}

}  // namespace trainbudget
