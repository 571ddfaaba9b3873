// A GPU whose every launch takes what one law says: measured, calibrated and estimated, its training step
// must be the sum of its launches. What is off then is not the GPU's but the way from kernels to an estimate.
#include "plan/estimated_step.h"

#include "calibration/from_measurement.h"
#include "catch.h"
#include "core/measured_efficiency.h"
#include "io/accelerator_file.h"
#include "io/efficiency_file.h"
#include "io/model_file.h"

#include <cmath>

using namespace trainbudget;
using namespace trainbudget::microbench;

namespace {

const io::ProfileFolder& profiles() {
  static const io::ProfileFolder folder(TRAINBUDGET_SOURCE_DIR "/hardware_profiles");
  return folder;
}

double soft_maximum_of(double a, double b) {
  return std::pow(std::pow(a, 4.0) + std::pow(b, 4.0), 0.25);
}

struct Law {
  double peak = 989.4e12, bandwidth = 3.35e12;
  double matmul = 0.8, half = 30.0, memory = 0.9, elementwise = 0.8, resident = 528.0, step = 0.9e-6;

  double seconds(const Task& task) const {
    if (task.is_gemm()) {
      const GemmShape& g = task.gemm;
      const auto m = static_cast<double>(g.tokens), n = static_cast<double>(g.n),
                 k = static_cast<double>(g.k);
      const double compute = task.flops / (peak * matmul) * (1.0 + half * (1.0 / m + 1.0 / n + 1.0 / k));
      return soft_maximum_of(compute, task.bytes / (bandwidth * memory));
    }
    if (task.kernel.rfind("wkv", 0) == 0) {
      const double heads = static_cast<double>(task.shape.batch * task.shape.heads);
      return std::ceil(heads / resident) * static_cast<double>(task.shape.sequence) * step *
             (task.kernel.ends_with("backward") ? 1.9 : 1.0);
    }
    // The optimizer is one long stream.
    const bool streams = task.kernel.rfind("stream", 0) == 0 || task.kernel == "adamw";
    return task.bytes / (bandwidth * (streams ? memory : elementwise));
  }
};

MeasuredTiming exact(double seconds) {
  return {.samples = std::vector<double>(10, seconds), .stop = "precise", .warm_up_settled = true};
}

trainbudget::Measurement measured(const RunPlan& plan, const Law& law) {
  trainbudget::Measurement m{.date = "2026-11-28", .machine = "gpu", .effort = "full"};
  m.device.name = "NVIDIA H100 80GB HBM3";
  m.device.l2_bytes = 50e6;
  for (const Planned& item : plan.items) {
    if (item.group == "launch" || item.mode != TimingMode::repeated) continue;
    const Task& task = item.task;
    const MeasuredTiming timing = exact(law.seconds(task));
    if (task.is_gemm()) {
      if (item.precision != GemmPrecision::bf16) continue;
      m.gemms.push_back({.name = item.name(),
                         .pass = std::string(name_of(task.gemm.pass)),
                         .precision = Precision::bf16,
                         .mode = "repeated",
                         .tokens = static_cast<double>(task.gemm.tokens),
                         .n = static_cast<double>(task.gemm.n),
                         .k = static_cast<double>(task.gemm.k),
                         .count = static_cast<double>(task.gemm.count),
                         .flops = task.flops,
                         .bytes = task.bytes,
                         .timing = timing});
    } else {
      const double heads = static_cast<double>(task.shape.batch * task.shape.heads);
      m.kernels.push_back({.name = item.name(),
                           .kernel = task.kernel,
                           .mode = "repeated",
                           .shape = sizes_used(task.kernel, task.shape),
                           .bytes = task.bytes,
                           .blocks = heads,
                           .resident_blocks = law.resident,
                           .timing = timing});
    }
  }
  return m;
}

/// Of the step of `model`: what the estimator says once it is calibrated, and the sum of its launches.
struct Both {
  double estimated = 0.0, composed = 0.0;
};

Both both(const std::string& name, const Batch& batch, bool recompute, const Law& law) {
  const ModelOps ops = expand(io::find_model(profiles(), name, {}).model);
  const Accelerator gpu = io::find_accelerator(profiles(), "h100-sxm-80gb", {});
  const MeasuredEfficiency facts =
      measured_efficiency(measured(run_plan({{name, ops}}, batch, quick_sizes()), law), gpu);
  const EfficiencyProfile profile = measured_profile(
      io::find_efficiency_profile(profiles(), "h100-sxm-80gb/generic", {}), facts, "the law");
  const StepRequest request{batch, static_cast<int>(ops.layers.size()), recompute, trained_parameters(ops)};
  Both result{.estimated = estimated_step_seconds(ops, request, gpu, profile, 1e-6).value()};
  for (const StepItem& item : compose_step(ops, request).items)
    result.composed += law.seconds(item.task);
  return result;
}

}  // namespace

TEST_CASE("a calibrated estimate of a step is the sum of its launches") {
  // One wave and many; products with a deep fall and a shallow one; memory that element-wise kernels reach by
  // half.
  for (const Law& law : {Law{}, Law{.half = 200.0}, Law{.matmul = 0.6, .elementwise = 0.45},
                         Law{.resident = 64.0, .step = 0.3e-6}}) {
    for (const char* model : {"rwkv-7-0.4b", "rwkv-7-1.5b", "rwkv-7-7.2b"}) {
      for (const bool recompute : {true, false}) {
        const Both step = both(model, {8, 4096}, recompute, law);
        INFO(model << " " << recompute << " " << law.half << " " << law.resident);
        CHECK(step.estimated == Approx(step.composed).epsilon(0.005));
      }
    }
  }
}

TEST_CASE("so it is for short sequences and small batches") {
  for (const Batch batch : {Batch{1, 4096}, Batch{32, 512}, Batch{4, 1024}}) {
    const Both step = both("rwkv-7-1.5b", batch, true, Law{});
    INFO(batch.sequences << " x " << batch.sequence_length);
    CHECK(step.estimated == Approx(step.composed).epsilon(0.01));
  }
}
