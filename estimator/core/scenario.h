// One run to be estimated: what is trained, on what, at which price. Every number with its provenance.
#pragma once

#include "core/hardware.h"
#include "core/provenance.h"
#include "core/quantity.h"
#include "core/uncertainty.h"

#include <optional>
#include <string>
#include <vector>

namespace trainbudget {

/// A range of values and where it came from.
using SourcedRange = Sourced<Range>;

/// Electrical power of one accelerator and its share of the server and the building.
struct PowerModel {
  SourcedRange load_fraction;     ///< of the TDP, averaged over the run
  SourcedRange overhead_watts;    ///< CPUs, memory, NICs, fans: per accelerator
  SourcedRange network_fraction;  ///< switches and optics between the servers, on top of both
  SourcedRange pue;               ///< power usage effectiveness of the building, ≥ 1
};

struct Scenario {
  std::string name;
  Sourced<double> parameters;  ///< trained parameters N
  Sourced<Tokens> tokens;      ///< training tokens D
  Accelerator accelerator;
  Sourced<double> gpus;                           ///< accelerators held for the whole run
  Sourced<Precision> precision;                   ///< of the matrix products
  SourcedRange model_flops_utilization;           ///< fractions in (0, 1]
  SourcedRange whole_run_fraction;                ///< what of the paid hours makes progress, in (0, 1]
  std::optional<SourcedRange> price;              ///< US dollars per GPU-hour; absent: unknown
  std::optional<PowerModel> power;                ///< absent: unknown
  std::optional<Sourced<double>> used_gpu_hours;  ///< what a finished run really used, for comparison

  std::vector<std::string> assumptions;  ///< what had to be assumed to build this scenario, for the report
  std::vector<std::string> warnings;
};

}  // namespace trainbudget
