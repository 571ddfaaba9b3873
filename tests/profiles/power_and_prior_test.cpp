// The priors of efficiency and power: they load, cover what they must, and are found in the right order.
#include "catch.h"
#include "io/csv.h"
#include "io/efficiency_prior_file.h"
#include "io/power_file.h"
#include "profiles.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

using namespace trainbudget;

namespace {

EfficiencyPriors priors() {
  return io::read_efficiency_priors(profiles::folder().path("efficiency/prior.yaml"));
}

PowerDefaults power() {
  return io::read_power_defaults(profiles::folder().path("power.yaml"));
}

Accelerator accelerator(const char* name) {
  return io::find_accelerator(profiles::folder(), name, {});
}

std::optional<EfficiencyPrior> find(const EfficiencyPriors& priors, const char* name, Precision precision,
                                    double gpus, bool mixture = false) {
  const Accelerator gpu = accelerator(name);
  return find_prior(
      priors, {.accelerator = gpu, .precision = precision, .gpus = gpus, .mixture_of_experts = mixture});
}

void check_same(Range a, Range b) {
  CHECK(a.p10 == Approx(b.p10));
  CHECK(a.p50 == Approx(b.p50));
  CHECK(a.p90 == Approx(b.p90));
}

}  // namespace

TEST_CASE("every accelerator has a prior for the 16-bit and FP8 training that it can do, at any scale") {
  const EfficiencyPriors all = priors();
  for (const Accelerator& gpu : profiles::all_accelerators()) {
    for (const Precision precision : {Precision::bf16, Precision::fp16, Precision::fp8}) {
      for (const double gpus : {1.0, 8.0, 9.0, 64.0, 65.0, 512.0, 513.0, 100000.0}) {
        INFO(gpu.name << " " << name_of(precision) << " " << gpus);
        const bool sixteen = precision != Precision::fp8;
        CHECK(find_prior(all, {.accelerator = gpu, .precision = precision, .gpus = gpus}).has_value() ==
              (sixteen || find_peak(gpu.peak, precision) != nullptr));
      }
    }
  }
  CHECK_FALSE(find(all, "b200-sxm-180gb", Precision::fp4, 8));  // nobody said which rows were FP4
  CHECK_FALSE(find(all, "a100-sxm-80gb", Precision::fp8, 8));
}

TEST_CASE("fp8 is as much faster as published pairs say, on every accelerator") {
  const EfficiencyPriors all = priors();
  const double gain = all.eight_bit.six_n.p50;
  CHECK(gain > 1.1);
  CHECK(gain < 1.6);
  for (const char* name : {"h100-sxm-80gb", "b200-sxm-180gb", "rtx-4090"}) {
    INFO(name);
    const PeakTable peak = accelerator(name).peak;
    const double ratio = find_peak(peak, Precision::fp8)->value / find_peak(peak, Precision::bf16)->value;
    const auto bf16 = find(all, name, Precision::bf16, 256);
    const auto fp8 = find(all, name, Precision::fp8, 256);
    REQUIRE((bf16 && fp8));
    check_same(fp8->six_n * ratio, combined(bf16->six_n, all.eight_bit.six_n));
    check_same(fp8->causal * ratio, combined(bf16->causal, all.eight_bit.causal));
    CHECK(fp8->six_n.p90 / fp8->six_n.p10 > bf16->six_n.p90 / bf16->six_n.p10);
  }
}

TEST_CASE("a mixture of experts reaches less of the peak than a dense model, and less surely") {
  const EfficiencyPriors all = priors();
  const auto dense = find(all, "h100-sxm-80gb", Precision::bf16, 64);
  const auto mixture = find(all, "h100-sxm-80gb", Precision::bf16, 64, true);
  REQUIRE((dense && mixture));
  CHECK(mixture->six_n == combined(dense->six_n, all.mixtures.six_n));
  CHECK(mixture->causal == combined(dense->causal, all.mixtures.causal));
  CHECK(mixture->six_n.p90 < dense->six_n.p90);
  CHECK(mixture->six_n.p90 / mixture->six_n.p10 > dense->six_n.p90 / dense->six_n.p10);
}

