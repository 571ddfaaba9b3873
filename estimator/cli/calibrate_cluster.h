// calibrate --cluster: a cluster's tiers from timed collectives.
#pragma once

#include "core/measurement.h"
#include "io/profile_folder.h"

#include <string>

namespace trainbudget::cli {

/// A measurement that speaks for a cluster and for nothing else.
bool holds_collectives_alone(const Measurement& measurement);

struct ClusterCalibration {
  std::string from;     ///< where the measurement was read
  std::string cluster;  ///< the profile to start from
  std::string out;      ///< the profile to write; it is called what its file is
};

/// Throws InputError where the measurement does not speak for the cluster.
void calibrate_cluster(const io::ProfileFolder& profiles, const Measurement& measurement,
                       const ClusterCalibration& request);

}  // namespace trainbudget::cli
