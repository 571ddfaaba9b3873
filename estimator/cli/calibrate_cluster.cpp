#include "cli/calibrate_cluster.h"

#include "cli/output.h"
#include "core/measured_efficiency.h"
#include "core/tier_fit.h"
#include "io/accelerator_file.h"
#include "io/cluster_file.h"
#include "io/file.h"

#include <filesystem>
#include <regex>

#include <fmt/format.h>

namespace trainbudget::cli {
namespace {

/// The name that a profile in `file` has.
std::string profile_name(const std::string& file) {
  const std::filesystem::path path(file);
  std::string name = path.stem().string();
  if (path.extension() != ".yaml" || !std::regex_match(name, std::regex("[a-z0-9]+(-[a-z0-9]+)*"))) {
    throw io::InputError(io::option_location("-o", file), "a cluster's profile cannot be called so",
                         "small letters, digits and single dashes, then .yaml: my-cluster.yaml");
  }
  return name;
}

std::string line_of(const Tier& tier, const TierFit& fit) {
  const std::string latency =
      fit.latency > 0.0 ? fmt::format("{:.2f} µs a hop", 1e6 * fit.latency) : "latency too small to be seen";
  return fmt::format(
      "  {:12} {:9.2f} GB/s, {}; {} timings over {} ranks\n"
      "  {:12} the fit is off by {:.1f} % in the mean, {:.1f} % at most ({})\n",
      tier.name, 1e-9 * fit.bandwidth, latency, fit.messages, fit.ranks, "", 100.0 * fit.mean_error,
      100.0 * fit.largest_error, fit.worst);
}

}  // namespace

bool holds_collectives_alone(const Measurement& measurement) {
  return !measurement.collectives.empty() && measurement.kernels.empty() && measurement.gemms.empty() &&
         measurement.launches.empty();
}

void calibrate_cluster(const io::ProfileFolder& profiles, const Measurement& measurement,
                       const ClusterCalibration& request) {
  const io::Location from = io::option_location("--from", request.from);
  if (request.cluster.empty()) {
    throw io::InputError(from, "of which cluster are these the tiers?",
                         "--cluster NAME: 'trainbudget hardware list --clusters' shows all");
  }
  const io::Location where = io::option_location("--cluster", request.cluster);
  const Cluster known = io::find_cluster(profiles, request.cluster, where);
  const Accelerator accelerator = io::find_accelerator(profiles, known.accelerator, where);
  if (const std::string reason = mismatch(measurement, accelerator); !reason.empty())
    throw io::InputError(from, "this measurement does not speak for " + known.name + ": " + reason);
  Cluster cluster = known;
  cluster.name = profile_name(request.out);
  cluster.title = known.title + ", measured " + measurement.date;
  cluster.aliases.clear();
  std::vector<TierFit> fits;
  try {
    fits = fit_tiers(measurement, known);
  } catch (const NoTier& error) {
    throw io::InputError(from,
                         "no tier of " + known.name + " follows from this measurement: " + error.what());
  }
  cluster = with_tiers(std::move(cluster), fits, measurement);
  io::write_file(request.out, io::write_cluster_profile(cluster));
  std::string text = fmt::format("{} from {} on {}, {}\n", cluster.name, known.name, measurement.device.name,
                                 measurement.date);
  for (const TierFit& fit : fits)
    text += line_of(cluster.tiers[fit.tier], fit);
  for (std::size_t i = 0; i < cluster.tiers.size(); ++i) {
    if (cluster.tiers[i].bandwidth.provenance.origin != Origin::measured)
      text += fmt::format("  {:12} as in {}: not measured\n", cluster.tiers[i].name, known.name);
  }
  write_stdout(text);
}

}  // namespace trainbudget::cli
