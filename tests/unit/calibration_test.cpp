// Fits that must find what a made-up machine was given, and profiles that must survive a file.
#include "calibration/backtest.h"
#include "calibration/profile.h"
#include "catch.h"
#include "input_error_of.h"
#include "io/efficiency_file.h"
#include "small_step.h"

#include <cmath>
#include <deque>

using namespace trainbudget;

namespace {

/// Runs of a machine whose parameters we choose, of several layouts and batches.
class MadeUp {
 public:
  explicit MadeUp(const Efficiency& truth) {
    for (const int tensor : {1, 2, 4}) {
      for (const int micro_batch : {1, 2, 4, 8}) {
        for (const double batch : {64.0, 256.0})
          add(truth, {.tensor = tensor, .data = 4 / tensor, .micro_batch = micro_batch}, batch);
      }
    }
  }
  std::vector<const Observation*> rows() const {
    std::vector<const Observation*> pointers;
    for (const Observation& row : observations_)
      pointers.push_back(&row);
    return pointers;
  }
  const std::deque<Observation>& observations() const { return observations_; }
  void tell_memory(const Efficiency& truth) {
    for (std::size_t i = 0; i < runs_.size(); ++i)
      runs_[i].peak_memory_bytes = observations_[i].predicted_memory(truth);
  }

 private:
  void add(const Efficiency& truth, const Layout& layout, double batch) {
    const StepPlan plan = tests::small_step();
    MeasuredRun& run = runs_.emplace_back();
    run.id = std::to_string(runs_.size());
    run.group = "made up";
    run.accelerator = "small";
    run.stack = "ours";
    run.run.layout = layout;
    run.run.global_batch = batch;
    run.step_seconds = step_time(plan.workload, plan.machine, layout, batch, truth).total();
    observations_.push_back({&run, plan.workload, plan.machine, std::log(run.step_seconds)});
  }
  std::deque<MeasuredRun> runs_;
  std::deque<Observation> observations_;
};

}  // namespace

TEST_CASE("a fit finds times that parameters within their bounds explain") {
  Efficiency truth = typical_efficiency();
  truth[Parameter::time_factor] = 1.6;
  truth[Parameter::tensor_exposed] = 0.9;
  const MadeUp measured(truth);
  const Fit fit(measured.rows(), {});
  CHECK(fit.converged());
  CHECK(fit.residual_spread() < 0.01);
  for (const Observation& row : measured.observations())
    CHECK(fit.predict(row).value == Approx(row.run->step_seconds).epsilon(0.03));
  const EfficiencyProfile profile =
      make_profile(fit, Fit({}, of_memory), measured.rows(), {"small", "ours", ""}, "made up");
  CHECK(profile.rows == 24);
  const Efficiency values = profile.efficiency();
  for (const ParameterRow& row : parameter_table()) {
    CHECK(values[row.parameter] >= row.lower);
    CHECK(values[row.parameter] <= row.upper);
  }
  // Nothing in these rows speaks of experts or pipelines.
  CHECK(profile.parameters[index_of(Parameter::expert_exposed)].provenance.origin == Origin::assumed);
  CHECK(profile.parameters[index_of(Parameter::time_factor)].provenance.origin == Origin::fitted);
}

TEST_CASE("a stack without rows is predicted less surely than one with them") {
  const MadeUp measured(typical_efficiency());
  const Fit fit(measured.rows(), {});
  const Observation& row = measured.observations().front();
  CHECK(fit.predict(row, {"small", "unknown", ""}).spread > 2.0 * fit.predict(row).spread);
}

TEST_CASE(
    "a row whose source states its noise is predicted as widely, and says nothing of its stack's scatter") {
  const MadeUp measured(typical_efficiency());
  const Fit plain(measured.rows(), {});
  std::deque<Observation> rows = measured.observations();
  Observation& noisy = rows.front();
  noisy.noise = 5.0;
  noisy.log_measured += 0.5;  // its noise: no other row is so far off
  std::vector<const Observation*> pointers;
  for (const Observation& row : rows)
    pointers.push_back(&row);
  const Fit fit(pointers, {});
  CHECK(fit.residual_spread("ours") < 0.02);
  CHECK(fit.predict(noisy).spread >=
        std::hypot(1.0, 5.0) * fit.residual_spread("ours") * noisy.scatter * 0.999);
}

