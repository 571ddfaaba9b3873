// Bounds of plans only save time: what is found is what trying everything finds.
#include "catch.h"
#include "requests.h"

using namespace trainbudget;
using namespace trainbudget::planner;

TEST_CASE("a plan with bounds is the plan of trying everything") {
  const auto plain = [](Request asked) {
    asked.search.prune = false;
    return make_plan(asked, folder());
  };
  Request small = family_on_h100(3000);
  small.most_gpus = 8;
  small.tokens_per_parameter = {20, 100};
  check_same(make_plan(small, folder()), plain(small));
  Request cheapest = cheapest_7b(60);
  cheapest.most_gpus = 16;
  check_same(make_plan(cheapest, folder()), plain(cheapest));
  Request fastest = cheapest;
  fastest.limits = {.budget_usd = 40000};
  check_same(make_plan(fastest, folder()), plain(fastest));
  Request nothing = cheapest;
  nothing.limits = {.budget_usd = 100, .deadline_seconds = seconds_per_day};
  check_same(make_plan(nothing, folder()), plain(nothing));
  Request rule = rule_of_thumb(5e4);
  rule.tokens_per_parameter = {20, 400};
  check_same(make_plan(rule, folder()), plain(rule));
}

TEST_CASE("a number of GPUs that is said not to fit does not") {
  // Layouts found for one size bound the search of the next; one of 77 recomputed layers of 78 once hid
  // everything that 128 GPUs could do.
  Request asked = family_on_h100(1e5);
  asked.hardware = {"h100-sxm-80gb"};
  asked.limits.deadline_seconds = 90 * seconds_per_day;
  asked.most_gpus = 128;
  const Plan plan = make_plan(asked, folder());
  REQUIRE(plan.winner);
  int numbers = 0;
  for (const Loser& loser : plan.losers) {
    if (loser.kind != "gpus") continue;
    ++numbers;
    CAPTURE(loser.what, loser.reason);
    CHECK(loser.reason.find("does not fit") == std::string::npos);
  }
  CHECK(numbers > 0);
}

TEST_CASE("a plan does not depend on the number of threads") {
  Request asked = family_on_h100(3000);
  asked.tokens_per_parameter = {100};
  const Plan two = make_plan(asked, folder());
  asked.search.threads = 1;
  check_same(make_plan(asked, folder()), two);
  asked.search.threads = 5;
  check_same(make_plan(asked, folder()), two);
}

TEST_CASE("no way is cheaper or faster than its bounds") {
  for (Request asked : {family_on_h100(3000), cheapest_7b(60), rule_of_thumb(1e5)}) {
    asked.limits.deadline_seconds = 400 * seconds_per_day;
    const Space space = make_space(asked, folder());
    Evaluator evaluator(asked, space, folder());
    int checked = 0;
    for (std::size_t i = 0; i < space.candidates.size(); i += 1 + space.candidates.size() / 60) {
      const Candidate& candidate = space.candidates[i];
      const Way& way = evaluator(i);
      if (!way.problem.empty()) continue;
      CAPTURE(way.model, way.accelerator, way.gpus, way.layout);
      CHECK(evaluator.least_seconds(candidate, way.tokens) <= way.wall_time_seconds.p50);
      CHECK(evaluator.least_usd(candidate, way.tokens) <= way.cost_usd->p50);
      if (space.free_tokens) CHECK(evaluator.most_tokens(candidate) >= way.tokens);
      ++checked;
    }
    CHECK(checked > 20);
  }
}

TEST_CASE("a price that falls is planned with as if everything had been tried") {
  for (const char* path : {"price.falls_per_year", "price.schedule"}) {
    CAPTURE(path);
    Request asked = request({{"gpu", "h100-sxm-80gb"}, {"efficiency", "40%"}});
    if (std::string(path) == "price.schedule") {
      io::YamlNode list = io::parse_yaml("[{amount: $4/h}, {after: 20 days, amount: $1/h}]", "list.yaml");
      io::set_at_path(asked.document, path, std::move(list), {});
    } else {
      put(asked.document, "price.amount", "$4/h");
      put(asked.document, path, "80%");
    }
    asked.limits = {.budget_usd = 1e5, .deadline_seconds = 365 * seconds_per_day};
    asked.tokens_per_parameter = {20};
    Request plain = asked;
    plain.search.prune = false;
    check_same(make_plan(asked, folder()), make_plan(plain, folder()));
  }
}

TEST_CASE("no way is cheaper or faster than its bounds, with any terms around the bill") {
  Request asked = cheapest_7b(60);
  asked.most_gpus = 16;
  asked.any_pricing = true;
  put(asked.document, "contingency", "10%");
  put(asked.document, "staff", "$10k/month");
  const Space space = make_space(asked, folder());
  Evaluator evaluator(asked, space, folder());
  int checked = 0;
  for (std::size_t i = 0; i < space.candidates.size(); ++i) {
    const Way& way = evaluator(i);
    if (!way.problem.empty()) continue;
    const Candidate& candidate = space.candidates[i];
    CHECK(way.bill_usd->p50 >= evaluator.least_usd(candidate, 100e9));
    CHECK(evaluator.least_usd(candidate, 100e9) > 0.0);
    CHECK(way.wall_time_seconds.p50 >= evaluator.least_seconds(candidate, 100e9));
    ++checked;
  }
  CHECK(checked > 100);
}

TEST_CASE("bounds leave the plan as it is with spot, simulations and a wait before the start") {
  Request asked = cheapest_7b(60);
  asked.most_gpus = 16;
  put(asked.document, "price.pricing", "spot");
  put(asked.document, "spot.preempted_every", "12h..5d");
  put(asked.document, "simulation.runs", "100");
  put(asked.document, "start", "2026-12-01");
  put(asked.document, "start_delay", "1 day..8 weeks");
  const auto bounded = [&](const Request& request) {
    const Space space = make_space(request, folder());
    REQUIRE_FALSE(space.sites.empty());
    return space.sites.front().least_usd_per_hour > 0.0;
  };
  CHECK(bounded(asked));
  Request plain = asked;
  plain.search.prune = false;
  check_same(make_plan(asked, folder()), make_plan(plain, folder()));
  // A share on demand may cost less than the offer that was chosen: then nothing is passed over for its
  // price.
  put(asked.document, "spot.on_demand_share", "50%");
  put(asked.document, "spot.on_demand_price", "$0.1/h");
  CHECK_FALSE(bounded(asked));
}
