#include "memory.h"

#include <algorithm>

namespace software_gpu {

std::size_t GlobalMemory::bytes_behind(std::uint64_t address) const {
  auto after = allocated_.upper_bound(address);
  if (after == allocated_.begin()) return 0;
  --after;
  const std::uint64_t end = after->first + after->second;
  return address < end ? end - address : 0;
}

bool GlobalMemory::holds(std::uint64_t address, std::size_t bytes) const {
  return bytes_behind(address) >= bytes;
}

void SharedMemory::check_bounds(std::uint64_t offset, std::size_t bytes) const {
  if (offset > bytes_.size() || bytes > bytes_.size() - offset)
    throw Fault("shared memory: byte " + std::to_string(offset) + " of " + std::to_string(bytes_.size()));
  if (offset % bytes != 0)
    throw Fault("shared memory: byte " + std::to_string(offset) + " is not aligned for " +
                std::to_string(bytes));
}

/// The last write is by another thread, and no barrier lies between.
bool SharedMemory::unordered_write(const Cell& cell, const Moment& moment) {
  return cell.written == moment.block_interval && cell.writer != moment.thread &&
         (cell.writer_warp != moment.warp || cell.written_in_warp == moment.warp_interval);
}

bool SharedMemory::unordered_read(const Cell& cell, const Moment& moment) {
  return cell.read == moment.block_interval && cell.reader != moment.thread &&
         (cell.reader_warp != moment.warp || cell.read_in_warp == moment.warp_interval);
}

const std::byte* SharedMemory::read(std::uint64_t offset, std::size_t bytes, const Moment& moment) {
  check_bounds(offset, bytes);
  for (std::size_t i = offset; i < offset + bytes; ++i) {
    Cell& cell = cells_[i];
    if (cell.written == 0)
      throw Fault("shared memory: byte " + std::to_string(i) + " is read and was never written");
    if (unordered_write(cell, moment)) {
      throw Fault("race: thread " + std::to_string(moment.thread) + " reads byte " + std::to_string(i) +
                  " of shared memory that thread " + std::to_string(cell.writer) + " has written");
    }
    const bool first = cell.read != moment.block_interval;
    cell.reader = first || cell.reader == moment.thread ? moment.thread : several;
    cell.reader_warp = first || cell.reader_warp == moment.warp ? moment.warp : several;
    cell.read = moment.block_interval;
    cell.read_in_warp = first ? moment.warp_interval : std::max(cell.read_in_warp, moment.warp_interval);
  }
  return bytes_.data() + offset;
}

std::byte* SharedMemory::write(std::uint64_t offset, std::size_t bytes, const Moment& moment) {
  check_bounds(offset, bytes);
  for (std::size_t i = offset; i < offset + bytes; ++i) {
    Cell& cell = cells_[i];
    if (unordered_write(cell, moment) || unordered_read(cell, moment)) {
      throw Fault("race: thread " + std::to_string(moment.thread) + " writes byte " + std::to_string(i) +
                  " of shared memory that thread " +
                  std::to_string(unordered_write(cell, moment) ? cell.writer : cell.reader) + " uses");
    }
    cell.writer = moment.thread;
    cell.writer_warp = moment.warp;
    cell.written = moment.block_interval;
    cell.written_in_warp = moment.warp_interval;
  }
  return bytes_.data() + offset;
}

}  // namespace software_gpu
