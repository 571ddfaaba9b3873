// How far whole runs scatter around predictions that knew nothing of their software: what a range must be
// widened by so that runs fall outside it as seldom as it says.
#pragma once

#include "core/uncertainty.h"

#include <vector>

namespace trainbudget {

/// A finished run beside what was predicted for it.
struct PredictedHours {
  double gpu_hours = 0.0;
  Range predicted;
};

/// A factor around 1 of the GPU-hours. In quadrature with each prediction's own widths it leaves a tenth of
/// runs like these below P10 and a tenth above P90: of n runs, the ⌈0.9 (n + 1)⌉-th on either side (the rank
/// that makes it hold for the next run; Vovk et al. 2005, conformal prediction). {1, 1, 1} for fewer than
/// nine runs, of which that rank does not exist.
Range run_scatter(const std::vector<PredictedHours>& runs);

}  // namespace trainbudget
