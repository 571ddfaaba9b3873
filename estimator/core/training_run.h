// One way to train one model: what a step consists of, before any hardware.
#pragma once

#include "core/hardware.h"
#include "core/layout.h"
#include "core/recipe.h"
#include "core/sequence.h"

namespace trainbudget {

struct TrainingRun {
  Sequence sequence;
  double global_batch = 1.0;              ///< sequences a step
  Precision precision = Precision::bf16;  ///< of the matrix products; attention core and head stay 16 bit
  bool fused_attention = true;            ///< a flash kernel; otherwise scores travel through memory
  Recipe recipe;
  Layout layout;

  constexpr double tokens_per_step() const { return global_batch * sequence.length; }
  /// Micro-batches that one pipeline works through in a step: gradient accumulation.
  constexpr double micro_batches() const {
    return global_batch / (static_cast<double>(layout.micro_batch) * layout.data);
  }
};

}  // namespace trainbudget
