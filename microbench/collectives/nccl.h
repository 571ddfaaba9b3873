// NCCL between GPUs, one to a rank. The library is loaded at run time.
#pragma once

#include "collectives/ranks.h"
#include "collectives/transport.h"
#include "core/measurement.h"

#include <memory>

namespace trainbudget::microbench {

/// The GPU of one rank and NCCL, before ranks are tied together.
class NcclLibrary {
 public:
  virtual ~NcclLibrary() = default;
  virtual MeasuredDevice description() = 0;
  /// All of `ranks` call it together.
  virtual std::unique_ptr<Transport> connect(Ranks& ranks) = 0;
};

/// Takes the GPU of `place`, this process's number on its node; of fewer visible ones, they are dealt round.
/// Null with the reason where there is no GPU or no NCCL, or where this program was built without it.
std::unique_ptr<NcclLibrary> open_nccl(int place, std::string& reason);

}  // namespace trainbudget::microbench
