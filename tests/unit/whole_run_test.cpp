// Whole published runs, as asked before they began.
#include "catch.h"
#include "core/estimate.h"
#include "input_error_of.h"
#include "io/measured_run_file.h"
#include "io/whole_run_file.h"

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
