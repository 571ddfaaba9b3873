// Fills a buffer with the random numbers of portable/random.h, the same on the GPU as on the host.
#pragma once

#include "portable/bfloat16.h"
#include "portable/random.h"

namespace trainbudget::microbench {

template <>
TB_HOST_DEVICE std::int32_t from_float<std::int32_t>(float value) {
  return static_cast<std::int32_t>(value);
}

/// One element a thread. Grid: elements / 256.
template <class Element>
struct FillKernel {
  static constexpr int threads = 256;
  static constexpr int blocks_per_multiprocessor = 1;
  struct Shared {};

  Element* target;
  std::int64_t elements;
  Fill fill;
  std::uint64_t stream;

  Grid grid() const { return {static_cast<unsigned>(divide_up<std::int64_t>(elements, threads)), 1, 1}; }

  template <class Block>
  TB_DEVICE void operator()(Block& block, Shared&) const {
    const std::int64_t i = static_cast<std::int64_t>(block.x()) * threads + block.thread();
    if (i < elements) target[i] = from_float<Element>(fill.value(stream, static_cast<std::uint64_t>(i)));
  }
};

}  // namespace trainbudget::microbench
