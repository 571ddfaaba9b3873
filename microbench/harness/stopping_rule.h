// When enough has been measured. After nvbench's criterion: stop when the noise is small, or when it is not
// but has stopped changing, so that further samples would say nothing new; in any case after a time.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace trainbudget::microbench {

struct StoppingLimits {
  std::size_t least_samples = 10;
  double least_seconds = 0.5;         ///< of wall-clock time
  double relative_deviation = 0.005;  ///< of all samples: small enough
  double noise_deviation = 0.05;      ///< of the noise itself over the last checks: it has settled
  std::size_t noise_from = 64;        ///< samples before the noise is looked at
  std::size_t noise_every = 16;       ///< samples between two looks
  std::size_t noise_window = 8;       ///< looks that are compared
  std::size_t most_samples = 200;     ///< once least_seconds have gone by
  double most_seconds = 15.0;         ///< of wall-clock time
};

enum class Stop {
  not_yet,
  precise,         ///< the relative deviation is small
  settled,         ///< it is not, and will not become so
  out_of_samples,  ///< neither, but as many were taken as a file should hold
  out_of_time,     ///< neither, but the time is used up
  interrupted,
};

constexpr std::string_view name_of(Stop stop) {
  switch (stop) {
    case Stop::not_yet:
      return "not_yet";
    case Stop::precise:
      return "precise";
    case Stop::settled:
      return "settled";
    case Stop::out_of_samples:
      return "out_of_samples";
    case Stop::out_of_time:
      return "out_of_time";
    case Stop::interrupted:
      return "interrupted";
  }
  return "unknown";
}

class StoppingRule {
 public:
  explicit StoppingRule(const StoppingLimits& limits) : limits_(limits) {}

  /// Takes one sample, in seconds, at `elapsed` seconds of wall-clock time since the first, and says whether
  /// to stop.
  Stop add(double sample, double elapsed);

 private:
  bool noise_settled() const;

  StoppingLimits limits_;
  std::vector<double> samples_;
  std::vector<double> noise_;
};

}  // namespace trainbudget::microbench
