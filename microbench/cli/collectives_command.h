// trainbudget-microbench collectives: what all builds of the program share of it.
#pragma once

#include "cli/program.h"

#include <string>
#include <vector>

namespace trainbudget::microbench {

struct CollectivesOptions {
  std::string out, transport = "nccl", least = "4KiB", most;
  std::vector<std::string> collectives;
  bool quick = false, full = false;
};

/// Which one is linked decides: the ranks of trainbudget-microbench-mpi measure, trainbudget-microbench,
/// which starts where there is no MPI, becomes that program.
int run_collectives(const ProgramOptions& program, const CollectivesOptions& options);

}  // namespace trainbudget::microbench
