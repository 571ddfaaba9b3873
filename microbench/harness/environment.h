// What else the GPU was doing: its clocks, power and temperature over time, and why it held back.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace trainbudget::microbench {

/// Reasons for a lower clock, as NVML reports them (nvmlClocksEventReasons).
enum ClockReason : std::uint64_t {
  reason_idle = 0x1,
  reason_application_clocks = 0x2,
  reason_power_cap = 0x4,
  reason_hardware_slowdown = 0x8,
  reason_sync_boost = 0x10,
  reason_software_thermal = 0x20,
  reason_hardware_thermal = 0x40,
  reason_power_brake = 0x80,
};
/// The power cap is how a GPU runs under sustained load; these are not.
inline constexpr std::uint64_t throttle_reasons =
    reason_hardware_slowdown | reason_software_thermal | reason_hardware_thermal | reason_power_brake;

struct Reading {
  double time = 0.0;          ///< seconds, on the clock of the samples
  double sm_clock = 0.0;      ///< Hz
  double memory_clock = 0.0;  ///< Hz
  double power = 0.0;         ///< W
  double temperature = 0.0;   ///< °C
  std::uint64_t reasons = 0;
  int other_processes = 0;  ///< that compute on this GPU
};

class ReadingSource {
 public:
  virtual ~ReadingSource() = default;
  /// False when nothing can be read (any more).
  virtual bool read(Reading& reading) = 0;
};

/// The readings between two times, condensed.
struct EnvironmentSummary {
  std::size_t readings = 0;
  double lowest_sm_clock = 0.0, mean_sm_clock = 0.0, mean_memory_clock = 0.0;
  double mean_power = 0.0, highest_temperature = 0.0;
  std::uint64_t reasons = 0;  ///< seen at least once
  int other_processes = 0;    ///< most seen at once
};
EnvironmentSummary summarize(const std::vector<Reading>& readings, double from, double to);

/// Did a reading at or next to [from, to] show throttling? Readings are sparse, so the last before and the
/// first after count too.
bool throttled(const std::vector<Reading>& readings, double from, double to);

/// Whether clock and power have come to rest by the last of `readings`: over its last `window` seconds the
/// mean clock is within 1 %, and the mean power within 3 %, of what it was over the `window` before. False
/// without readings in both.
bool settled(const std::vector<Reading>& readings, double window);

/// Reads `source` in a thread, every `period` seconds, until destroyed.
class Monitor {
 public:
  Monitor(ReadingSource& source, double period);
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  std::vector<Reading> readings() const;
  /// Those from `time` on.
  std::vector<Reading> readings_since(double time) const;

 private:
  void run();

  ReadingSource& source_;
  double period_;
  mutable std::mutex mutex_;
  std::vector<Reading> readings_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

/// Seconds on the clock that samples and readings share.
double monotonic_seconds();

}  // namespace trainbudget::microbench
