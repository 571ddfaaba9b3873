// A measured run, made ready to be predicted.
#pragma once

#include "core/efficiency.h"
#include "core/machine.h"
#include "core/measured_run.h"
#include "core/step_time.h"
#include "core/workload.h"

#include <string>

namespace trainbudget {

struct Observation {
  const MeasuredRun* run = nullptr;
  Workload workload;
  Machine machine;
  double log_measured = 0.0;  ///< ln of the measured step time in seconds

  const Layout& layout() const { return run->run.layout; }
  double predicted_seconds(const Efficiency& efficiency) const;
  /// Bytes of the fullest stage.
  double predicted_memory(const Efficiency& efficiency) const;
};

/// Why `run` cannot be predicted on this hardware (no peak at its precision, no step time); empty where it
/// can.
std::string observation_problem(const MeasuredRun& run, const Accelerator& accelerator,
                                const Cluster& cluster);

/// Expects a run without observation_problem(); keeps a pointer to it.
Observation observe(const MeasuredRun& run, const Accelerator& accelerator, const Cluster& cluster);

}  // namespace trainbudget
