// A measurement as efficiencies: what fraction of its datasheet one GPU reaches, each with its spread and
// where it was measured. Facts only; what a model of the step makes of them is fitted elsewhere.
#pragma once

#include "core/measurement.h"
#include "core/provenance.h"
#include "core/uncertainty.h"
#include "core/wkv_time.h"

#include <optional>
#include <string>
#include <vector>

namespace trainbudget {

/// The best that matrix products of one precision reached: the shape whose median is fastest.
struct GemmCeiling {
  Precision precision = Precision::bf16;
  Sourced<Range> fraction_of_peak;  ///< spread over the samples of that shape
  double flops_per_second = 0.0;    ///< median
  std::string shape;                ///< its name
};

/// One matrix product, for whoever fits how the fraction falls with size.
struct GemmPoint {
  Precision precision = Precision::bf16;
  std::string pass;
  double tokens = 0.0, n = 0.0, k = 0.0, count = 1.0;
  double seconds = 0.0;  ///< median
  double fraction_of_peak = 0.0;
};

struct TierBandwidth {
  Collective collective = Collective::all_reduce;
  int ranks = 0, ranks_per_node = 0;
  Sourced<Range> bus_bandwidth;  ///< bytes per second, at the largest message
  Sourced<Range> latency;        ///< seconds of the smallest message
  /// Of ranks within one node or between nodes.
  bool within_node() const { return ranks <= ranks_per_node; }
};

struct MeasuredEfficiency {
  std::string accelerator;  ///< profile name
  std::string device;       ///< as the driver calls it
  std::string date;
  std::string software;  ///< driver, CUDA, cuBLAS

  double memory_bandwidth = 0.0;  ///< bytes per second, of the datasheet

  std::vector<GemmCeiling> gemm_ceilings;
  std::vector<GemmPoint> gemm_points;
  std::optional<Sourced<Range>> memory_fraction;       ///< best memory stream ÷ datasheet bandwidth
  std::optional<Sourced<Range>> elementwise_fraction;  ///< over the element-wise kernels, each by its median
  std::vector<WkvTable> wkv;
  std::optional<Sourced<Range>> eager_launch_seconds;
  std::optional<Sourced<Range>> graph_launch_seconds;
  std::vector<TierBandwidth> tiers;

  double lowest_sm_clock_fraction = 0.0;  ///< of the highest, over all timings; zero where it is not known
  int throttled_samples = 0, samples = 0;
  std::vector<std::string> remarks;  ///< what a reader must know: left out, implausible, throttled
};

/// Why `measurement` does not speak for `accelerator`, or an empty sentence: it was not made on a GPU, the
/// device's name lacks the model name of the profile's, or its memory is not
/// that of the profile: from 6 % less (ECC) to 10 % more (GiB sold as GB).
std::string mismatch(const Measurement& measurement, const Accelerator& accelerator);

/// The recurrences of `measurement`, one table per kernel and head size, as of `accelerator`.
std::vector<WkvTable> recurrences_of(const Measurement& measurement, const std::string& accelerator);

/// `measurement` must match `accelerator`. Only timings back to back count, as launches follow each other in
/// a step; those after a flush of the cache are for the reader of the file.
MeasuredEfficiency measured_efficiency(const Measurement& measurement, const Accelerator& accelerator);

}  // namespace trainbudget
