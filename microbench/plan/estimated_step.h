// The same step as `trainbudget estimate` has it, to be held against the composed one.
#pragma once

#include "core/efficiency.h"
#include "core/hardware.h"
#include "plan/composition.h"

#include <optional>

namespace trainbudget::microbench {

/// Seconds of one step of the whole model `ops` over the batch of `request`, on `gpu` by itself, in bf16 with
/// AdamW, by the efficiencies and measured recurrences of `profile`. A launch costs `launch_seconds`: what it
/// costs a framework is no part of a composed step. Nothing where `gpu` has no bf16 peak.
std::optional<double> estimated_step_seconds(const ModelOps& ops, const StepRequest& request,
                                             const Accelerator& gpu, const EfficiencyProfile& profile,
                                             double launch_seconds);

}  // namespace trainbudget::microbench
