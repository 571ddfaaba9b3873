// The registers of a warp, lane by lane.
#pragma once

#include "memory.h"
#include "ptx.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

namespace software_gpu {

inline constexpr int lanes_of_warp = 32;
using Mask = std::uint32_t;
using Lanes = std::array<std::uint64_t, lanes_of_warp>;

template <class Value>
Value get(const Lanes& row, int lane) {
  Value value;
  std::memcpy(&value, &row[static_cast<std::size_t>(lane)], sizeof value);
  return value;
}

template <class Value>
void put(Lanes& row, int lane, Value value) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  row[static_cast<std::size_t>(lane)] = bits;
}

template <class Body>
void for_lanes(Mask mask, Body body) {
  if (mask == ~Mask{0}) {
    for (int lane = 0; lane < lanes_of_warp; ++lane)
      body(lane);
    return;
  }
  for (; mask != 0; mask &= mask - 1)
    body(std::countr_zero(mask));
}

inline float flushed(float value, bool flush) {
  return flush && std::abs(value) < std::numeric_limits<float>::min() ? std::copysign(0.0F, value) : value;
}
inline double flushed(double value, bool) {
  return value;
}

/// The register file: a row for each register and constant.
using Rows = std::vector<Lanes>;

inline Lanes& row(Rows& rows, Row index) {
  return rows[static_cast<std::size_t>(index)];
}

[[noreturn]] inline void unknown(const Instruction& instruction) {
  throw Fault("nothing is known of " + instruction.text);
}

template <class Value, class Operation>
void unary(Rows& rows, const Instruction& i, Mask mask, Operation operation) {
  Lanes& target = row(rows, i.targets[0]);
  const Lanes& a = row(rows, i.sources[0]);
  for_lanes(mask, [&](int lane) { put(target, lane, operation(get<Value>(a, lane))); });
}

template <class Value, class Operation>
void binary(Rows& rows, const Instruction& i, Mask mask, Operation operation) {
  Lanes& target = row(rows, i.targets[0]);
  const Lanes& a = row(rows, i.sources[0]);
  const Lanes& b = row(rows, i.sources[1]);
  for_lanes(mask, [&](int lane) { put(target, lane, operation(get<Value>(a, lane), get<Value>(b, lane))); });
}

}  // namespace software_gpu
