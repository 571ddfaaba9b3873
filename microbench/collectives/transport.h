// What carries collectives between ranks: NCCL between GPUs, MPI between the memories of hosts.
#pragma once

#include "core/bus_bandwidth.h"
#include "harness/environment.h"

#include <cstddef>
#include <string>
#include <vector>

namespace trainbudget::microbench {

/// One rank's end. It owns an input and an output of single-precision elements; `elements` is always the
/// whole buffer as core/bus_bandwidth.h counts it and a multiple of the number of ranks: an all-gather reads
/// elements ÷ ranks, a reduce-scatter writes as many.
class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  /// "NCCL 2.28.9".
  virtual std::string library() const = 0;
  /// Clocks and power of what carries them; null where nothing can be read.
  virtual ReadingSource* readings() { return nullptr; }
  /// Room for `elements` in the input and in the output.
  virtual void reserve(std::size_t elements) = 0;
  /// Sets the first elements of the input and poisons all of the output.
  virtual void write_input(const std::vector<float>& values) = 0;
  virtual std::vector<float> read_output(std::size_t elements) = 0;
  /// Runs `collective` `times` times in a row and returns the seconds that took here, without waiting for
  /// others to begin. A send_receive goes to the next rank and comes from the one before.
  virtual double run(Collective collective, std::size_t elements, int times) = 0;
};

}  // namespace trainbudget::microbench
