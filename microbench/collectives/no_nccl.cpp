// Built without the GPU part or without nccl.h.
#include "collectives/nccl.h"

namespace trainbudget::microbench {

std::unique_ptr<NcclLibrary> open_nccl(int, std::string& reason) {
  reason = "this program was built without NCCL; --transport mpi measures between the memories of hosts";
  return nullptr;
}

}  // namespace trainbudget::microbench
