// The arithmetic of track on logs whose answers can be worked out by hand.
#include "core/progress.h"

#include "catch.h"
#include "core/log_intervals.h"

#include <cmath>

using namespace trainbudget;

namespace {

/// A record every 100 s and 1,000 tokens, from `first` to `last`, starting at `start` seconds.
void add(TrainingLog& log, int first, int last, double start) {
  for (int step = first; step <= last; ++step)
    log.records.push_back({.line = static_cast<int>(log.records.size()) + 1,
                           .step = static_cast<double>(step),
                           .tokens = 1000.0 * step,
                           .time = start + 100.0 * (step - first + 1)});
}

TrackedRun run_of(double tokens) {
  return {.total_tokens = tokens, .gpus = 8.0};
}

}  // namespace

TEST_CASE("a steady run: half done takes as long again") {
  TrainingLog log{.dated = true};
  add(log, 1, 36, 0.0);  // an hour
  TrackedRun run = run_of(72000.0);
  run.flops_per_token = 8e6;
  run.peak_flops_per_second = 4e7;
  REQUIRE(progress_problem(log, run).empty());
  const Progress progress = progress_of(log, run);
  CHECK(progress.tokens == 36000.0);
  CHECK(progress.elapsed_seconds == Approx(3600.0));
  CHECK(progress.tokens_per_second == Approx(10.0));
  CHECK(progress.tokens_per_second_all == Approx(10.0));
  CHECK(progress.interruptions.empty());
  CHECK(*progress.gpu_hours == Approx(8.0));
  CHECK(progress.remaining_seconds.p50 == Approx(3600.0));
  CHECK(progress.final_gpu_hours->p50 == Approx(16.0));
  CHECK(progress.finish_time->p50 == Approx(7200.0));
  CHECK(*progress.flops_per_second_per_gpu == Approx(1e7));
  CHECK(*progress.model_flops_utilization == Approx(0.25));
  REQUIRE(progress.trend);
  CHECK_FALSE(progress.trend->is_clear);
  // nine blocks of one pace: s² = 2 × 0.2² ÷ 10, over the past and as much to come, t of 10 degrees of
  // freedom
  CHECK(progress.blocks == 9);
  CHECK(progress.block_spread == Approx(std::sqrt(0.008)));
  CHECK(progress.observed_spread == Approx(0.0).margin(1e-12));
  CHECK(std::log(progress.remaining_seconds.p90 / progress.remaining_seconds.p50) ==
        Approx(1.372 * std::sqrt(0.008 * 2.0 / 9.0)));
}

TEST_CASE("spares are hours that are paid, and do not work") {
  TrainingLog log;
  add(log, 1, 36, 0.0);
  TrackedRun run = run_of(72000.0);
  run.spare_gpus = 2.0;
  run.flops_per_token = 8e6;
  const Progress progress = progress_of(log, run);
  CHECK(*progress.gpu_hours == Approx(10.0));
  CHECK(progress.final_gpu_hours->p50 == Approx(20.0));
  CHECK(*progress.flops_per_second_per_gpu == Approx(1e7));
}

TEST_CASE("little data has a wide range") {
  TrainingLog log;
  add(log, 1, 3, 0.0);
  const Progress few = progress_of(log, run_of(1e6));
  add(log, 4, 100, 300.0);
  const Progress many = progress_of(log, run_of(1e6));
  CHECK(few.remaining_seconds.p90 / few.remaining_seconds.p50 > 1.4);
  CHECK(many.remaining_seconds.p90 / many.remaining_seconds.p50 < 1.06);
}

TEST_CASE("a gap is an interruption, and its share is expected again") {
  TrainingLog log;
  add(log, 1, 20, 0.0);
  add(log, 21, 40, 2000.0 + 4000.0);
  const Progress progress = progress_of(log, run_of(80000.0));
  REQUIRE(progress.interruptions.size() == 1);
  CHECK(progress.interruptions[0].line == 21);
  CHECK_FALSE(progress.interruptions[0].restart);
  CHECK(progress.interruptions[0].lost_seconds == Approx(4000.0));
  CHECK(progress.elapsed_seconds == Approx(8000.0));
  CHECK(progress.tokens_per_second == Approx(10.0));
  CHECK(progress.remaining_seconds.p50 == Approx(8000.0));
}

