#include "core/measured_efficiency.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace trainbudget {
namespace {

// Kernels that move memory and nothing else, and those that are neither.
bool is_stream(const MeasuredKernel& kernel) {
  return kernel.kernel.rfind("stream_", 0) == 0;
}
bool is_wkv(const MeasuredKernel& kernel) {
  return kernel.kernel.rfind("wkv", 0) == 0;
}

/// Timings after a flush of the cache are of no launch of a step.
bool in_sequence(const std::string& mode) {
  return mode == "repeated";
}

/// A pass that moves less than this fits in part into a cache and says nothing about memory.
constexpr double caches_beyond = 2.0;

/// The words of `text` in lower case: letters and digits between anything else.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words(1);
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  return words;
}

/// The first word of a profile's name that is not in the device's; the words after the one with the model
/// number ("sxm", "80gb") may be missing there.
std::string missing_word(std::string_view profile, std::string_view device) {
  const std::vector<std::string> present = words_of(device);
  for (const std::string& word : words_of(profile)) {
    if (std::find(present.begin(), present.end(), word) == present.end()) return word;
    if (word.find_first_of("0123456789") != std::string::npos) break;
  }
  return {};
}

Range quantiles(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {quantile_of_sorted(values, 0.1), quantile_of_sorted(values, 0.5), quantile_of_sorted(values, 0.9)};
}

Range seconds_range(const MeasuredTiming& timing) {
  return quantiles(counted_samples(timing));
}

/// `work` ÷ seconds over the samples of `timing`.
Range rate_range(const MeasuredTiming& timing, double work) {
  const Range seconds = seconds_range(timing);
  return {work / seconds.p90, work / seconds.p50, work / seconds.p10};
}

class Summing {
 public:
  Summing(const Measurement& measurement, const Accelerator& accelerator)
      : measurement_(measurement), accelerator_(accelerator) {
    result_.accelerator = accelerator.name;
    result_.device = measurement.device.name;
    result_.date = measurement.date;
    result_.memory_bandwidth = accelerator.memory_bandwidth.value.value;
    result_.software = "driver " + measurement.device.driver_version + ", CUDA " +
                       std::to_string(measurement.device.cuda_runtime / 1000) + "." +
                       std::to_string(measurement.device.cuda_runtime % 1000 / 10) + ", cuBLAS " +
                       measurement.device.cublas_version;
  }

  MeasuredEfficiency run() {
    add_gemms();
    add_memory();
    result_.wkv = recurrences_of(measurement_, accelerator_.name);
    add_launches();
    add_collectives();
    add_remarks();
    return std::move(result_);
  }

 private:
  Provenance measured(std::string note) const {
    return {.origin = Origin::measured,
            .source = "trainbudget-microbench " + measurement_.version + " on " + result_.device + ", " +
                      result_.software,
            .date = measurement_.date,
            .note = std::move(note)};
  }

  void add_gemms() {
    std::map<Precision, const MeasuredGemm*> fastest;
    const auto rate = [](const MeasuredGemm& gemm) { return gemm.flops / summary_of(gemm.timing).median; };
    for (const MeasuredGemm& gemm : measurement_.gemms) {
      if (!in_sequence(gemm.mode)) continue;
      const Sourced<FlopsPerSecond>* peak = find_peak(accelerator_.peak, gemm.precision);
      if (peak == nullptr) {
        result_.remarks.push_back(gemm.name + ": the profile has no peak at " +
                                  std::string(name_of(gemm.precision)));
        continue;
      }
      result_.gemm_points.push_back({.precision = gemm.precision,
                                     .pass = gemm.pass,
                                     .tokens = gemm.tokens,
                                     .n = gemm.n,
                                     .k = gemm.k,
                                     .count = gemm.count,
                                     .seconds = summary_of(gemm.timing).median,
                                     .fraction_of_peak = rate(gemm) / peak->value.value});
      const MeasuredGemm*& best = fastest[gemm.precision];
      if (best == nullptr || rate(gemm) > rate(*best)) best = &gemm;
    }
    for (const auto& [precision, gemm] : fastest) {
      if (gemm == nullptr) continue;
      const double peak = find_peak(accelerator_.peak, precision)->value.value;
      result_.gemm_ceilings.push_back(
          {.precision = precision,
           .fraction_of_peak = {rate_range(gemm->timing, gemm->flops / peak), measured(gemm->name)},
           .flops_per_second = rate(*gemm),
           .shape = gemm->name});
    }
  }

