// A run whose interruptions are known to the digit: 1,000 h a GPU; 1 TB at 10 GB/s: 100 s; an hour between
// checkpoints; six minutes to restart; 2 % stalls; nothing else is lost.
#pragma once

#include "core/reliability.h"

namespace trainbudget::tests {

inline Reliability exact_reliability() {
  return {.gpu_hours_per_interruption = {exactly(1000.0), {}},
          .checkpoint_bytes = {1e12, {}},
          .checkpoint_bandwidth = {exactly(1e10), {}},
          .interval = Sourced<double>{3600.0, {}},
          .restart_seconds = {exactly(360.0), {}},
          .stalls = {exactly(0.02), {}},
          .residual = {exactly(1.0), {}}};
}

}  // namespace trainbudget::tests
