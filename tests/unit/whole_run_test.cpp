// Whole published runs, as asked before they began.
#include "catch.h"
#include "core/estimate.h"
#include "core/quantile.h"
#include "core/run_scatter.h"
#include "input_error_of.h"
#include "io/efficiency_prior_file.h"
#include "io/measured_run_file.h"
#include "io/scenario_file.h"
#include "io/whole_run_file.h"
#include "io/yaml_node.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>
#include <set>

using namespace trainbudget;

namespace {

const io::ProfileFolder profiles(TRAINBUDGET_SOURCE_DIR "/hardware_profiles");

std::vector<WholeRun> read(const std::string& rows) {
  const io::CsvTable table(
      std::make_shared<const std::string>("id,publisher,source,model,arch,n_active,tokens,gpu,n_gpus,gpu_"
                                          "hours,gpu_hours_kind,days,check,profile,"
                                          "seq_len,global_batch_tokens,precision\n" +
                                          rows),
      "runs.csv");
  return io::read_whole_runs(table, io::read_run_names(profiles));
}

}  // namespace

TEST_CASE("a whole run is predicted without its hours") {
  const WholeRun run = read("a,lab,paper,M,dense,14e9,300e9,A100-80GB,64,140160,published,91,,,,,\n").front();
  CHECK(run.inexpressible.empty());
  CHECK(run.accelerator == "a100-sxm-80gb");
  const Estimate result = estimate(io::scenario_before(run, profiles));
  CHECK(result.ideal_gpu_hours == Approx(22435.9).epsilon(1e-5));
  CHECK(result.gpu_hours.p50 > 22436);
  WholeRun other = run;
  other.gpu_hours = 1.0;
  CHECK(estimate(io::scenario_before(other, profiles)).gpu_hours == result.gpu_hours);
}

TEST_CASE("what a whole run lacks is told") {
  CHECK(read("a,lab,p,M,dense,14e9,300e9,Abacus,64,1,,,,,,,\n").front().inexpressible ==
        "no profile for accelerator 'Abacus'");
  CHECK(read("a,lab,p,M,moe,unknown,300e9,A100-80GB,64,1,,,,,,,\n").front().inexpressible ==
        "its parameters are not known (line 2, column n_active)");
  CHECK(read("a,lab,p,M,dense,14e9,,A100-80GB,64,1,,,,,,,\n").front().inexpressible ==
        "its tokens are not known (line 2, column tokens)");
  CHECK(read("a,lab,p,M,dense,14e9,300e9,,64,1,,,,,,,\n").front().inexpressible ==
        "its accelerator is not known (line 2, column gpu)");
  CHECK(read("a,lab,p,M,dense,14e9,300e9,A100-80GB,64,,,,,,,,\n").front().inexpressible ==
        "its accelerator-hours are not known (line 2, column gpu_hours)");
  CHECK(input_error_of([] { read("a,lab,p,M,dense,many,300e9,A100-80GB,64,1,,,,,,,\n"); }).location.line ==
        2);
}

TEST_CASE("a whole run says enough to compute its steps, or is left to the rule of thumb") {
  const auto run = [](const std::string& gpus, const std::string& step) {
    return read("a,lab,p,M,dense,6.7e9,1e12,A100-80GB," + gpus + ",82432,,,," + step + "\n").front();
  };
  const WholeRun whole = run("512", "llama-2-7b,4096,4194304,bf16");
  REQUIRE(whole.has_steps());
  const Scenario scenario = io::computed_scenario_before(whole, profiles);
  REQUIRE(scenario.step);
  CHECK(scenario.step->global_batch == 1024.0);
  CHECK(scenario.step->workload.sequence_length == 4096.0);
  CHECK(scenario.tokens.value.value == 1e12);
  CHECK_FALSE(scenario.run_scatter);
  for (const WholeRun& lacking :
       {run("", "llama-2-7b,4096,4194304,bf16"), run("512", ",4096,4194304,bf16"),
        run("512", "llama-2-7b,,4194304,bf16"), run("512", "llama-2-7b,4096,,bf16")}) {
    CHECK_FALSE(lacking.has_steps());
  }
}

TEST_CASE("of the published whole runs, 83 have all it takes, and 38 of these say enough of their steps") {
  const std::vector<WholeRun> runs = io::read_published_whole_runs(profiles);
  const auto count = [&](auto property) { return std::count_if(runs.begin(), runs.end(), property); };
  CHECK(runs.size() == 101);
  CHECK(count([](const WholeRun& run) { return run.inexpressible.empty(); }) == 83);
  CHECK(count([](const WholeRun& run) { return run.has_steps(); }) == 38);
  CHECK(count([](const WholeRun& run) { return run.publisher.empty(); }) == 0);
}

