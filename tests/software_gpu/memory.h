// The memory of the device and what may be done with it. Global memory is memory of this process, so that
// addresses are pointers; shared and local memory have windows of their own in the generic address space.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace software_gpu {

/// A kernel did what a GPU would not forgive, or what it would and compute-sanitizer would not.
class Fault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline constexpr std::uint64_t window_bytes = std::uint64_t{1} << 32;
inline constexpr std::uint64_t shared_window = std::uint64_t{0xF001} << 48;
inline constexpr std::uint64_t local_window = std::uint64_t{0xF002} << 48;

/// What was allocated, by address.
class GlobalMemory {
 public:
  void add(std::uint64_t address, std::size_t bytes) { allocated_[address] = bytes; }
  /// False when nothing was allocated there.
  bool remove(std::uint64_t address) { return allocated_.erase(address) == 1; }
  bool holds(std::uint64_t address, std::size_t bytes) const;
  /// Bytes from `address` to the end of its allocation; zero outside.
  std::size_t bytes_behind(std::uint64_t address) const;

 private:
  std::map<std::uint64_t, std::size_t> allocated_;
};

/// Where a thread is in time: what lies behind a barrier of its block, or of its warp, is ordered.
struct Moment {
  int thread = 0, warp = 0;
  std::uint32_t block_interval = 1, warp_interval = 1;
};

/// A block's shared memory. Remembers of each byte who wrote and read it last, and finds what no barrier
/// orders.
class SharedMemory {
 public:
  explicit SharedMemory(std::size_t bytes) : bytes_(bytes), cells_(bytes) {}
  std::size_t size() const { return bytes_.size(); }
  /// Throws Fault: outside, never written, or in a race.
  const std::byte* read(std::uint64_t offset, std::size_t bytes, const Moment& moment);
  std::byte* write(std::uint64_t offset, std::size_t bytes, const Moment& moment);

 private:
  struct Cell {
    int writer = -1, writer_warp = -1, reader = -1, reader_warp = -1;
    std::uint32_t written = 0, written_in_warp = 0, read = 0, read_in_warp = 0;
  };
  static constexpr int several = -2;
  void check_bounds(std::uint64_t offset, std::size_t bytes) const;
  static bool unordered_write(const Cell& cell, const Moment& moment);
  static bool unordered_read(const Cell& cell, const Moment& moment);

  std::vector<std::byte> bytes_;
  std::vector<Cell> cells_;
};

}  // namespace software_gpu
