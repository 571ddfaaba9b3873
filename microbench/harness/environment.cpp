#include "harness/environment.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace trainbudget::microbench {

double monotonic_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

EnvironmentSummary summarize(const std::vector<Reading>& readings, double from, double to) {
  EnvironmentSummary summary;
  for (const Reading& reading : readings) {
    if (reading.time < from || reading.time > to) continue;
    summary.lowest_sm_clock =
        summary.readings == 0 ? reading.sm_clock : std::min(summary.lowest_sm_clock, reading.sm_clock);
    ++summary.readings;
    summary.mean_sm_clock += reading.sm_clock;
    summary.mean_memory_clock += reading.memory_clock;
    summary.mean_power += reading.power;
    summary.highest_temperature = std::max(summary.highest_temperature, reading.temperature);
    summary.reasons |= reading.reasons;
    summary.other_processes = std::max(summary.other_processes, reading.other_processes);
  }
  if (summary.readings > 0) {
    const auto count = static_cast<double>(summary.readings);
    summary.mean_sm_clock /= count;
    summary.mean_memory_clock /= count;
    summary.mean_power /= count;
  }
  return summary;
}

bool throttled(const std::vector<Reading>& readings, double from, double to) {
  const Reading* before = nullptr;
  const Reading* after = nullptr;
  for (const Reading& reading : readings) {
    if (reading.time >= from && reading.time <= to && (reading.reasons & throttle_reasons) != 0) return true;
    if (reading.time < from) before = &reading;
    if (reading.time > to && after == nullptr) after = &reading;
  }
  return (before != nullptr && (before->reasons & throttle_reasons) != 0) ||
         (after != nullptr && (after->reasons & throttle_reasons) != 0);
}

bool settled(const std::vector<Reading>& readings, double window) {
  constexpr double clock_change = 0.01, power_change = 0.03;
  if (readings.empty()) return false;
  const double end = readings.back().time;
  const EnvironmentSummary now = summarize(readings, end - window, end);
  const EnvironmentSummary before =
      summarize(readings, end - 2.0 * window, std::nextafter(end - window, end - 2.0 * window));
  if (before.readings == 0) return false;
  const auto near = [](double a, double b, double most) { return std::abs(a - b) <= most * b; };
  return near(now.mean_sm_clock, before.mean_sm_clock, clock_change) &&
         near(now.mean_power, before.mean_power, power_change);
}

Monitor::Monitor(ReadingSource& source, double period)
    : source_(source), period_(period), thread_([this] { run(); }) {}

Monitor::~Monitor() {
  stopping_ = true;
  thread_.join();
}

std::vector<Reading> Monitor::readings() const {
  const std::lock_guard lock(mutex_);
  return readings_;
}

std::vector<Reading> Monitor::readings_since(double time) const {
  const std::lock_guard lock(mutex_);
  const auto first = std::partition_point(readings_.begin(), readings_.end(),
                                          [&](const Reading& reading) { return reading.time < time; });
  return {first, readings_.end()};
}

void Monitor::run() {
  while (!stopping_) {
    Reading reading;
    if (!source_.read(reading)) return;
    {
      const std::lock_guard lock(mutex_);
      readings_.push_back(reading);
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(period_));
  }
}

}  // namespace trainbudget::microbench