TEST_CASE("quantiles of Student's t are those of its tables") {
  CHECK(student_p90(1) == 3.078);
  CHECK(student_p90(12) == 1.356);
  CHECK(student_p90(13) == Approx(1.350).margin(0.0006));
  CHECK(student_p90(20) == Approx(1.325).margin(0.0006));
  CHECK(student_p90(60) == Approx(1.296).margin(0.0006));
  CHECK(student_p90(1000000) == Approx(p90_deviations).epsilon(1e-5));
}

TEST_CASE("the scatter is that of the next publisher's run") {
  // Ten publishers whose logarithms of used ÷ predicted are 1 and −1 by turns around 0.5: deviation √(10/9),
  // t(9) = 1.383 (tables of Student's t), times √1.1.
  std::vector<PredictedHours> runs;
  for (int i = 0; i < 10; ++i)
    runs.push_back({std::exp(0.5 + (i % 2 == 0 ? 1.0 : -1.0)), exactly(1.0), std::to_string(i)});
  const double width = 1.383 * std::sqrt(1.1 * 10.0 / 9.0);
  const Range scatter = run_scatter(runs);
  CHECK(scatter.p50 == Approx(std::exp(0.5)));
  CHECK(scatter.p90 == Approx(std::exp(0.5 + width)).epsilon(0.001));
  CHECK(scatter.p10 == Approx(std::exp(0.5 - width)).epsilon(0.001));

  // A publisher of many runs counts as one of few.
  std::vector<PredictedHours> repeated = runs;
  for (int i = 0; i < 30; ++i)
    repeated.push_back(runs.front());
  CHECK(run_scatter(repeated).p50 == Approx(scatter.p50));
  CHECK(run_scatter(repeated).p90 == Approx(scatter.p90));

  // Widths add in quadrature: what the prediction is wide already is not added again.
  for (PredictedHours& run : runs)
    run.predicted = {0.5, 1.0, 2.0};
  const double rest = std::sqrt(width * width - std::log(2.0) * std::log(2.0));
  CHECK(run_scatter(runs).p90 == Approx(std::exp(0.5 + rest)).epsilon(0.001));
  for (PredictedHours& run : runs)
    run.predicted = {0.01, 1.0, 100.0};
  CHECK(run_scatter(runs).is_exact());
  CHECK(run_scatter(runs).p50 == Approx(std::exp(0.5)));

  runs.resize(fewest_publishers - 1);
  CHECK(run_scatter(runs) == exactly(1.0));
}

TEST_CASE("a run that was predicted with much doubt says little of the scatter of others") {
  // Ten publishers who used 1.2 times or 1/1.2 of what was said within 10 %, and two who used ten times of
  // what was said within a factor of thirty.
  std::vector<PredictedHours> runs;
  for (int i = 0; i < 10; ++i)
    runs.push_back({i % 2 == 0 ? 1.2 : 1.0 / 1.2, {1.0 / 1.1, 1.0, 1.1}, std::to_string(i)});
  const Range without = run_scatter(runs);
  for (const char* name : {"a", "b"})
    runs.push_back({10.0, {1.0 / 30.0, 1.0, 30.0}, name});
  const Range scatter = run_scatter(runs);
  CHECK(scatter.p50 == Approx(without.p50).epsilon(0.03));
  // Had they been predicted as closely, they would have moved and widened it.
  for (std::size_t i = 10; i < runs.size(); ++i)
    runs[i].predicted = {1.0 / 1.1, 1.0, 1.1};
  CHECK(run_scatter(runs).p50 > 1.3 * scatter.p50);
  CHECK(run_scatter(runs).p90 > 1.3 * scatter.p90);
}