TEST_CASE("what is said twice of one measurement is in one fold") {
  MadeUp measured(typical_efficiency());
  std::deque<MeasuredRun> runs;
  std::deque<Observation> twice;
  for (const Observation& row : measured.observations()) {
    for (const char* copy : {"", "-again", "-and-again"}) {
      MeasuredRun& run = runs.emplace_back(*row.run);
      run.id += copy;
      twice.push_back(row);
      twice.back().run = &run;
    }
  }
  const std::vector<Observation> rows(twice.begin(), twice.end());
  const std::vector<PredictedRun> predicted = backtest(rows, rows, Holdout::folds);
  REQUIRE(predicted.size() == rows.size());
  for (std::size_t i = 0; i < predicted.size(); i += 3) {
    CHECK(predicted[i].p50 == predicted[i + 1].p50);
    CHECK(predicted[i].p50 == predicted[i + 2].p50);
  }
}

TEST_CASE("few rows of a stack leave its ranges wide") {
  CHECK(known_stack_widening(1) > known_stack_widening(10));
  CHECK(known_stack_widening(10) > known_stack_widening(100));
  CHECK(known_stack_widening(1'000'000) > 1.0);
}

TEST_CASE("a stack that was measured often does not stand for unknown ones") {
  // The same rows under four releases of a slow stack and one of a fast one.
  Efficiency slow = typical_efficiency();
  slow[Parameter::time_factor] = 2.4;
  const MadeUp measured_slow(slow);
  const MadeUp measured_fast(typical_efficiency());
  std::deque<MeasuredRun> runs;
  std::deque<Observation> observations;
  const auto add = [&](const MadeUp& measured, const char* stack, const char* date) {
    for (const Observation& row : measured.observations()) {
      MeasuredRun& run = runs.emplace_back(*row.run);
      run.stack = stack;
      run.date = date;
      observations.push_back(row);
      observations.back().run = &run;
    }
  };
  for (const char* date : {"2021", "2022", "2023", "2024"})
    add(measured_slow, "slow", date);
  add(measured_fast, "fast", "2024");
  std::vector<const Observation*> rows;
  for (const Observation& row : observations)
    rows.push_back(&row);
  const Fit kin(rows, {});
  const Fit population(rows, of_unknown_stacks);
  const auto factor = [](const Fit& fit, const ProfileKey& key) {
    return fit.efficiency(key)[Parameter::time_factor];
  };
  // A new release of the slow stack is believed to be slow, an unknown stack less so.
  CHECK(factor(kin, {"small", "slow", "2025"}) > 1.1 * factor(kin, {"small", "unknown", ""}));
  // The population knows no stacks: what it says of any new one is the same.
  CHECK(factor(population, {"small", "slow", "2025"}) == factor(population, {"small", "unknown", ""}));
  const ParameterRow& row = parameter_table()[index_of(Parameter::time_factor)];
  CHECK(population.prior_spread(row) == Approx(std::hypot(row.common_spread, row.release_spread)));
  CHECK(kin.prior_spread(row) == Approx(std::hypot(row.common_spread, row.stack_spread,
                                                   std::hypot(row.release_spread, row.pair_spread))));
}

