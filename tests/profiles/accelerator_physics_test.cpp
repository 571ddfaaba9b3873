// Rules of thumb that hold for real accelerators. A departure is declared in the profile, with its reason; a
// declared departure that is none is an error too, so that a corrected number takes its excuse with it.
#include "catch.h"
#include "core/hardware_doubts.h"
#include "profiles.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

using namespace trainbudget;

namespace {

double peak(const Accelerator& gpu, Precision precision) {
  const auto* found = find_peak(gpu.peak, precision);
  return found == nullptr ? 0.0 : found->value.value;
}

bool near(double value, double wanted) {
  return std::abs(value / wanted - 1.0) < 0.03;  // datasheets round to three digits, some to two
}

/// nullopt where the rule says nothing about the accelerator.
using Rule = std::function<std::optional<bool>(const Accelerator&)>;

Rule ratio(Precision upper, Precision lower, double wanted) {
  return [=](const Accelerator& gpu) -> std::optional<bool> {
    if (peak(gpu, upper) == 0.0 || peak(gpu, lower) == 0.0) return std::nullopt;
    return near(peak(gpu, upper) / peak(gpu, lower), wanted);
  };
}

std::optional<bool> sparse_is_twice_dense(const Accelerator& gpu) {
  std::optional<bool> holds;
  for (const Precision precision : all_precisions) {
    const auto* sparse = find_peak(gpu.sparse_peak, precision);
    if (sparse != nullptr)
      holds = holds.value_or(true) && near(sparse->value.value / peak(gpu, precision), 2.0);
  }
  return holds;
}

std::optional<bool> tf32_is_half_bf16(const Accelerator& gpu) {
  if (gpu.vendor != "NVIDIA" && gpu.vendor != "AMD") return std::nullopt;
  return ratio(Precision::bf16, Precision::tf32, 2.0)(gpu);
}

constexpr double pcie_5 = 64e9;

std::optional<bool> domain_of_one_is_pcie(const Accelerator& gpu) {
  if (gpu.scale_up.domain.value > 1.0) return std::nullopt;
  return gpu.scale_up.bandwidth.value.value <= pcie_5;
}

std::optional<bool> domain_beats_pcie(const Accelerator& gpu) {
  if (gpu.scale_up.domain.value <= 1.0) return std::nullopt;
  return gpu.scale_up.bandwidth.value.value > 31e9;
}

struct NamedRule {
  const char* name;
  Rule holds;
};

const NamedRule rules[] = {
    {"fp8_is_twice_bf16", ratio(Precision::fp8, Precision::bf16, 2.0)},
    {"fp4_is_twice_fp8", ratio(Precision::fp4, Precision::fp8, 2.0)},
    {"fp16_equals_bf16", ratio(Precision::fp16, Precision::bf16, 1.0)},
    {"tf32_is_half_bf16", tf32_is_half_bf16},
    {"sparse_is_twice_dense", sparse_is_twice_dense},
    {"domain_of_one_is_pcie", domain_of_one_is_pcie},
    {"domain_beats_pcie", domain_beats_pcie},
};

bool declares(const Accelerator& gpu, const std::string& rule) {
  for (const DeclaredException& exception : gpu.exceptions) {
    if (exception.rule == rule) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("ratios between precisions and links hold, or the profile says why not") {
  for (const Accelerator& gpu : profiles::all_accelerators()) {
    for (const NamedRule& rule : rules) {
      INFO(gpu.name << ": " << rule.name);
      const std::optional<bool> holds = rule.holds(gpu);
      const bool departs = holds.has_value() && !*holds;
      CHECK(departs == declares(gpu, rule.name));
    }
  }
}

TEST_CASE("declared exceptions name a rule that exists and a reason") {
  std::set<std::string> known;
  for (const NamedRule& rule : rules)
    known.insert(rule.name);
  for (const Accelerator& gpu : profiles::all_accelerators()) {
    for (const DeclaredException& exception : gpu.exceptions) {
      INFO(gpu.name << ": " << exception.rule);
      CHECK(known.contains(exception.rule));
      CHECK_FALSE(exception.note.empty());
    }
  }
}

TEST_CASE("a rule of thumb notices a wrong number") {
  Accelerator gpu = io::find_accelerator(profiles::folder(), "h100-sxm-80gb", {});
  CHECK(ratio(Precision::fp8, Precision::bf16, 2.0)(gpu) == true);
  gpu.peak[static_cast<std::size_t>(Precision::fp8)]->value = FlopsPerSecond(3958e12);  // the sparse one
  CHECK(ratio(Precision::fp8, Precision::bf16, 2.0)(gpu) == false);
}

TEST_CASE("narrower numbers are never slower, sparse ones never slower than dense") {
  constexpr Precision widest_first[] = {Precision::fp64, Precision::fp32, Precision::tf32,
                                        Precision::bf16, Precision::fp8,  Precision::fp4};
  for (const Accelerator& gpu : profiles::all_accelerators()) {
    INFO(gpu.name);
    double slowest = 0.0;
    for (const Precision precision : widest_first) {
      if (peak(gpu, precision) == 0.0) continue;
      CHECK(peak(gpu, precision) >= slowest);
      slowest = peak(gpu, precision);
    }
    for (const Precision precision : all_precisions) {
      const auto* sparse = find_peak(gpu.sparse_peak, precision);
      if (sparse == nullptr) continue;
      REQUIRE(peak(gpu, precision) > 0.0);
      CHECK(sparse->value.value >= peak(gpu, precision));
    }
    if (peak(gpu, Precision::fp64_tensor) > 0.0)
      CHECK(peak(gpu, Precision::fp64_tensor) >= peak(gpu, Precision::fp64));
  }
}

TEST_CASE("memory is neither faster nor larger than any that was built") {
  for (const Accelerator& gpu : profiles::all_accelerators()) {
    INFO(gpu.name);
    const double bandwidth = gpu.memory_bandwidth.value.value;
    const double capacity = gpu.memory_capacity.value.value;
    CHECK(bandwidth >= 200e9);
    CHECK(bandwidth <= 30e12);
    CHECK(capacity >= 16e9);
    CHECK(capacity <= 512e9);
    // Time to read all of it once: 12 ms (MI455X is at 19) to half a second (LPDDR).
    CHECK(capacity / bandwidth >= 0.012);
    CHECK(capacity / bandwidth <= 0.5);
    // FLOPs per byte at the ridge of the roofline, at the widest of the 16-bit precisions.
    const double half = std::max(peak(gpu, Precision::bf16), peak(gpu, Precision::fp16));
    CHECK(half / bandwidth >= 20.0);
    CHECK(half / bandwidth <= 600.0);
  }
}

TEST_CASE("the clock of a peak is that of its multiprocessors") {
  // FLOP of one multiprocessor in one clock at 16 bit: Volta, Ampere, Hopper.
  const auto per_clock = [](int year) { return year < 2020 ? 1024.0 : year < 2022 ? 2048.0 : 4096.0; };
  const std::map<std::string, double> multiprocessors = {
      {"v100-sxm-16gb", 80},   {"v100-sxm-32gb", 80},  {"a100-sxm-80gb", 108},  {"a100-pcie-40gb", 108},
      {"h100-pcie-80gb", 114}, {"h100-sxm-80gb", 132}, {"h200-sxm-141gb", 132}, {"gh200-96gb", 132}};
  int known = 0;
  for (const Accelerator& gpu : profiles::all_accelerators()) {
    const auto found = multiprocessors.find(gpu.name);
    if (found == multiprocessors.end()) continue;
    INFO(gpu.name);
    REQUIRE(gpu.peak_clock);
    ++known;
    // Peaks are printed in three digits.
    CHECK(peak(gpu, Precision::fp16) ==
          Approx(gpu.peak_clock->value.value * found->second * per_clock(gpu.year)).epsilon(0.003));
  }
  CHECK(known == 8);
}

TEST_CASE("links are slower than memory, networks no faster than links, domains whole") {
  for (const Accelerator& gpu : profiles::all_accelerators()) {
    INFO(gpu.name);
    const double link = gpu.scale_up.bandwidth.value.value;
    const double domain = gpu.scale_up.domain.value;
    CHECK(link < gpu.memory_bandwidth.value.value);
    CHECK(domain >= 1.0);
    CHECK(domain <= 10000.0);
    CHECK(domain == std::floor(domain));
    // Both directions of all links of a domain: one vendor's whole pod stays below 20 PB/s.
    CHECK(2.0 * link * domain <= 20e15);
    if (gpu.scale_out_bandwidth) CHECK(gpu.scale_out_bandwidth->value.value <= link);
  }
}

TEST_CASE("power is that of one accelerator, and newer ones do more with it") {
  for (const Accelerator& gpu : profiles::all_accelerators()) {
    if (!gpu.tdp) continue;
    INFO(gpu.name);
    const double watts = gpu.tdp->value.value;
    CHECK(watts >= 50.0);
    CHECK(watts <= 2500.0);
    if (gpu.average_power) CHECK(gpu.average_power->value.value < watts);
    const double per_watt = std::max(peak(gpu, Precision::bf16), peak(gpu, Precision::fp16)) / watts;
    CHECK(per_watt >= (gpu.year < 2020 ? 0.05e12 : 0.2e12));
    CHECK(per_watt <= 5e12);
  }
}

TEST_CASE("what has no bf16 unit has no bf16 peak") {
  for (const char* name : {"p100-sxm-16gb", "v100-sxm-32gb", "t4"}) {
    INFO(name);
    CHECK(peak(io::find_accelerator(profiles::folder(), name, {}), Precision::bf16) == 0.0);
  }
}

TEST_CASE("profiles that ship are beyond doubt, and slips of a user's own are told") {
  for (const Accelerator& gpu : profiles::all_accelerators())
    CHECK(doubts(gpu) == std::vector<std::string>{});
  const Accelerator good = io::find_accelerator(profiles::folder(), "h100-sxm-80gb", {});
  const auto at = [](Precision precision) { return static_cast<std::size_t>(precision); };
  const auto only = [](const Accelerator& gpu) {
    const std::vector<std::string> found = doubts(gpu);
    return found.size() == 1 ? found.front() : std::to_string(found.size()) + " doubts";
  };
  Accelerator gpu = good;
  gpu.peak[at(Precision::bf16)]->value = gpu.sparse_peak[at(Precision::bf16)]->value;
  CHECK_THAT(only(gpu), ContainsSubstring("peak.bf16 is no less than sparse_peak.bf16"));
  gpu.exceptions.push_back({.rule = "sparse_is_twice_dense", .note = "meant"});
  CHECK(doubts(gpu).empty());
  gpu = good;
  gpu.peak[at(Precision::fp8)]->value = FlopsPerSecond(900e12);
  CHECK_THAT(only(gpu), ContainsSubstring("peak.fp8 is less than peak.bf16"));
  gpu = good;
  gpu.scale_up.bandwidth.value = gpu.memory_bandwidth.value;
  CHECK_THAT(only(gpu), ContainsSubstring("scale_up.bandwidth is no less than memory.bandwidth"));
  gpu = good;
  gpu.scale_out_bandwidth->value = BytesPerSecond(900e9);
  CHECK_THAT(only(gpu), ContainsSubstring("scale_out is faster than scale_up.bandwidth"));
}

TEST_CASE("clusters that ship are beyond doubt, and groups or links that cannot be are told") {
  for (const Cluster& cluster : profiles::all_clusters()) {
    INFO(cluster.name);
    CHECK(doubts(cluster) == std::vector<std::string>{});
  }
  const Cluster good = io::find_cluster(profiles::folder(), "hgx-h100", {});
  Cluster cluster = good;
  cluster.tiers[0].group_size->value = 7.0;
  CHECK(doubts(cluster) == std::vector<std::string>{"tier 'nvlink': group_size 7 and accelerators_per_node "
                                                    "8: neither holds the other whole"});
  cluster = good;
  cluster.tiers[1].bandwidth.value = BytesPerSecond(900e9);
  CHECK(doubts(cluster) ==
        std::vector<std::string>{"tier 'infiniband': bandwidth is more than that of 'nvlink' inside of it"});
}
