// Statistics are core's, under the harness's own short names.
#pragma once

#include "core/samples.h"

#include <utility>

namespace trainbudget::microbench {

using Summary = SampleSummary;
using trainbudget::quantile_of_sorted;
using trainbudget::relative_deviation;

inline Summary summarize(std::vector<double> samples) {
  return summarize_samples(std::move(samples));
}

}  // namespace trainbudget::microbench