TEST_CASE("memory is fitted by its own parameters, step times by theirs") {
  Efficiency truth = typical_efficiency();
  truth[Parameter::activation_factor] = 1.5;
  truth[Parameter::fixed_memory] = 4.0e9;
  MadeUp measured(truth);
  measured.tell_memory(truth);
  const Fit memory(measured.rows(), of_memory);
  CHECK(memory.converged());
  for (const Observation& row : measured.observations())
    CHECK(memory.predict(row).value == Approx(*row.run->peak_memory_bytes).epsilon(0.02));
  const EfficiencyProfile profile =
      make_profile(Fit(measured.rows(), {}), memory, measured.rows(), {"small", "ours", ""}, "made up");
  const auto told = [&](Parameter parameter) { return profile.parameters[index_of(parameter)]; };
  CHECK(told(Parameter::fixed_memory).provenance.origin == Origin::fitted);
  CHECK(told(Parameter::fixed_memory).value > 1.5 * typical_efficiency()[Parameter::fixed_memory]);
  CHECK(profile.memory_spread > 0.0);
  // A fit of one target leaves the parameters of the other where they were believed to be.
  CHECK(memory.efficiency({"small", "ours", ""})[Parameter::time_factor] ==
        Approx(typical_efficiency()[Parameter::time_factor]));
  CHECK(memory.prior_spread(parameter_table()[index_of(Parameter::time_factor)]) == 0.0);
}

TEST_CASE("a stack whose rows scatter has wider ranges than one whose rows do not") {
  const MadeUp measured(typical_efficiency());
  std::deque<MeasuredRun> runs;
  std::deque<Observation> observations;
  for (const char* stack : {"calm", "wild"}) {
    double sign = 1.0;
    for (const Observation& row : measured.observations()) {
      runs.emplace_back(*row.run).stack = stack;
      observations.push_back(row);
      observations.back().run = &runs.back();
      // Pairs of the same configuration, 30 % either way.
      if (stack == std::string("wild")) observations.back().log_measured += 0.3 * (sign = -sign);
    }
  }
  std::vector<const Observation*> rows;
  for (const Observation& row : observations)
    rows.push_back(&row);
  const Fit fit(rows, {});
  CHECK(fit.residual_spread("wild") > 3.0 * fit.residual_spread("calm"));
  CHECK(fit.residual_spread("unheard of") == fit.residual_spread());
  CHECK(fit.predict(*rows.back()).spread > 2.0 * fit.predict(*rows.front()).spread);
}

TEST_CASE("one wild row hardly moves a fit") {
  MadeUp measured(typical_efficiency());
  std::vector<const Observation*> rows = measured.rows();
  Observation wild = *rows.back();
  wild.log_measured += std::log(3.0);
  rows.back() = &wild;
  const Fit fit(rows, {});
  CHECK(fit.predict(*rows.front()).value == Approx(rows.front()->run->step_seconds).epsilon(0.03));
}

TEST_CASE("a backtest never scores a row by a fit that saw it") {
  // Rows that repeat a secret number no parameter explains: predicted well only where they were fitted.
  const MadeUp measured(typical_efficiency());
  std::vector<Observation> rows(measured.observations().begin(), measured.observations().end());
  const std::vector<PredictedRun> unseen = backtest(rows, rows, Holdout::source);
  const std::vector<PredictedRun> folds = backtest(rows, rows, Holdout::folds);
  const std::vector<PredictedRun> ten = backtest(rows, rows, Holdout::source_ten);
  CHECK(unseen.size() == rows.size());
  CHECK(folds.size() == rows.size());
  CHECK(ten.size() == rows.size() - 10);
  // The only source is hidden: nothing is left to fit, and the prediction is the prior's.
  const double prior = rows.front().predicted_seconds(typical_efficiency());
  CHECK(unseen.front().p50 == Approx(prior));
  CHECK(unseen.front().p90 / unseen.front().p50 > folds.front().p90 / folds.front().p50);
}

TEST_CASE("errors are summed up as they are told") {
  const std::vector<double> ratios{1.1, 0.9, 1.2, 1.0, 0.7};
  const ErrorSummary summary = summarize_ratios(ratios);
  CHECK(summary.rows == 5);
  CHECK(summary.median == Approx(0.1));
  CHECK(summary.mean == Approx(0.14));
  CHECK(summary.p90 == Approx(0.26));
  CHECK(summarize_ratios({}).rows == 0);
}