  bool fills_memory(const MeasuredKernel& kernel) const {
    return kernel.bytes > caches_beyond * measurement_.device.l2_bytes;
  }

  void add_memory() {
    const MeasuredKernel* best = nullptr;
    std::vector<double> fractions;
    const double peak = accelerator_.memory_bandwidth.value.value;
    const auto rate = [](const MeasuredKernel& kernel) {
      return kernel.bytes / summary_of(kernel.timing).median;
    };
    for (const MeasuredKernel& kernel : measurement_.kernels) {
      if (!in_sequence(kernel.mode) || kernel.bytes <= 0.0 || !fills_memory(kernel) || is_wkv(kernel))
        continue;
      if (!is_stream(kernel)) {
        fractions.push_back(rate(kernel) / peak);
      } else if (best == nullptr || rate(kernel) > rate(*best)) {
        best = &kernel;
      }
    }
    if (best != nullptr)
      result_.memory_fraction = {rate_range(best->timing, best->bytes / peak), measured(best->name)};
    if (!fractions.empty()) {
      const std::string note = "over " + std::to_string(fractions.size()) + " element-wise kernels";
      result_.elementwise_fraction = {quantiles(std::move(fractions)), measured(note)};
    }
  }

  void add_launches() {
    for (const MeasuredLaunch& launch : measurement_.launches) {
      auto& target = launch.mode == "graph" ? result_.graph_launch_seconds : result_.eager_launch_seconds;
      target = {seconds_range(launch.timing), measured("one launch, " + launch.mode)};
    }
  }

  void add_collectives() {
    using Key = std::tuple<Collective, int, int>;
    std::map<Key, std::pair<const MeasuredCollective*, const MeasuredCollective*>> extremes;
    for (const MeasuredCollective& each : measurement_.collectives) {
      auto& [smallest, largest] = extremes[{each.collective, each.ranks, each.ranks_per_node}];
      if (smallest == nullptr || each.bytes < smallest->bytes) smallest = &each;
      if (largest == nullptr || each.bytes > largest->bytes) largest = &each;
    }
    for (const auto& [key, pair] : extremes) {
      const Collective collective = std::get<0>(key);
      const int ranks = std::get<1>(key);
      const int ranks_per_node = std::get<2>(key);
      const auto& [smallest, largest] = pair;
      const double work = bus_bandwidth(collective, ranks, largest->bytes, 1.0);
      const auto note = [&](double bytes) {
        return std::string(name_of(collective)) + " of " +
               std::to_string(static_cast<long long>(std::llround(bytes))) + " bytes over " +
               std::to_string(ranks) + " ranks";
      };
      result_.tiers.push_back(
          {.collective = collective,
           .ranks = ranks,
           .ranks_per_node = ranks_per_node,
           .bus_bandwidth = {rate_range(largest->timing, work), measured(note(largest->bytes))},
           .latency = {seconds_range(smallest->timing), measured(note(smallest->bytes))}});
    }
  }

  template <class Items>
  void look_at(const Items& items) {
    for (const auto& item : items) {
      const MeasuredTiming& timing = item.timing;
      result_.samples += static_cast<int>(timing.samples.size());
      result_.throttled_samples += static_cast<int>(timing.throttled.size());
      if (timing.environment.other_processes > 0) others_ = true;
      if (timing.environment.readings == 0 || measurement_.device.highest_sm_clock <= 0.0) continue;
      const double fraction = timing.environment.lowest_sm_clock / measurement_.device.highest_sm_clock;
      double& lowest = result_.lowest_sm_clock_fraction;
      lowest = lowest == 0.0 ? fraction : std::min(lowest, fraction);
    }
  }