TEST_CASE("a restart at an earlier step repeats work") {
  TrainingLog log;
  add(log, 1, 20, 0.0);
  add(log, 16, 40, 2000.0 + 600.0);
  const Progress progress = progress_of(log, run_of(80000.0));
  REQUIRE(progress.interruptions.size() == 1);
  CHECK(progress.interruptions[0].restart);
  CHECK(progress.interruptions[0].lost_seconds == Approx(600.0));
  CHECK(progress.interruptions[0].repeated_tokens == Approx(5000.0));
  CHECK(progress.repeated_tokens == Approx(5000.0));
  CHECK(progress.repeated_seconds == Approx(500.0));
  CHECK(progress.tokens == 40000.0);
  CHECK(progress.elapsed_seconds == Approx(2000.0 + 600.0 + 2500.0));
}

TEST_CASE("other ranks' reports of the same steps count once, with times and without") {
  TrainingLog log;
  for (int step = 1; step <= 30; ++step) {
    for (const double late : {0.0, 3.0})
      log.records.push_back({.line = static_cast<int>(log.records.size()) + 1,
                             .step = static_cast<double>(step),
                             .tokens = 1000.0 * step,
                             .step_seconds = 100.0,
                             .time = 100.0 * step + late});
  }
  const Progress timed = progress_of(log, run_of(60000.0));
  CHECK(timed.interruptions.empty());
  CHECK(timed.repeated_tokens == 0.0);
  CHECK(timed.notes.size() == 30);
  for (LogRecord& record : log.records)
    record.time.reset();
  const Progress untimed = progress_of(log, run_of(60000.0));
  CHECK(untimed.interruptions.empty());
  CHECK(untimed.elapsed_seconds == Approx(3000.0));
  CHECK(untimed.notes.back().text.find("no time stamps") == 0);
}

TEST_CASE("a throughput that falls is told, and the forecast follows what it is now") {
  TrainingLog log;
  double time = 0.0;
  for (int step = 1; step <= 100; ++step) {
    time += 100.0 + step;
    log.records.push_back(
        {.line = step, .step = static_cast<double>(step), .tokens = 1000.0 * step, .time = time});
  }
  const Progress progress = progress_of(log, run_of(2e5));
  REQUIRE(progress.trend);
  CHECK(progress.trend->is_clear);
  CHECK(progress.trend->change < -0.4);
  CHECK(progress.interruptions.empty());
  CHECK(progress.remaining_seconds.p50 > 1.2 * progress.elapsed_seconds);
}

TEST_CASE("a throughput falls by less than all of it, however far") {
  for (const double slower : {2.0, 10.0, 1000.0}) {
    TrainingLog log;
    double time = 0.0;
    for (int step = 1; step <= 100; ++step) {
      time += 100.0 * std::pow(slower, step / 100.0);  // geometrically, to so many times as slow
      log.records.push_back(
          {.line = step, .step = static_cast<double>(step), .tokens = 1000.0 * step, .time = time});
    }
    const Progress progress = progress_of(log, run_of(2e5));
    REQUIRE(progress.trend);
    CHECK(progress.trend->is_clear);
    CHECK(progress.trend->change == Approx(1.0 / slower - 1.0).epsilon(0.03));
  }
}

TEST_CASE("a batch contradicts what the log counts, in sequences or in tokens") {
  TrainingLog log;
  CHECK_FALSE(contradicting_batch(log, 512.0, 4096.0));
  log.tokens_per_step = 1024.0 * 4096.0;
  CHECK(contradicting_batch(log, 512.0, 4096.0) == 1024.0);
  CHECK_FALSE(contradicting_batch(log, 1024.0, 4096.0));
  CHECK_FALSE(contradicting_batch(log, 1023.0, 4096.0));  // a few sequences were cut short
  CHECK_FALSE(contradicting_batch(log, 512.0, {}));
  log.sequences_per_step = 256.0;  // what is counted in sequences needs no length
  CHECK(contradicting_batch(log, 512.0, {}) == 256.0);
}

TEST_CASE("steps need the tokens of one, one record makes no pace") {
  TrainingLog log;
  log.records = {{.line = 1, .step = 1.0, .time = 1.0}, {.line = 2, .step = 2.0, .time = 2.0}};
  CHECK(progress_problem(log, {.total_tokens = 1e6}).find("--global-batch") != std::string::npos);
  CHECK(progress_problem(log, {.total_tokens = 1e6, .tokens_per_step = 10.0}).empty());
  log.records.pop_back();
  CHECK(progress_problem(log, {.total_tokens = 1e6, .tokens_per_step = 10.0}).find("one record") !=
        std::string::npos);
}

TEST_CASE("a log that begins at step 0") {
  TrainingLog log;
  log.records = {{.line = 1, .step = 0.0, .tokens = 0.0, .time = 5.0}};
  add(log, 1, 10, 5.0);
  const Progress progress = progress_of(log, run_of(20000.0));
  CHECK(progress.elapsed_seconds == Approx(1000.0));
  CHECK(progress.remaining_seconds.p50 == Approx(1000.0));
}
