// Statistics, the stopping rule and the measuring loop, on clocks that the test controls.
#include "catch.h"
#include "cli/interrupt.h"
#include "harness/environment.h"
#include "harness/measure.h"
#include "portable/random.h"

#include <cmath>
#include <csignal>
#include <deque>
#include <functional>

using namespace trainbudget::microbench;

namespace {

/// Each sample takes what `next` says, and the clock moves by it.
class ScriptedTimer final : public Timer {
 public:
  explicit ScriptedTimer(std::function<double(int)> next) : next_(std::move(next)) {}
  double sample() override {
    const double seconds = next_(count_++);
    clock_ += seconds;
    return seconds;
  }
  double now() override { return clock_; }
  int count() const { return count_; }

 private:
  std::function<double(int)> next_;
  double clock_ = 100.0;
  int count_ = 0;
};

const std::atomic<bool> running{false};

/// Noise of the given relative width, the same every time.
double noisy(int i, double base, double width) {
  return base *
         (1.0 +
          width * (2.0 * static_cast<double>(random_unit(random_bits(5, static_cast<unsigned>(i)))) - 1.0));
}

class ScriptedSource final : public ReadingSource {
 public:
  explicit ScriptedSource(std::deque<Reading> readings) : readings_(std::move(readings)) {}
  bool read(Reading& reading) override {
    if (readings_.empty()) return false;
    reading = readings_.front();
    readings_.pop_front();
    return true;
  }

 private:
  std::deque<Reading> readings_;
};

}  // namespace

TEST_CASE("quartiles and spread of known samples") {
  const Summary s = summarize({4.0, 1.0, 3.0, 2.0, 5.0});
  CHECK(s.count == 5);
  CHECK(s.median == 3.0);
  CHECK(s.lower_quartile == 2.0);
  CHECK(s.upper_quartile == 4.0);
  CHECK(s.minimum == 1.0);
  CHECK(s.maximum == 5.0);
  CHECK(s.mean == 3.0);
  CHECK(s.relative_spread == Approx(2.0 / 3.0));
  CHECK(summarize({1.0, 2.0}).median == 1.5);
  CHECK(summarize({7.0}).upper_quartile == 7.0);
  CHECK(summarize({}).count == 0);
}

TEST_CASE("relative deviation is that of the sample") {
  CHECK(relative_deviation({1.0, 3.0}) == Approx(std::sqrt(2.0) / 2.0));
  CHECK(relative_deviation({2.0, 2.0, 2.0}) == 0.0);
  CHECK(relative_deviation({2.0}) == 0.0);
}

TEST_CASE("a quiet measurement stops once it is long enough") {
  StoppingRule rule(StoppingLimits{.least_samples = 10, .least_seconds = 1.0});
  double elapsed = 0.0;
  int count = 0;
  Stop stop = Stop::not_yet;
  while (stop == Stop::not_yet) {
    ++count;
    stop = rule.add(0.05, elapsed += 0.05);
  }
  CHECK(stop == Stop::precise);
  CHECK(count == 20);
}

TEST_CASE("ten samples are the least, however long each takes") {
  StoppingRule rule(StoppingLimits{.least_samples = 10, .least_seconds = 0.1, .most_seconds = 1000.0});
  for (int i = 0; i < 9; ++i)
    REQUIRE(rule.add(5.0, 5.0 * i) == Stop::not_yet);
  CHECK(rule.add(5.0, 50.0) == Stop::precise);
}

TEST_CASE("steady noise stops as settled, and not before it was looked at often enough") {
  const StoppingLimits limits{.least_seconds = 0.01, .most_seconds = 1e9};
  StoppingRule rule(limits);
  Stop stop = Stop::not_yet;
  std::size_t count = 0;
  while (stop == Stop::not_yet && count < 100000)
    stop = rule.add(noisy(static_cast<int>(count), 1e-3, 0.2), 1e-3 * static_cast<double>(count)), ++count;
  CHECK(stop == Stop::settled);
  CHECK(count >= limits.noise_from + (limits.noise_window - 1) * limits.noise_every);
  CHECK(count < 2000);
}

