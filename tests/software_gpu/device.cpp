#include "device.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <utility>

#include <cxxabi.h>

namespace software_gpu {

namespace {

double host_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string demangled(const std::string& name) {
  int status = 0;
  char* text = abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status);
  const std::string result = status == 0 ? text : name;
  std::free(text);
  return result;
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

Device::~Device() {
  const char* path = std::getenv("SOFTWARE_GPU_TRAFFIC");
  if (path == nullptr) return;
  std::ofstream out(path);
  out << "kernel\tlaunches\tinstructions\tglobal_accesses\tsectors\tleast_sectors\tshared_accesses\tbank_"
         "conflicts\n";
  for (const auto& [kernel, counted] : counted_) {
    const Traffic& t = counted.traffic;
    out << demangled(kernel) << '\t' << counted.launches << '\t' << t.instructions << '\t'
        << t.global_accesses << '\t' << t.sectors << '\t' << t.least_sectors << '\t' << t.shared_accesses
        << '\t' << t.bank_conflicts << '\n';
  }
}

void Device::compute(const Launch& launch) {
  const Traffic traffic = execute(launch, memory);
  Counted& counted = counted_[launch.function->name];
  ++counted.launches;
  counted.traffic += traffic;
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
