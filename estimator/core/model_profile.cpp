#include "core/model_profile.h"

namespace trainbudget {

double parameter_error(const PublishedParameters& published, const ModelSummary& summary) {
  const double left_out = published.with_prediction ? 0.0 : summary.of(Part::prediction).parameters;
  return summary.total.parameters - left_out + published.difference - published.count;
}

}  // namespace trainbudget
