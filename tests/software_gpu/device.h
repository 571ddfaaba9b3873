// The device: what has been asked of it and when it is done. Work is queued and done when the host waits, in
// the order in which it was asked for, which is one of the orders that a GPU may choose. Its clock is made
// up: what it says of times tests how they are taken, and nothing else.
#pragma once

#include "execute.h"
#include "memory.h"

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <string>

namespace software_gpu {

/// One thing that a stream does. Throws Fault.
struct Work {
  std::function<void(double start)> run;  ///< `start`: the device's clock when it begins
  double seconds = 0.0;
  bool waits_for_host = false;  ///< lasts until the host lets it go on
};

class Device {
 public:
  static Device& instance();

  GlobalMemory memory;

  void queue(Work work);
  /// Does what is queued. Throws Fault, once; what is queued behind a fault is dropped.
  void finish();
  /// False where SOFTWARE_GPU=time: kernels are not run, they only take their time.
  bool computes() const { return computes_; }
  double seconds_of(const Launch& launch) const;
  /// Runs it and counts what it asks of memory: at the end, by kernel, in the file of SOFTWARE_GPU_TRAFFIC.
  void compute(const Launch& launch);

 private:
  Device();
  ~Device();
  struct Queued {
    Work work;
    double asked;
  };
  std::deque<Queued> queue_;
  double clock_ = 0.0;
  bool computes_;
  struct Counted {
    std::uint64_t launches = 0;
    Traffic traffic;
  };
  std::map<std::string, Counted> counted_;  ///< by kernel
};

}  // namespace software_gpu
