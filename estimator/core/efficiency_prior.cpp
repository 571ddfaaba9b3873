#include "core/efficiency_prior.h"

#include <algorithm>

namespace trainbudget {
namespace {

template <class T, class V>
bool contains(const std::vector<T>& items, const V& wanted) {
  return std::find(items.begin(), items.end(), wanted) != items.end();
}

}  // namespace

const EfficiencyPrior* find_prior(const EfficiencyPriors& priors, std::string_view accelerator,
                                  Precision precision, double gpus) {
  for (const EfficiencyPrior& prior : priors.steady_state) {
    const bool fits_count = gpus >= prior.least_gpus && (prior.most_gpus == 0.0 || gpus <= prior.most_gpus);
    const bool fits_accelerator = prior.is_pooled() || contains(prior.accelerators, accelerator);
    if (fits_count && fits_accelerator && contains(prior.precisions, precision)) return &prior;
  }
  return nullptr;
}

}  // namespace trainbudget
