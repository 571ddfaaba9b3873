// What a finished sweep says: who wins, and of what its reader must beware.
#include "sweep/sweep_report.h"

#include "catch.h"
#include "sweep/analysis.h"
#include "sweep/sweep_file.h"

#include <string>
#include <vector>

using namespace trainbudget;
using namespace trainbudget::sweep;

namespace {

struct Finished {
  Sweep sweep;
  std::vector<Point> points;
  Analysis analysis;
};

Finished finish(const std::string& yaml) {
  static const io::ProfileFolder profiles(TRAINBUDGET_SOURCE_DIR "/hardware_profiles");
  Finished all{.sweep = read_sweep(io::parse_yaml(yaml, "whatif.yaml")), .points = {}, .analysis = {}};
  all.points = all_points(all.sweep, profiles, 1);
  all.analysis = analyze(all.sweep, all.points);
  return all;
}

std::vector<std::string> findings(const Finished& all) {
  return sweep_findings(all.sweep, all.points, all.analysis);
}

}  // namespace

TEST_CASE("what does not fit in memory neither wins nor is on the front") {
  const std::string base =
      "base: {model: llama-2-7b, tokens: 1T, gpu: h100-sxm-80gb, gpus: 64, price: $2/h, global_batch: "
      "1024}\n";
  const Finished some = finish(base + "grid: {layout: ['tp=1,mbs=8,zero=0', 'tp=1,zero=1', 'tp=2,zero=1']}");
  REQUIRE(some.points[0].cost_usd->p50 < some.points[1].cost_usd->p50);
  REQUIRE(some.points[0].fits == false);
  REQUIRE(some.points[1].fits == true);
  CHECK_FALSE(some.points[0].meets);
  CHECK(some.analysis.cheapest == 1);
  CHECK(some.analysis.fastest == 1);
  CHECK(some.analysis.on_front == std::vector<bool>{false, true, false});
  CHECK(some.analysis.swings[0].cheapest == "tp=1,zero=1");

  const Finished none = finish(base + "grid: {layout: ['tp=1,mbs=8,zero=0', 'tp=1,mbs=16,zero=0']}");
  CHECK_FALSE(none.analysis.cheapest);
  CHECK_FALSE(none.analysis.fastest);
  CHECK(findings(none).front() == "None of the scenarios fits in memory");
}
