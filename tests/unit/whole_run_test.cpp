// Whole published runs, as asked before they began.
#include "catch.h"
#include "core/estimate.h"
#include "core/run_scatter.h"
#include "input_error_of.h"
#include "io/efficiency_prior_file.h"
#include "io/measured_run_file.h"
#include "io/whole_run_file.h"

#include <cmath>
#include <memory>

using namespace trainbudget;

namespace {

const io::ProfileFolder profiles(TRAINBUDGET_SOURCE_DIR "/hardware_profiles");

std::vector<WholeRun> read(const std::string& rows) {
  const io::CsvTable table(
      std::make_shared<const std::string>(
          "id,source,model,arch,n_active,tokens,gpu,n_gpus,gpu_hours,gpu_hours_kind,days,check\n" + rows),
      "runs.csv");
  return io::read_whole_runs(table, io::read_run_names(profiles));
}

}  // namespace

TEST_CASE("a whole run is predicted without its hours") {
  const WholeRun run = read("a,paper,M,dense,14e9,300e9,A100-80GB,64,140160,published,91,\n").front();
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
  CHECK(read("a,p,M,dense,14e9,300e9,Abacus,64,1,,,\n").front().inexpressible ==
        "no profile for accelerator 'Abacus'");
  CHECK(read("a,p,M,moe,unknown,300e9,A100-80GB,64,1,,,\n").front().inexpressible ==
        "its parameters or tokens are not known");
  CHECK(read("a,p,M,dense,14e9,300e9,A100-80GB,64,,,,\n").front().inexpressible ==
        "its accelerator-hours are not known");
  CHECK(input_error_of([] { read("a,p,M,dense,many,300e9,A100-80GB,64,1,,,\n"); }).location.line == 2);
}

TEST_CASE("of the published whole runs, 57 have all it takes") {
  int expressible = 0;
  const std::vector<WholeRun> runs = io::read_published_whole_runs(profiles);
  for (const WholeRun& run : runs)
    expressible += run.inexpressible.empty() ? 1 : 0;
  CHECK(runs.size() == 76);
  CHECK(expressible == 57);
}

TEST_CASE("the scatter leaves one run in ten above P90 and one below P10") {
  // Nineteen runs, predicted at 1 without a width of their own, from 1/10 to 10 times that: rank 18 of 19 on
  // either side is the second largest.
  std::vector<PredictedHours> runs;
  for (int i = -9; i <= 9; ++i)
    runs.push_back({std::pow(10.0, i / 9.0), exactly(1.0)});
  const Range scatter = run_scatter(runs);
  CHECK(scatter.p90 == Approx(std::pow(10.0, 8.0 / 9.0)));
  CHECK(scatter.p10 == Approx(std::pow(10.0, -8.0 / 9.0)));
  CHECK(scatter.p50 == 1.0);
  // A prediction that is that wide already needs no scatter.
  for (PredictedHours& run : runs)
    run.predicted = scatter;
  CHECK(run_scatter(runs) == exactly(1.0));
  // Widths add in quadrature: ln 2 of its own and ln 3 besides make √(ln²2 + ln²3).
  for (PredictedHours& run : runs)
    run = {std::exp(std::hypot(std::log(2.0), std::log(3.0))), {0.5, 1.0, 2.0}};
  CHECK(run_scatter(runs).p90 == Approx(3.0));
  CHECK(run_scatter(runs).p10 == 1.0);
  runs.resize(8);
  CHECK(run_scatter(runs) == exactly(1.0));
}

TEST_CASE("the scatter of the priors is that of the published whole runs") {
  std::vector<PredictedHours> predicted;
  for (const WholeRun& run : io::read_published_whole_runs(profiles)) {
    if (run.inexpressible.empty() && run.check.empty())
      predicted.push_back({run.gpu_hours, estimate(io::scenario_before(run, profiles)).gpu_hours});
  }
  const EfficiencyPriors priors = io::read_efficiency_priors(profiles.path("efficiency/prior.yaml"));
  CHECK(static_cast<int>(predicted.size()) == priors.scattered_runs);
  const Range of_utilization = reciprocal(run_scatter(predicted));
  CHECK(priors.run_scatter.value.p10 == Approx(of_utilization.p10).margin(0.005));
  CHECK(priors.run_scatter.value.p50 == 1.0);
  CHECK(priors.run_scatter.value.p90 == Approx(of_utilization.p90).margin(0.005));
}

TEST_CASE("each published whole run is inside the range made of the others about four times in five") {
  std::vector<PredictedHours> all;
  for (const WholeRun& run : io::read_published_whole_runs(profiles)) {
    if (run.inexpressible.empty() && run.check.empty())
      all.push_back({run.gpu_hours, estimate(io::scenario_before(run, profiles)).gpu_hours});
  }
  int inside = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::vector<PredictedHours> others = all;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
    const Range range = product(all[i].predicted, run_scatter(others));
    inside += range.p10 <= all[i].gpu_hours && all[i].gpu_hours <= range.p90 ? 1 : 0;
  }
  const double share = inside / static_cast<double>(all.size());
  CHECK(share >= 0.75);
  CHECK(share <= 0.90);
}
