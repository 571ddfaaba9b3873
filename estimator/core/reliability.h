// What is known of a run's interruptions, and the share of its time that is left to work: with ranges.
#pragma once

#include "core/goodput.h"
#include "core/provenance.h"
#include "core/spot.h"
#include "core/uncertainty.h"
#include "core/workload.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget {

struct Reliability {
  Sourced<Range> gpu_hours_per_interruption;  ///< hours of one accelerator
  Sourced<double> checkpoint_bytes;           ///< of the whole job
  Sourced<Range> checkpoint_bandwidth;        ///< bytes per second, of the whole job while it stands still
  std::optional<Sourced<double>> interval;    ///< seconds of work between checkpoints; absent: the best
  Sourced<Range> restart_seconds;             ///< detection, replacement, loading, warm-up
  Sourced<Range> stalls;                      ///< share of the time in evaluation and waiting for data
  std::optional<Sourced<double>> spare_gpus;  ///< paid and not working, on top of the run's
  Sourced<Range> residual;                    ///< what whole runs kept of the goodput computed for them
  std::optional<Spot> spot;                   ///< absent: nothing is taken back
};

struct InterruptionRate {
  std::vector<std::string> accelerators;  ///< empty: any
  Sourced<Range> gpu_hours;
};

struct SpotNotice {
  std::vector<std::string> providers;  ///< empty: any
  Sourced<double> seconds;
};

/// A whole run of which both utilisations are known: what was paid for, and what was kept.
struct ObservedRun {
  std::string name;
  std::string accelerator;
  double parameters = 0.0;
  double gpus = 0.0;
  double ratio = 0.0;  ///< utilisation over all paid hours ÷ steady state
};

/// What is known of failures in general. Data: hardware_profiles/reliability.yaml.
struct ReliabilityDefaults {
  std::vector<InterruptionRate> interruptions;  ///< the first that fits is taken; the last fits all
  Sourced<Range> bandwidth_per_gpu;
  Sourced<double> checkpoint_bytes_per_parameter;
  Sourced<Range> restart_seconds;
  Sourced<Range> stalls;
  std::vector<SpotNotice> notices;  ///< the first that fits is taken; the last fits all
  Sourced<Range> replacement_seconds;
  std::vector<ObservedRun> runs;
  Sourced<Range> residual;  ///< residual_of() them
};

/// The defaults for a job of `parameters` on `gpus` of `accelerator`.
Reliability default_reliability(const ReliabilityDefaults& defaults, std::string_view accelerator,
                                double gpus, double parameters);

/// How long `provider` warns before it takes an instance back.
Sourced<double> default_notice(const ReliabilityDefaults& defaults, std::string_view provider);

/// Trained weights in 16 bit, master copy and optimizer states of the whole model, bytes: what a checkpoint
/// has to hold.
double checkpoint_bytes(const Workload& workload);

/// What the observed runs kept of the goodput computed for them: P10, P50 and P90 of ratio ÷ goodput, with
/// linear interpolation, at most 1. A total that multiplies goodput by it counts no loss twice.
Range residual_of(const ReliabilityDefaults& defaults);

/// The job at the medians.
Interruptions interruptions_of(const Reliability& reliability, double gpus);

struct Goodput {
  Range fraction;         ///< of the time, that is work; stalls are out, the residual is not
  Interruptions typical;  ///< at the medians
  double interval = 0.0;  ///< seconds between checkpoints, at the medians
  Waste waste;            ///< at the medians, of the time outside stalls
};

/// Pre-emptions of unknown frequency are left out. Each input is moved to its P10 and P90 with the others at
/// their medians; the logarithms are Deviations (core/uncertainty.h). With no interval given, a run keeps the
/// best one for what it expects, not for what then happens.
Goodput goodput(const Reliability& reliability, double gpus);

}  // namespace trainbudget