TEST_CASE("a profile survives its file") {
  EfficiencyProfile profile = tests::small_step().profile;
  profile.accelerator = "small";
  profile.stack = "generic";
  profile.date = "2026-11";
  profile.rows = 7;
  profile.seen = {{.attention = true}, {.attention = true, .recurrence = true}};
  profile.recurrences.push_back({"wkv7_forward", "small", 64, 100, {{200, 512, 1.024e-3}, {50, 64, 3e-6}}});
  profile.recurrences.push_back({"wkv4_backward", "small", 1, 0, {{4096, 512, 2e-3}}});
  for (const ParameterRow& row : parameter_table()) {
    profile.parameters[index_of(row.parameter)].spread = 0.25;
    profile.parameters[index_of(row.parameter)].provenance = {.origin = Origin::measured, .source = "a run"};
  }
  const EfficiencyProfile read =
      io::read_efficiency_profile(io::parse_yaml(io::write_efficiency_profile(profile), "p.yaml"));
  CHECK(read.name == profile.name);
  CHECK(read.date == "2026-11");
  CHECK(read.rows == 7);
  CHECK(read.seen == profile.seen);
  CHECK(read.step_time_spread == Approx(0.1));
  REQUIRE(read.recurrences.size() == 2);
  CHECK(read.recurrences[0].kernel == "wkv7_forward");
  CHECK(read.recurrences[0].accelerator == "small");
  CHECK(read.recurrences[0].resident_heads == 100.0);
  REQUIRE(read.recurrences[0].points.size() == 2);
  CHECK(read.recurrences[0].points[1].heads == 50.0);
  CHECK(read.recurrences[0].points[1].sequence == 64.0);
  CHECK(read.recurrences[0].points[1].seconds == Approx(3e-6));
  CHECK(read.recurrences[1].head_size == 1.0);
  CHECK(read.recurrences[1].resident_heads == 0.0);
  for (std::size_t i = 0; i < read.parameters.size(); ++i) {
    CHECK(read.parameters[i].value == Approx(profile.parameters[i].value).epsilon(1e-4));
    CHECK(read.parameters[i].spread == Approx(0.25));
    CHECK(read.parameters[i].provenance.origin == Origin::measured);
  }
}

TEST_CASE("a profile with a value out of its bounds is refused at its place") {
  const auto error = input_error_of([] {
    io::read_efficiency_profile(io::parse_yaml(
        "schema: trainbudget/efficiency-profile/1\nname: a/b\naccelerator: a\nstack: b\nrows: 1\n"
        "step_time_spread: 0.1\nrow_spread: 0.1\nmemory_spread: 0\nsource: s\nparameters:\n"
        "  matmul: {value: 1.2, origin: fitted}\n",
        "p.yaml"));
  });
  CHECK(error.location.line == 11);
}

TEST_CASE("measured recurrences of a profile are checked") {
  const auto refused = [](const std::string& recurrence, const std::string& message, int line) {
    const auto error = input_error_of([&] {
      io::read_efficiency_profile(io::parse_yaml(
          "schema: trainbudget/efficiency-profile/1\nname: a/b\naccelerator: a\nstack: b\nrows: 1\n"
          "step_time_spread: 0.1\nrow_spread: 0.1\nmemory_spread: 0\nsource: s\nparameters: {}\n" +
              recurrence,
          "p.yaml"));
    });
    INFO(error.what());
    CHECK(std::string(error.what()).find(message) != std::string::npos);
    CHECK(error.location.line == line);
  };
  refused("recurrences: 3\n", "a list of measured recurrences", 11);
  refused("recurrences:\n  - {kernel: wkv7_forward, head_size: 64, points: []}\n", "points are wanted", 12);
  refused("recurrences:\n  - {kernel: wkv7_forward, head_size: 64, points: [[1, 2]]}\n", "[B·H, T, seconds]",
          12);
  refused("recurrences:\n  - {kernel: wkv7_forward, head_size: 64, points: [[1, 2, 0]]}\n", "", 12);
  refused("recurrences:\n  - {kernel: wkv7_forward, head_size: 64, points: [[1, 2, -1]]}\n", "", 12);
  refused("recurrences:\n  - {kernel: wkv7_forward, points: [[1, 2, 1e-3]]}\n", "head_size", 12);
  refused("recurrences:\n  - {kernel: wkv7_forward, head_size: 64, points: [[1, 2, 1e-3]], waves: 2}\n",
          "waves", 12);
}