TEST_CASE("a short kernel is precise as soon as a long one") {
  // 10 µs each, 32 of them a sample, with what a sample costs around them: 0.4 ms.
  StoppingRule rule(StoppingLimits{.least_seconds = 0.1, .most_seconds = 2.0});
  double elapsed = 0.0;
  Stop stop = Stop::not_yet;
  while (stop == Stop::not_yet)
    stop = rule.add(1e-5, elapsed += 4e-4);
  CHECK(stop == Stop::precise);
  CHECK(elapsed == Approx(0.1).epsilon(0.01));
}

TEST_CASE("short work leaves no more samples behind than long work") {
  // 50 µs each, noisier than is asked for, for as long as it takes.
  ScriptedTimer timer([](int i) { return noisy(i, 5e-5, 0.3); });
  const Measurement m =
      measure(timer, WarmUp{.steady_within = 1.0}, StoppingLimits{.least_seconds = 0.5}, running);
  CHECK(m.stop != Stop::out_of_time);
  CHECK(m.samples.size() >= 10);
  CHECK(m.samples.size() <= StoppingLimits{}.most_samples);
  for (const Sample& sample : m.samples) {
    CHECK(sample.end - sample.begin >= 0.01);
    CHECK(sample.seconds == Approx(5e-5).epsilon(0.1));
  }
}

TEST_CASE("samples that stay noisy in ever new ways stop when there are enough") {
  StoppingRule rule(StoppingLimits{.least_seconds = 0.01, .most_seconds = 1e9});
  Stop stop = Stop::not_yet;
  int count = 0;
  for (double sample = 1e-3; stop == Stop::not_yet && count < 100000; sample *= 1.01)
    stop = rule.add(sample, 1e-3 * ++count);
  CHECK(stop == Stop::out_of_samples);
  CHECK(count == static_cast<int>(StoppingLimits{}.most_samples));
}

TEST_CASE("drifting samples stop when the time is used up") {
  StoppingRule rule(StoppingLimits{.least_seconds = 0.01, .most_seconds = 3.0});
  double elapsed = 0.0;
  double sample = 1e-3;
  Stop stop = Stop::not_yet;
  while (stop == Stop::not_yet) {
    sample *= 1.05;
    elapsed += sample;
    stop = rule.add(sample, elapsed);
  }
  CHECK(stop == Stop::out_of_time);
  CHECK(elapsed >= 3.0);
}

TEST_CASE("warm-up ends when the clocks have settled, and its samples do not count") {
  // Slow at first, as a GPU that raises its clock over 100 samples.
  ScriptedTimer timer([](int i) { return i < 100 ? 0.02 - 0.0001 * i : 0.01; });
  const Measurement m =
      measure(timer, WarmUp{.least_seconds = 0.1}, StoppingLimits{.least_seconds = 0.2}, running);
  CHECK(m.warm_up_settled);
  CHECK(m.stop == Stop::precise);
  for (const Sample& sample : m.samples) {
    CHECK(sample.seconds == 0.01);
    CHECK(sample.end - sample.begin == Approx(0.01));
  }
  CHECK(timer.count() > 100 + static_cast<int>(m.samples.size()));
}

TEST_CASE("warm-up that never settles is given up and said so") {
  ScriptedTimer timer([](int i) { return 0.01 * std::pow(1.02, i); });
  const Measurement m = measure(timer, WarmUp{.most_seconds = 1.0},
                                StoppingLimits{.least_seconds = 0.1, .most_seconds = 1.0}, running);
  CHECK_FALSE(m.warm_up_settled);
  CHECK(m.warm_up_seconds >= 1.0);
  CHECK(m.stop == Stop::out_of_time);
}

