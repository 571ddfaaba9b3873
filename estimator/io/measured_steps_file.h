// Steps of a run of one's own as a table that `calibrate --from` reads: the columns of
// published_runs/steps.csv.
#pragma once

#include "core/scenario.h"
#include "io/input_error.h"

#include <string>

namespace trainbudget::io {

/// What was measured of the run that a scenario describes.
struct MeasuredSteps {
  std::string id;
  double tokens_per_second = 0.0;  ///< of all accelerators, between interruptions
  std::string date;                ///< 2026-11; empty: unknown
  std::string note;
};

/// One row: steps of one run are one configuration, however many there are. Throws InputError at `where` for
/// a scenario that does not say how its steps are computed: its model a profile, its layout given.
std::string measured_steps_csv(const Scenario& scenario, const MeasuredSteps& measured,
                               const Location& where);

}  // namespace trainbudget::io
