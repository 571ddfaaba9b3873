// A cluster's tiers from timed collectives: the bandwidth and the hop latency with which the ring model of
// core/collectives.h comes closest to what was measured.
#pragma once

#include "core/measurement.h"

#include <stdexcept>
#include <string>
#include <vector>

namespace trainbudget {

/// One tier, fitted.
struct TierFit {
  std::size_t tier = 0;  ///< index into the cluster's tiers
  int ranks = 0, ranks_per_node = 0;
  double bandwidth = 0.0;   ///< bytes/s per accelerator and direction
  double latency = 0.0;     ///< seconds of one hop, at least zero
  int messages = 0;         ///< timings that were fitted
  double mean_error = 0.0;  ///< of |time of the model ÷ measured − 1|
  double largest_error = 0.0;
  std::string worst;  ///< where the largest error is: "all_reduce of 1048576 bytes"
};

/// Why no tier can be made of a measurement, in one sentence.
class NoTier : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The tiers of `cluster` that `measurement` reached, innermost first. A group of ranks belongs to the
/// innermost tier that holds it, and the largest group of a tier speaks for it. Time is
///   rounds · (hops · latency + bytes · (n − 1)/n ÷ (links · bandwidth)),
/// with two rounds for an all-reduce, one for a reduce-scatter and an all-gather; `links` is the number of
/// ranks that the tier below ties together, whose own hops, as fitted here or stated in the profile, are
/// taken off. Least squares of relative errors over all messages, so that small ones decide the latency and
/// large ones the bandwidth. Throws NoTier.
std::vector<TierFit> fit_tiers(const Measurement& measurement, const Cluster& cluster);

/// `cluster` with what `fits` say in place of its own figures, as measured. Figures that were not measured
/// stay as they were, and so does a latency that is too small to be seen.
Cluster with_tiers(Cluster cluster, const std::vector<TierFit>& fits, const Measurement& measurement);

}  // namespace trainbudget
