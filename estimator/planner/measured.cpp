#include "planner/measured.h"

#include "core/efficiency_prior.h"
#include "io/efficiency_prior_file.h"

#include <algorithm>
#include <string>
#include <vector>

namespace trainbudget::planner {

bool is_measured(const Scenario& scenario, const io::ProfileFolder& profiles) {
  if (scenario.step) {
    const auto& parameters = scenario.step->profile.parameters;
    return std::any_of(parameters.begin(), parameters.end(), [](const ProfileParameter& parameter) {
      return parameter.provenance.origin != Origin::assumed;
    });
  }
  if (scenario.model_flops_utilization.provenance.origin == Origin::user) return true;
  std::vector<std::string> opened;
  const auto priors = io::shipped_priors(profiles, opened);
  const auto prior = find_prior(*priors, {.accelerator = scenario.accelerator,
                                          .precision = scenario.precision.value,
                                          .gpus = scenario.gpus.value});
  return prior && !prior->is_pooled();
}

}  // namespace trainbudget::planner