TEST_CASE("priors are shares of a peak, ordered, and say how many rows they rest on") {
  const auto known = profiles::folder().names("accelerators");
  for (const EfficiencyPrior& prior : priors().steady_state) {
    CHECK(prior.six_n.p10 > 0.05);
    CHECK(prior.six_n.p90 < 0.60);
    CHECK(prior.six_n.p10 < prior.six_n.p50);
    CHECK(prior.six_n.p50 < prior.six_n.p90);
    // Attention adds FLOPs: the same measurements, counted with it, can only be larger.
    CHECK(prior.causal.p10 >= prior.six_n.p10);
    CHECK(prior.causal.p50 >= prior.six_n.p50);
    CHECK(prior.causal.p90 >= prior.six_n.p90);
    CHECK(prior.rows >= 4);
    CHECK(prior.publishers >= 1);
    for (const std::string& name : prior.accelerators)
      CHECK(std::binary_search(known.begin(), known.end(), name));
  }
}

TEST_CASE("a measured family goes before the pool, and the pool is the widest") {
  const EfficiencyPriors all = priors();
  const auto a100 = find(all, "a100-sxm-80gb", Precision::bf16, 24);  // the middle of 9 and 64
  CHECK_FALSE(a100->is_pooled());
  CHECK(a100->rows == 41);
  CHECK(a100->six_n.p50 == Approx(0.466));
  const auto pool = find(all, "rtx-4090", Precision::bf16, 64);
  CHECK(pool->is_pooled());
  CHECK_FALSE(pool->note.empty());
  for (const EfficiencyPrior& prior : all.steady_state) {
    if (prior.is_pooled()) continue;
    CHECK(prior.six_n.p90 / prior.six_n.p10 < pool->six_n.p90 / pool->six_n.p10);
  }
}

TEST_CASE("a prior goes from the middle of one range of accelerators to that of the next without a step") {
  const EfficiencyPriors all = priors();
  for (const char* name : {"a100-sxm-80gb", "h100-sxm-80gb", "b200-sxm-180gb", "tpu-v5p", "rtx-4090"}) {
    const Accelerator gpu = accelerator(name);
    for (const Precision precision : {Precision::bf16, Precision::fp8}) {
      if (find_peak(gpu.peak, precision) == nullptr) continue;
      for (double gpus = 1.0; gpus < 2000.0; gpus += 1.0) {
        const auto here = find_prior(all, {.accelerator = gpu, .precision = precision, .gpus = gpus});
        const auto next = find_prior(all, {.accelerator = gpu, .precision = precision, .gpus = gpus + 1.0});
        REQUIRE((here && next));
        // An eighth more of so few accelerators is a tenth of the way at most.
        const double most = gpus < 8.0 ? 0.2 : 0.04;
        CHECK(std::abs(std::log(next->six_n.p50 / here->six_n.p50)) < most);
        CHECK(here->six_n.p10 < here->six_n.p50);
        CHECK(here->six_n.p50 < here->six_n.p90);
      }
    }
  }
  // Half way, logarithmically, between √(9·64) = 24 and √(65·512) = 182.4: half of 46.6 % and of 31.7 %.
  const auto half = find(all, "a100-sxm-80gb", Precision::bf16, std::sqrt(24.0 * std::sqrt(65.0 * 512.0)));
  CHECK(half->six_n.p50 == Approx(0.5 * (0.466 + 0.317)));
  CHECK(half->rows == 41 + 169);
  // Beyond the last middle nothing changes.
  CHECK(find(all, "a100-sxm-80gb", Precision::bf16, 1026)->six_n.p50 == Approx(0.347));
  CHECK(find(all, "a100-sxm-80gb", Precision::bf16, 1e6)->six_n.p50 == Approx(0.347));
  CHECK(find(all, "a100-sxm-80gb", Precision::bf16, 1)->six_n.p50 == Approx(0.386));
}