namespace {

std::vector<PredictedHours> predicted(Scenario (*before)(const WholeRun&, const io::ProfileFolder&),
                                      bool (*counts)(const WholeRun&)) {
  std::vector<PredictedHours> hours;
  for (const WholeRun& run : io::read_published_whole_runs(profiles)) {
    if (counts(run) && run.check.empty())
      hours.push_back({run.gpu_hours, estimate(before(run, profiles)).gpu_hours, run.publisher});
  }
  return hours;
}

std::vector<PredictedHours> by_rule() {
  return predicted(io::scenario_before, [](const WholeRun& run) { return run.inexpressible.empty(); });
}

std::vector<PredictedHours> by_steps() {
  return predicted(io::computed_scenario_before, [](const WholeRun& run) { return run.has_steps(); });
}

void check_scatter(const RunScatter& shipped, const std::vector<PredictedHours>& runs) {
  std::set<std::string> publishers;
  for (const PredictedHours& run : runs)
    publishers.insert(run.publisher);
  CHECK(shipped.runs == static_cast<int>(runs.size()));
  CHECK(shipped.publishers == static_cast<int>(publishers.size()));
  const Range of_utilization = reciprocal(run_scatter(runs));
  CHECK(shipped.factor.value.p10 == Approx(of_utilization.p10).margin(0.005));
  CHECK(shipped.factor.value.p50 == Approx(of_utilization.p50).margin(0.005));
  CHECK(shipped.factor.value.p90 == Approx(of_utilization.p90).margin(0.005));
}

/// Of runs each of whose publisher is hidden from the scatter, the share inside P10–P90.
double share_inside(const std::vector<PredictedHours>& all) {
  int inside = 0;
  for (const PredictedHours& run : all) {
    std::vector<PredictedHours> others;
    std::copy_if(all.begin(), all.end(), std::back_inserter(others),
                 [&](const PredictedHours& other) { return other.publisher != run.publisher; });
    const Range range = combined(run.predicted, run_scatter(others));
    inside += range.p10 <= run.gpu_hours && run.gpu_hours <= range.p90 ? 1 : 0;
  }
  return inside / static_cast<double>(all.size());
}

}  // namespace

TEST_CASE("the scatters that come with the program are those of the published whole runs") {
  const EfficiencyPriors priors = io::read_efficiency_priors(profiles.path("efficiency/prior.yaml"));
  check_scatter(priors.around_priors, by_rule());
  check_scatter(priors.around_steps, by_steps());
}

TEST_CASE("a whole run is inside the range made of other publishers' about four times in five") {
  for (const double share : {share_inside(by_rule()), share_inside(by_steps())}) {
    CHECK(share >= 0.75);
    CHECK(share <= 0.90);
  }
}

TEST_CASE("whole runs widen and slow steps of an unknown stack, not of a measured one") {
  const auto read_with = [](const std::string& more) {
    return io::read_scenario(io::parse_yaml("model: llama-2-7b\ntokens: 2T\ngpu: h100-sxm-80gb\ngpus: 64\n"
                                            "global_batch: 1024\n" +
                                                more,
                                            "s.yaml"),
                             profiles);
  };
  const Scenario unknown = read_with("");
  const Scenario measured = read_with("stack: megatron-bridge\n");
  REQUIRE(unknown.run_scatter);
  CHECK_FALSE(measured.run_scatter);
  const Estimate result = estimate(unknown);
  const LedgerLine* step = find_line(result, "step_time");
  REQUIRE(step != nullptr);
  const double steady = unknown.step->workload.model_flops * 4096.0 * 1024.0 / 64.0 / step->value.p50;
  CHECK(result.model_flops_utilization.p50 ==
        Approx(steady / find_peak(unknown.accelerator.peak, Precision::bf16)->value.value *
               unknown.run_scatter->value.p50)
            .epsilon(0.02));
  CHECK(result.model_flops_utilization.p90 / result.model_flops_utilization.p10 >
        step->value.p90 / step->value.p10);
}

TEST_CASE("the wall time of a report is that of simulated runs, at every quantile") {
  struct Case {
    const char* run;
    double median, ends;  ///< how far the logarithms may be off
  };
  for (const Case& known :
       {Case{"model: llama-3.1-405b\ntokens: 15.6T\ngpu: h100-sxm-80gb\ngpus: 16384\n", 0.03, 0.08},
        Case{"model: deepseek-v3\ntokens: 14.8T\ngpu: h800-sxm-80gb\ngpus: 2048\nprecision: fp8\n", 0.04,
             0.05},
        Case{"params: 14B\ntokens: 300B\ngpu: a100-sxm-80gb\ngpus: 64\n", 0.03, 0.05}}) {
    CAPTURE(known.run);
    const Estimate result = estimate(io::read_scenario(
        io::parse_yaml(std::string(known.run) + "simulation: {runs: 20000}\n", "s.yaml"), profiles));
    const Range closed = result.wall_time_seconds;
    const LedgerLine* line = find_line(result, "simulated_wall_time");
    REQUIRE(line != nullptr);
    const Range drawn = line->value;
    CAPTURE(closed.p10, closed.p50, closed.p90, drawn.p10, drawn.p50, drawn.p90);
    CHECK(std::abs(std::log(closed.p50 / drawn.p50)) < known.median);
    CHECK(std::abs(std::log(closed.p10 / drawn.p10)) < known.ends);
    CHECK(std::abs(std::log(closed.p90 / drawn.p90)) < known.ends);
  }
}