TEST_CASE("an interruption keeps what was measured") {
  std::atomic<bool> interrupted{false};
  ScriptedTimer timer([&](int i) {
    if (i == 40) interrupted = true;
    return noisy(i, 0.01, 0.1);
  });
  const Measurement m = measure(timer, WarmUp{.least_seconds = 0.05, .steady_within = 1.0},
                                StoppingLimits{.least_seconds = 0.5, .most_seconds = 1e9}, interrupted);
  CHECK(m.stop == Stop::interrupted);
  CHECK(m.samples.size() > 10);
  CHECK(summarize(m.seconds()).count == m.samples.size());
}

TEST_CASE("readings inside an interval are condensed") {
  const std::vector<Reading> readings{{.time = 1.0, .sm_clock = 9e9, .reasons = reason_hardware_thermal},
                                      {.time = 2.0,
                                       .sm_clock = 2e9,
                                       .memory_clock = 3e9,
                                       .power = 600.0,
                                       .temperature = 60.0,
                                       .reasons = reason_power_cap},
                                      {.time = 3.0,
                                       .sm_clock = 1e9,
                                       .memory_clock = 3e9,
                                       .power = 400.0,
                                       .temperature = 65.0,
                                       .other_processes = 2},
                                      {.time = 4.0, .sm_clock = 9e9}};
  const EnvironmentSummary s = summarize(readings, 1.5, 3.5);
  CHECK(s.readings == 2);
  CHECK(s.lowest_sm_clock == 1e9);
  CHECK(s.mean_sm_clock == 1.5e9);
  CHECK(s.mean_memory_clock == 3e9);
  CHECK(s.mean_power == 500.0);
  CHECK(s.highest_temperature == 65.0);
  CHECK(s.reasons == reason_power_cap);
  CHECK(s.other_processes == 2);
  CHECK(summarize(readings, 5.0, 6.0).readings == 0);
}

TEST_CASE("a device is warm when clock and power have come to rest") {
  std::vector<Reading> readings;
  const auto add = [&](double from, double clock, double power) {
    for (int i = 0; i < 10; ++i)
      readings.push_back({.time = from + 0.1 * i, .sm_clock = clock, .power = power});
  };
  CHECK_FALSE(settled(readings, 0.9));
  add(0.0, 1.98e9, 300.0);
  CHECK_FALSE(settled(readings, 0.9));  // nothing before to compare with
  add(1.0, 1.98e9, 690.0);
  CHECK_FALSE(settled(readings, 0.9));
  add(2.0, 1.75e9, 700.0);
  CHECK_FALSE(settled(readings, 0.9));
  add(3.0, 1.755e9, 699.0);
  CHECK(settled(readings, 0.9));
}

TEST_CASE("a sample is flagged by throttling readings in it and next to it, not by the power cap") {
  const std::vector<Reading> readings{{.time = 1.0, .reasons = reason_hardware_thermal},
                                      {.time = 2.0, .reasons = reason_power_cap},
                                      {.time = 3.0},
                                      {.time = 4.0, .reasons = reason_hardware_slowdown}};
  CHECK(throttled(readings, 0.5, 1.5));
  CHECK(throttled(readings, 1.2, 1.8));
  CHECK_FALSE(throttled(readings, 2.1, 2.9));
  CHECK(throttled(readings, 3.2, 3.5));
  CHECK_FALSE(throttled({}, 0.0, 1.0));
}

TEST_CASE("the monitor keeps every reading and ends with its source") {
  ScriptedSource source({{.time = 1.0}, {.time = 2.0}, {.time = 3.0}});
  std::vector<Reading> readings;
  {
    const Monitor monitor(source, 1e-4);
    while ((readings = monitor.readings()).size() < 3)
      std::this_thread::yield();
  }
  CHECK(readings.size() == 3);
  CHECK(readings[2].time == 3.0);
}

TEST_CASE("a signal that comes twice at once interrupts and does not end the program") {
  // timeout(1) sends one to the program and one to its process group.
  const trainbudget::cli::InterruptGuard guard;
  std::raise(SIGINT);
  std::raise(SIGINT);
  std::raise(SIGTERM);
  CHECK(trainbudget::cli::interrupted());
}