TEST_CASE("power: load, server and building are found for provider and region") {
  const auto h100 = power_model(power(), accelerator("h100-sxm-80gb"), "gcp", "us-east4");
  REQUIRE(h100);
  CHECK(h100->load_fraction.value == Range{0.65, 0.80, 0.95});
  CHECK(h100->overhead_watts.value == Range{300, 375, 450});
  CHECK(h100->pue.value == exactly(1.08));
  CHECK(power_model(power(), accelerator("h100-sxm-80gb"), "gcp", "asia-east1")->pue.value.p50 == 1.09);
  CHECK(power_model(power(), accelerator("h100-sxm-80gb"), "aws", "")->pue.value.p50 == 1.15);
  CHECK(power_model(power(), accelerator("h100-sxm-80gb"), "somebody", "")->pue.value.p50 == 1.56);
}

TEST_CASE("power: what has no entry of its own gets a share of its TDP") {
  const auto card = power_model(power(), accelerator("rtx-4090"), "", "");
  REQUIRE(card);
  CHECK(card->overhead_watts.value.p50 == Approx(0.6 * 450));
}

TEST_CASE("every PUE is at least 1 and has a source") {
  for (const BuildingPue& pue : power().pue) {
    INFO(pue.provider);
    CHECK(pue.value >= 1.0);
    CHECK(pue.value <= 2.0);
    CHECK_FALSE(pue.provenance.source.empty());
  }
}

TEST_CASE("measured energy of whole runs, that the model was not made from, lies in its range") {
  // Rows of published_runs/runs.csv whose energy is marked MEASURED; circular ones (GPU-hours × TDP) prove
  // nothing.
  const io::CsvTable runs = io::read_csv_file(profiles::folder().path("../published_runs/runs.csv"));
  const auto field = [&](const std::string& id, const char* column) {
    for (std::size_t row = 0; row < runs.rows(); ++row) {
      if (runs.field(row, runs.column("id")) == id) return std::string(runs.field(row, runs.column(column)));
    }
    FAIL("no run " << id);
    return std::string();
  };
  SECTION("Meena on TPU v3: 232 MWh over 737,280 chip-hours, PUE 1.09") {
    REQUIRE(field("meena-2.6b", "energy_kind").starts_with("MEASURED"));
    const double hours = std::stod(field("meena-2.6b", "gpu_hours"));
    const double measured = std::stod(field("meena-2.6b", "energy_mwh_published"));
    auto model = *power_model(power(), accelerator("tpu-v3"), "", "");
    model.pue.value = exactly(1.09);
    const Range predicted = power_per_gpu(model, accelerator("tpu-v3").tdp->value) * (hours / 1e6);
    CHECK(predicted.p10 <= measured);
    CHECK(measured <= predicted.p90);
    CHECK(predicted.p50 == Approx(measured).epsilon(0.1));
  }
  SECTION("OLMo 2 13B on H100: 257 MWh of the GPUs alone, 13.7 B parameters on 5.6 T tokens") {
    REQUIRE(field("olmo2-13b", "energy_kind").starts_with("MEASURED: 257 MWh GPU"));
    const double flops =
        6.0 * std::stod(field("olmo2-13b", "n_params")) * std::stod(field("olmo2-13b", "tokens"));
    const Accelerator h100 = accelerator("h100-sxm-80gb");
    const double peak = find_peak(h100.peak, Precision::bf16)->value.value;
    const EfficiencyPriors all = priors();
    const auto prior = find(all, "h100-sxm-80gb", Precision::bf16, 1024);
    REQUIRE(prior);
    const Range seconds =
        quotient(exactly(flops / peak), combined(prior->six_n, all.around_priors.factor.value));
    const Range watts = power().load_fraction.value * h100.tdp->value.value;
    const Range predicted = product(seconds, watts) / 3.6e9;
    CHECK(predicted.p10 <= 257.0);
    CHECK(257.0 <= predicted.p90);
  }
}