  void add_remarks() {
    look_at(measurement_.kernels);
    look_at(measurement_.gemms);
    look_at(measurement_.launches);
    look_at(measurement_.collectives);
    auto& remarks = result_.remarks;
    if (measurement_.interrupted) remarks.emplace_back("the measurement was interrupted");
    if (measurement_.effort == "quick") {
      remarks.emplace_back(
          "a quick measurement: each kernel for a tenth of a second, one model, ceilings in "
          "two precisions; run --full takes longer over each");
    }
    if (!measurement_.note.empty()) remarks.push_back(measurement_.note);
    if (!measurement_.failures.empty()) {
      remarks.push_back("could not be measured: " + std::to_string(measurement_.failures.size()) +
                        ", the first: " + measurement_.failures.front());
    }
    if (others_) remarks.emplace_back("other processes computed on the GPU while it was measured");
    if (result_.throttled_samples > 0) {
      remarks.push_back(
          std::to_string(result_.throttled_samples) + " of " + std::to_string(result_.samples) +
          " samples were taken while the GPU held back; they count only where a kernel has no others");
    }
    for (const GemmCeiling& ceiling : result_.gemm_ceilings) {
      if (ceiling.fraction_of_peak.value.p50 > 1.0) {
        remarks.push_back("matrix products in " + std::string(name_of(ceiling.precision)) +
                          " are faster than the datasheet's peak: is this the right accelerator profile?");
      }
    }
    if (result_.memory_fraction && result_.memory_fraction->value.p50 > 1.0)
      remarks.emplace_back(
          "memory is faster than the datasheet says: is this the right accelerator profile?");
  }

  const Measurement& measurement_;
  const Accelerator& accelerator_;
  MeasuredEfficiency result_;
  bool others_ = false;
};

}  // namespace

std::vector<WkvTable> recurrences_of(const Measurement& measurement, const std::string& accelerator) {
  std::map<std::pair<std::string, double>, WkvTable> tables;
  for (const MeasuredKernel& kernel : measurement.kernels) {
    if (!is_wkv(kernel) || !in_sequence(kernel.mode)) continue;
    // RWKV-4 is a recurrence per channel.
    const bool channels = kernel.shape.heads <= 0.0;
    const double head_size = channels ? 1.0 : kernel.shape.head_size;
    WkvTable& table = tables[{kernel.kernel, head_size}];
    table.kernel = kernel.kernel;
    table.accelerator = accelerator;
    table.head_size = head_size;
    const double heads = kernel.shape.batch * (channels ? kernel.shape.channels : kernel.shape.heads);
    if (kernel.resident_blocks > 0.0 && kernel.blocks > 0.0)
      table.resident_heads = kernel.resident_blocks * heads / kernel.blocks;
    const double seconds = summary_of(kernel.timing).median;
    const auto known = std::find_if(table.points.begin(), table.points.end(), [&](const WkvPoint& point) {
      return point.heads == heads && point.sequence == kernel.shape.sequence;
    });
    // Measured as part of two models, or of a model and the sweep: the faster run was disturbed less.
    if (known == table.points.end()) {
      table.points.push_back({.heads = heads, .sequence = kernel.shape.sequence, .seconds = seconds});
    } else {
      known->seconds = std::min(known->seconds, seconds);
    }
  }
  std::vector<WkvTable> result;
  result.reserve(tables.size());
  for (auto& [key, table] : tables)
    result.push_back(std::move(table));
  return result;
}

std::string mismatch(const Measurement& measurement, const Accelerator& accelerator) {
  if (measurement.machine != "gpu")
    return "it was made on the " + measurement.machine + " machine, whose times say nothing about a GPU";
  const std::string word = missing_word(accelerator.name, measurement.device.name);
  if (!word.empty())
    return "it was made on '" + measurement.device.name + "', which does not name '" + word + "'";
  const double expected = accelerator.memory_capacity.value.value;
  const double ratio = measurement.device.memory_bytes / expected;
  if (ratio < 0.94 || ratio > 1.10) {
    const auto gigabytes = [](double bytes) { return std::to_string(std::llround(bytes * 1e-9)) + " GB"; };
    return "its GPU has " + gigabytes(measurement.device.memory_bytes) + " of memory, " + accelerator.name +
           " has " + gigabytes(expected);
  }
  return {};
}

MeasuredEfficiency measured_efficiency(const Measurement& measurement, const Accelerator& accelerator) {
  return Summing(measurement, accelerator).run();
}

}  // namespace trainbudget
