// The table of formulas, the ledger and docs/formulas.md say the same.
#include "core/formulas.h"

#include "catch.h"
#include "core/estimate.h"
#include "reliable.h"
#include "small_step.h"
#include "worked_example.h"

#include <fstream>
#include <set>
#include <sstream>
#include <string>

using namespace trainbudget;

namespace {
std::string formulas_page() {
  std::ifstream file(TRAINBUDGET_SOURCE_DIR "/docs/formulas.md");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}
}  // namespace

TEST_CASE("every formula has its anchor and its expression in docs/formulas.md, and none is left over") {
  const std::string page = formulas_page();
  std::size_t anchors = 0;
  for (std::size_t at = page.find("<a id=\""); at != std::string::npos; at = page.find("<a id=\"", at + 1))
    ++anchors;
  for (const Formula& formula : all_formulas()) {
    INFO(formula.id);
    CHECK(page.find("<a id=\"" + std::string(formula.id) + "\">") != std::string::npos);
    CHECK(page.find(std::string(formula.expression)) != std::string::npos);
  }
  CHECK(anchors == all_formulas().size());
}

TEST_CASE("every ledger line uses a formula of the table") {
  Scenario scenario = tests::worked_example();
  scenario.used_gpu_hours = Sourced<double>{140160.0, {}};
  scenario.power = PowerModel{};
  scenario.counted =
      CountedFlops{.model = "m", .forward = FlopsPerToken(1.0), .backward = FlopsPerToken(2.0)};
  scenario.step = tests::small_step();
  scenario.carbon = CarbonModel{
      .grid_name = "g", .grid = {exactly(400.0), {}}, .embodied = Sourced<Range>{exactly(25.0), {}}};
  scenario.commitment = Commitment{.gpu_hours = 1e6};
  scenario.price_course = PriceCourse{.change_per_year = 0.1};
  const Sourced<Range> share{exactly(0.1), {}};
  scenario.extras = {
      .storage = Storage{}, .egress = Egress{}, .development = share, .staff = share, .contingency = share};
  Scenario term = tests::worked_example();
  term.commitment = Commitment{.gpu_hours = 1e6, .gpus = 32.0};
  Scenario owned = tests::worked_example();
  owned.own =
      OwnedHardware{.capex_usd = {exactly(1000.0), {}}, .life_years = {5.0, {}}, .utilization = {0.8, {}}};
  Scenario interrupted = tests::worked_example();
  interrupted.reliability = tests::exact_reliability();
  interrupted.run_scatter = Sourced<Range>{{0.8, 1.0, 1.2}, {}};
  Scenario spared = interrupted;
  spared.reliability->interval.reset();
  spared.reliability->spare_gpus = Sourced<double>{8.0, {}};
  spared.simulation = Simulation{.runs = 100};
  Scenario spot = interrupted;
  spot.reliability->spot = tests::exact_spot();
  Scenario unknown_rate = spot;
  unknown_rate.reliability->spot->seconds_between.reset();
  Scenario blocks = tests::worked_example();
  blocks.capacity_blocks = Provenance{};
  Scenario looked_up = tests::worked_example();
  looked_up.price_drift = PriceDrift{};
  looked_up.start_delay_seconds = Sourced<Range>{exactly(1.0), {}};
  std::set<std::string_view> used{expression_of("finish-date")};  // a date is no ledger line
  for (const Scenario& each :
       {scenario, term, owned, interrupted, spared, spot, unknown_rate, blocks, looked_up}) {
    for (const LedgerLine& line : estimate(each).ledger) {
      INFO(line.id);
      CHECK_FALSE(expression_of(line.formula).empty());
      used.insert(expression_of(line.formula));
    }
  }
  CHECK(used.size() == all_formulas().size());
  CHECK(expression_of("no-such-formula").empty());
}
