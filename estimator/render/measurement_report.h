// A measurement for people: each timing with what it means, and a step with what its kernels predict.
#pragma once

#include "core/hardware.h"
#include "core/measurement.h"
#include "render/table.h"

namespace trainbudget::render {

/// One row per timing: median and spread, rate, share of the datasheet's peak and of the peak at the clock
/// that was seen, energy per token, and what a reader must know. Without `accelerator` the shares are
/// unknown.
Table measurement_table(const Measurement& measurement, const Accelerator* accelerator);

/// Collectives with algorithm and bus bandwidth, as nccl-tests defines them.
Table collective_table(const Measurement& measurement);

/// The measured recurrences: time per token and head, waves, and which shape is the sweet spot.
Table recurrence_table(const Measurement& measurement);

/// The parts of one step: measured in sequence, predicted from single launches, and their ratio.
Table step_table(const MeasuredStep& step);

}  // namespace trainbudget::render
