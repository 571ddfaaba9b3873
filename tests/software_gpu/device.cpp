#include "device.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace software_gpu {

namespace {

double host_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Device& Device::instance() {
  static Device device;
  return device;
}

Device::Device() {
  const char* mode = std::getenv("SOFTWARE_GPU");
  computes_ = mode == nullptr || std::string_view(mode) != "time";
}

void Device::queue(Work work) {
  queue_.push_back({std::move(work), host_seconds()});
}

void Device::finish() {
  while (!queue_.empty()) {
    const Queued next = std::move(queue_.front());
    queue_.pop_front();
    clock_ = std::max(clock_, next.asked);
    try {
      if (next.work.run) next.work.run(clock_);
    } catch (...) {
      queue_.clear();
      throw;
    }
    clock_ = next.work.waits_for_host ? std::max(clock_, host_seconds()) : clock_ + next.work.seconds;
  }
}

double Device::seconds_of(const Launch& launch) const {
  const double threads = static_cast<double>(launch.grid.x) * launch.grid.y * launch.grid.z * launch.block.x *
                         launch.block.y * launch.block.z;
  return 3e-6 + 1e-11 * threads;
}

}  // namespace software_gpu
