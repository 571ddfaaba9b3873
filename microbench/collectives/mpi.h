// Ranks of mpirun, and MPI itself as a transport between the memories of hosts.
#pragma once

#include "collectives/ranks.h"
#include "collectives/transport.h"

#include <memory>

namespace trainbudget::microbench {

/// MPI from here to the end of its life. An exception must not pass its end: others would wait for ever.
class MpiSession {
 public:
  MpiSession();
  ~MpiSession();
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;

  /// This process's number.
  int rank() const;
  /// All call it together.
  std::unique_ptr<Ranks> all_ranks();
  /// Ends all processes of this mpirun.
  [[noreturn]] void abandon(int exit_code);
};

/// `ranks` must be of the session's.
std::unique_ptr<Transport> make_mpi_transport(const Ranks& ranks);

}  // namespace trainbudget::microbench
