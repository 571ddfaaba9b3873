// The worked example of the project: RWKV-4 14B on 300 B tokens, 64 A100s at 312 TFLOP/s.
#pragma once

#include "core/estimate.h"

namespace trainbudget::tests {

inline Accelerator a100() {
  Accelerator gpu{.name = "a100-sxm-80gb", .title = "NVIDIA A100 SXM4 80GB"};
  gpu.peak[static_cast<std::size_t>(Precision::bf16)] = {
      FlopsPerSecond(312e12), {.origin = Origin::datasheet, .source = "A100 datasheet"}};
  gpu.tdp = {Watts(400.0), {.origin = Origin::datasheet, .source = "A100 datasheet"}};
  return gpu;
}

inline Scenario worked_example(double efficiency = 0.5, double usd_per_gpu_hour = 0.79) {
  const Provenance given{.origin = Origin::user, .source = "worked example"};
  return {.name = "RWKV-4 14B",
          .parameters = {14e9, given},
          .tokens = {Tokens(300e9), given},
          .accelerator = a100(),
          .gpus = {64.0, given},
          .precision = {Precision::bf16, given},
          .model_flops_utilization = {exactly(efficiency), given},
          .whole_run_fraction = {exactly(1.0), given},
          .price = SourcedRange{exactly(usd_per_gpu_hour), given}};
}

}  // namespace trainbudget::tests
