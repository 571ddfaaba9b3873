// Plans over the real profiles: what they promise is what estimate() says, and nothing better was passed
// over.
#include "catch.h"
#include "requests.h"
#include "support/process.h"

#include <algorithm>
#include <cmath>

using namespace trainbudget;
using namespace trainbudget::planner;

TEST_CASE("the estimate of a plan's scenario gives the plan's numbers, to the bit") {
  for (const Request& asked : {family_on_h100(2000), cheapest_7b(60), rule_of_thumb(1e5)}) {
    const Plan plan = make_plan(asked, folder());
    REQUIRE(plan.winner);
    // A folder of its own: nothing that the plan remembered.
    const Estimate again =
        estimate(io::read_scenario(plan.document, io::ProfileFolder(TRAINBUDGET_PROFILES_DIR)));
    CHECK(again.cost_usd == plan.winner->cost_usd);
    CHECK(again.wall_time_seconds == plan.winner->wall_time_seconds);
    CHECK(again.gpu_hours.p50 == plan.winner->gpu_hours);
    CHECK(again.ledger.size() == plan.estimate->ledger.size());
  }
}

TEST_CASE("the layout of a plan is the one that an estimate without a layout takes") {
  const Plan plan = make_plan(cheapest_7b(60), folder());
  REQUIRE(plan.winner);
  io::YamlNode open = plan.document;
  io::remove_at_path(open, "layout");
  const Estimate searched = estimate(io::read_scenario(open, folder()));
  CHECK(searched.wall_time_seconds == plan.winner->wall_time_seconds);
  CHECK(searched.cost_usd == plan.winner->cost_usd);
}

TEST_CASE("a plan for nine in ten fits in the memory in nine of ten, unless another quantile is asked for") {
  const auto chance = [](const Plan& plan) {
    REQUIRE(plan.winner);
    return find_line(*plan.estimate, "memory_fit")->value.p50;
  };
  Request asked = cheapest_7b(60);
  CHECK(chance(make_plan(asked, folder())) < 0.9);
  asked.limits.quantile = Quantile::p90;
  const Plan sure = make_plan(asked, folder());
  CHECK(chance(sure) >= 0.9);
  CHECK(std::any_of(sure.reasons.begin(), sure.reasons.end(), [](const std::string& reason) {
    return reason.find("in the memory with a chance of 9") != std::string::npos;
  }));

  // The layout is that of an estimate which is asked the same.
  io::YamlNode open = sure.document;
  io::remove_at_path(open, "layout");
  put(open, "fit", "p90");
  CHECK(estimate(io::read_scenario(open, folder())).wall_time_seconds == sure.winner->wall_time_seconds);

  put(asked.document, "fit", "p50");
  CHECK(chance(make_plan(asked, folder())) < 0.9);
}

TEST_CASE("the tokens of a plan are the most that the budget buys: one step more is over it") {
  for (const double budget : {500.0, 3000.0}) {
    const Plan plan = make_plan(family_on_h100(budget), folder());
    REQUIRE(plan.winner);
    CHECK(plan.winner->cost_usd->p50 <= budget);
    io::YamlNode more = plan.document;
    const double step = plan.winner->global_batch * 4096.0;
    put(more, "tokens", whole(plan.winner->tokens + step));
    const Estimate larger = estimate(io::read_scenario(more, folder()));
    const bool over = larger.cost_usd->p50 > budget || larger.wall_time_seconds.p50 > 30 * seconds_per_day;
    CHECK(over);
  }
}

TEST_CASE("a larger budget never gives a higher loss, and a P90 promise costs something") {
  double last = 100.0;
  for (const double budget : {20.0, 100.0, 700.0, 3000.0, 20000.0, 1e6}) {
    const Plan plan = make_plan(family_on_h100(budget), folder());
    REQUIRE(plan.winner);
    CHECK(loss(*plan.winner) <= last);
    last = loss(*plan.winner);
  }
  Request cautious = family_on_h100(3000);
  const double likely = loss(*make_plan(cautious, folder()).winner);
  cautious.limits.quantile = Quantile::p90;
  const Plan sure = make_plan(cautious, folder());
  CHECK(sure.winner->cost_usd->p90 <= 3000);
  CHECK(loss(*sure.winner) > likely);
}

TEST_CASE("a later deadline is never dearer, a larger budget never slower") {
  double last = INFINITY;
  for (const double days : {6.0, 10.0, 20.0, 60.0, 400.0}) {
    const Plan plan = make_plan(cheapest_7b(days), folder());
    if (!plan.winner) continue;
    CHECK(plan.winner->cost_usd->p50 <= last);
    CHECK(plan.winner->wall_time_seconds.p50 <= days * seconds_per_day);
    last = plan.winner->cost_usd->p50;
  }
  CHECK(last < INFINITY);
  double slowest = INFINITY;
  for (const double budget : {4500.0, 6000.0, 8000.0, 50000.0}) {
    Request asked = cheapest_7b(60);
    asked.limits = {.budget_usd = budget};
    const Plan plan = make_plan(asked, folder());
    if (!plan.winner) continue;
    CHECK(plan.winner->wall_time_seconds.p50 <= slowest);
    slowest = plan.winner->wall_time_seconds.p50;
  }
  CHECK(slowest < INFINITY);
}

TEST_CASE("by the rule of thumb, the plan is the compute-optimal split, worked by hand") {
  // $100,000 at $2/h buy 50,000 H100-hours; at 40 % of 989.4 TFLOP/s that is 5e4 · 3600 · 3.9576e14
  // = 7.1237e22 FLOPs. With arXiv 2404.10102, G = (0.3478 · 482.01 ÷ (0.3658 · 2085.43))^(1 ÷ 0.7136) =
  // 0.11956, N = G · (C/6)^(0.3658 ÷ 0.7136) = 0.11956 · (1.18728e22)^0.512612 = 2.467e10.
  Request asked = rule_of_thumb(1e5);
  asked.tokens_per_parameter = {};
  const Plan plan = make_plan(asked, folder());
  REQUIRE(plan.winner);
  const Way& way = *plan.winner;
  CHECK(6.0 * way.parameters * way.tokens == Approx(7.1237e22).epsilon(2e-3));
  const ComputeOptimal best = compute_optimal(scaling_laws[preferred_law], Flops(7.1237e22));
  CHECK(best.parameters == Approx(2.467e10).epsilon(0.01));
  CHECK(way.parameters == Approx(best.parameters).epsilon(0.08));  // sizes lie 7.5 % apart
  CHECK(loss(way) == Approx(best.loss).epsilon(1e-4));
  // The other laws have options of their own: the printed one wants a far smaller model for longer.
  REQUIRE(plan.options.size() == 3);
  CHECK(plan.options[1].way.parameters ==
        Approx(compute_optimal(scaling_laws[1], Flops(7.1237e22)).parameters).epsilon(0.08));
  CHECK(plan.options[2].way.parameters ==
        Approx(compute_optimal(scaling_laws[0], Flops(7.1237e22)).parameters).epsilon(0.08));
}

TEST_CASE("over-trained options keep their ratio with the largest model that can") {
  Request asked = rule_of_thumb(1e5);
  asked.tokens_per_parameter = {20, 100, 400};
  const Plan plan = make_plan(asked, folder());
  REQUIRE(plan.options.size() == 6);
  double last = INFINITY;
  for (std::size_t i = 3; i < 6; ++i) {
    const Way& way = plan.options[i].way;
    const double asked_for = asked.tokens_per_parameter[i - 3];
    CHECK(way.tokens_per_parameter() >= asked_for);
    CHECK(way.tokens_per_parameter() < asked_for * 1.2);  // the next size, 7.5 % up, has 15 % fewer
    CHECK(way.parameters < last);
    last = way.parameters;
  }
}

TEST_CASE("a model that serves is smaller and trained for longer: arXiv 2401.00448") {
  // Its figure 1: whoever would train 13 B parameters and expects 2 T served tokens saves 1.7e22 FLOPs, 17 %,
  // with 7 B on more tokens, by its constants of arXiv 2203.15556.
  const ScalingLaw paper{"", "", 1.69, 406.4, 0.336, 410.7, 0.283};
  const double served = 2e12;
  const auto saved = [&](const ScalingLaw& law) {
    const double tokens = compute_optimal_tokens(law, 13e9).value;
    const double longer = tokens_for_loss(law, 7e9, predicted_loss(law, 13e9, Tokens(tokens))).value;
    const double naive = 13e9 * (6.0 * tokens + 2.0 * served);
    return std::pair(naive, naive - 7e9 * (6.0 * longer + 2.0 * served));
  };
  CHECK(saved(paper).second == Approx(1.7e22).epsilon(0.01));
  CHECK(saved(paper).second / saved(paper).first == Approx(0.17).margin(0.005));

  // The other way round, by our unrounded constants: with the FLOPs that 7 B take, the plan reaches the loss
  // of the 13 B or less.
  const ScalingLaw& law = scaling_laws[1];
  const double target = predicted_loss(law, 13e9, compute_optimal_tokens(law, 13e9));
  const double flops_per_usd = 3600.0 * 989.4e12 * 0.4 / 2.0;
  Request asked = rule_of_thumb((saved(law).first - saved(law).second) / flops_per_usd);
  asked.tokens_per_parameter = {};
  asked.served_tokens = served;
  const Way way = make_plan(asked, folder()).options[1].way;
  CHECK(way.loss[1] <= target * (1.0 + 1e-5));
  CHECK(way.loss[1] == Approx(target).epsilon(1e-3));
  CHECK(way.parameters < 9e9);
  CHECK(way.cost_usd->p50 + way.serving_usd <= *asked.limits.budget_usd);
  CHECK(way.serving_usd == Approx(2.0 * way.parameters * served / flops_per_usd).epsilon(2e-3));
  asked.served_tokens = 0.0;
  const Way alone = make_plan(asked, folder()).options[1].way;
  CHECK(alone.parameters > way.parameters);
  CHECK(alone.tokens_per_parameter() < way.tokens_per_parameter());
}

TEST_CASE("tokens that are given make the largest model that the budget can train on them") {
  Request asked = family_on_h100(3000);
  put(asked.document, "tokens", "20B");
  const Plan plan = make_plan(asked, folder());
  REQUIRE(plan.winner);
  CHECK(plan.winner->tokens == 20e9);
  const Space space = make_space(asked, folder());
  Evaluator evaluator(asked, space, folder());
  for (std::size_t i = 0; i < space.candidates.size(); ++i) {
    if (space.sizes[space.candidates[i].size].parameters <= plan.winner->parameters) continue;
    if (evaluator.least_usd(space.candidates[i], 20e9) > 3000) continue;
    const Way& way = evaluator(i);
    const bool keeps =
        way.problem.empty() && way.cost_usd->p50 <= 3000 && way.wall_time_seconds.p50 <= 30 * seconds_per_day;
    CHECK_FALSE(keeps);
  }
}

TEST_CASE("where nothing keeps to the limits, the plan says what would") {
  Request asked = cheapest_7b(1);
  asked.limits.budget_usd = 1000;
  const Plan plan = make_plan(asked, folder());
  CHECK_FALSE(plan.winner);
  REQUIRE_FALSE(plan.misses.empty());
  // What is named as the way out is one.
  for (const Option& miss : plan.misses) {
    CAPTURE(miss.title);
    Request again = asked;
    again.limits.budget_usd = miss.way.cost_usd->p50;
    again.limits.deadline_seconds = miss.way.wall_time_seconds.p50;
    CHECK(make_plan(again, folder()).winner);
  }
  REQUIRE_FALSE(plan.losers.empty());
  for (const Loser& loser : plan.losers)
    CHECK_FALSE(loser.reason.empty());
}

TEST_CASE("a model that no number of accelerators holds is said not to fit") {
  Request asked =
      request({{"model", "llama-3.1-405b"}, {"tokens", "1B"}, {"cluster", "hgx-h100"}, {"price", "$2/h"}});
  asked.most_gpus = 4;
  asked.limits.deadline_seconds = 4000 * seconds_per_day;
  const Plan plan = make_plan(asked, folder());
  CHECK_FALSE(plan.winner);
  REQUIRE(plan.losers.size() == 1);
  CHECK(plan.losers[0].reason.find("does not fit") == 0);
}

TEST_CASE("offers of part of a server, and of marketplaces, are not joined to more than they are") {
  const Request asked = cheapest_7b(60);
  const Space space = make_space(asked, folder());
  int whole_servers = 0;
  for (const Candidate& candidate : space.candidates) {
    const Site& site = space.sites[candidate.site];
    const double node = space.hardware[site.hardware].node;
    if (site.one_server) CHECK(candidate.gpus <= node);
    if (site.gpus_per_instance > 0 && site.gpus_per_instance < node)
      CHECK(candidate.gpus == site.gpus_per_instance);
    whole_servers += candidate.gpus > node;
  }
  CHECK(whole_servers > 0);
}

TEST_CASE("every offer that is looked at is priced as the list has it") {
  const Request asked = cheapest_7b(60);
  const Space space = make_space(asked, folder());
  Evaluator evaluator(asked, space, folder());
  std::size_t last = space.sites.size();
  int checked = 0;
  for (std::size_t i = 0; i < space.candidates.size(); ++i) {
    if (space.candidates[i].site == last) continue;
    last = space.candidates[i].site;
    const Way& way = evaluator(i);
    if (!way.problem.empty()) continue;
    REQUIRE(way.price_usd_per_gpu_hour);
    CHECK(way.price_usd_per_gpu_hour->p50 == space.sites[last].least_usd_per_hour);
    CHECK(way.price_usd_per_gpu_hour->is_exact());
    ++checked;
  }
  CHECK(checked > 100);
}

TEST_CASE("a plan takes the prices of one's own list, and pays a minimum term to its end") {
  const testing::TemporaryFolder files;
  const auto with_list = [&](const std::string& rows) {
    Request asked = cheapest_7b(60);
    put(asked.document, "prices",
        files.write("prices.csv",
                    "accelerator,provider,pricing,usd_per_gpu_hour,instance,gpus_per_instance,region,as_of,"
                    "date_precision,quality,source,note\n" +
                        rows));
    asked.hardware = {"h100-sxm-80gb"};
    asked.any_pricing = true;
    return asked;
  };
  const std::string on_demand = "h100-sxm-80gb,mine,on_demand,3.0,x8,8,here,2026-08-01,stated,A,test,\n";
  const std::string reserved = "h100-sxm-80gb,mine,reserved_1y,1.5,x8,8,here,2026-08-01,stated,A,test,\n";
  const io::ProfileFolder first(TRAINBUDGET_PROFILES_DIR);
  const Plan plan = make_plan(with_list(on_demand + reserved), first);
  REQUIRE(plan.winner);
  CHECK(plan.winner->offer == "mine on_demand, here");  // half the price an hour, but for a whole year
  const auto other = std::find_if(plan.losers.begin(), plan.losers.end(),
                                  [](const Loser& loser) { return loser.what == "mine reserved_1y, here"; });
  REQUIRE(other != plan.losers.end());
  CHECK(other->way->cost_usd->p50 == Approx(other->way->gpus * 8760.0 * 1.5));
  CHECK(other->way->paid_gpu_hours == Approx(other->way->gpus * 8760.0));
  CHECK(other->reason.find("of its minimum term and uses") != std::string::npos);
  CHECK(std::count(plan.files.begin(), plan.files.end(), files.path() + "/prices.csv") == 1);

  // Alone, it wins all the same, and the term is said.
  const io::ProfileFolder second(TRAINBUDGET_PROFILES_DIR);
  const Plan alone = make_plan(with_list(reserved), second);
  REQUIRE(alone.winner);
  CHECK(alone.winner->cost_usd->p50 == Approx(alone.winner->gpus * 8760.0 * 1.5));
  CHECK(alone.winner->gpus == 8.0);
  CHECK(std::any_of(alone.reasons.begin(), alone.reasons.end(), [](const std::string& reason) {
    return reason.find("minimum term") != std::string::npos;
  }));

  // With open tokens and a budget below the term, that is the reason.
  Request poor = with_list(reserved);
  io::remove_at_path(poor.document, "tokens");
  poor.limits.budget_usd = 50000.0;
  const io::ProfileFolder third(TRAINBUDGET_PROFILES_DIR);
  const Plan nothing = make_plan(poor, third);
  CHECK_FALSE(nothing.winner);
  REQUIRE_FALSE(nothing.losers.empty());
  CHECK(nothing.losers.front().reason.find("its minimum term is over the budget") == 0);
}

TEST_CASE("a budget pays all that is asked for, not the GPU-hours alone") {
  Request asked = rule_of_thumb(1e5);
  asked.tokens_per_parameter = {};
  put(asked.document, "contingency", "25%");
  const Plan plan = make_plan(asked, folder());
  REQUIRE(plan.winner);
  CHECK(plan.winner->bill_usd->p50 == Approx(1e5).epsilon(1e-3));
  CHECK(plan.winner->bill_usd->p50 <= 1e5);
  CHECK(plan.winner->cost_usd->p50 == Approx(8e4).epsilon(1e-3));
}

TEST_CASE("a request that leaves nothing to decide by is refused") {
  const auto refusal = [](const Request& asked) -> std::string {
    try {
      make_plan(asked, folder());
    } catch (const io::InputError& error) {
      return error.what();
    }
    return "accepted";
  };
  CHECK(refusal(request({{"model", "rwkv-7-7.2b"}, {"tokens", "1T"}})) == "nothing to plan against");
  Request unbounded = family_on_h100(1000);
  unbounded.limits.budget_usd.reset();
  CHECK(refusal(unbounded) == "without a budget, the most accelerators always win");
  Request twice = family_on_h100(1000);
  put(twice.document, "model", "rwkv-7-7.2b");
  CHECK(refusal(twice) == "a family is given, and the model as well");
  Request nobody = family_on_h100(1000);
  nobody.hardware = {"h1000"};
  CHECK(refusal(nobody) == "unknown accelerator 'h1000'");
  Request anywhere = cheapest_7b(60);
  put(anywhere.document, "price", "$2/h");
  CHECK(refusal(anywhere) == "one price for all accelerators would make the fastest win");
  anywhere.hardware = {"h100-sxm-80gb"};
  CHECK(refusal(anywhere) == "accepted");
  Request wrong = family_on_h100(1000);
  put(wrong.document, "precisoin", "bf16");
  CHECK(refusal(wrong) == "unknown key 'precisoin' in scenario");
}

TEST_CASE("one price for several accelerators is said to be theirs") {
  Request asked = cheapest_7b(60);
  asked.hardware = {"h100-sxm-80gb", "a100-sxm-80gb"};
  put(asked.document, "price", "$2/h");
  const auto says = [](const Plan& plan) {
    return std::any_of(plan.assumptions.begin(), plan.assumptions.end(), [](const std::string& assumption) {
      return assumption == "price: the same for each of a100-sxm-80gb, h100-sxm-80gb, as it is given";
    });
  };
  CHECK(says(make_plan(asked, folder())));
  asked.hardware = {"h100-sxm-80gb"};
  CHECK_FALSE(says(make_plan(asked, folder())));
}

TEST_CASE("an accelerator of which nothing or too little is measured does not win unsaid") {
  const auto doubt = [](const Plan& plan) -> std::string {
    REQUIRE(plan.winner);
    for (const std::string& reason : plan.reasons)
      if (reason.find(" is measured of ") != std::string::npos) return reason;
    return "";
  };
  // By the rule of thumb: the prior of all accelerators stands for the MI355X, one of its own for the H100.
  Request rule = request({{"as_of", "2026-08-21"}, {"params", "1B"}, {"tokens", "100B"}});
  rule.limits.budget_usd = 5000;
  rule.hardware = {"mi355x", "h100-sxm-80gb"};
  const Plan plan = make_plan(rule, folder());
  CHECK(plan.winner->accelerator == "mi355x");
  CHECK_THAT(doubt(plan), ContainsSubstring("too little is measured of mi355x for a prior of its own: its "));
  CHECK_THAT(doubt(plan), ContainsSubstring("the best that is measured: 1,024 × h100-sxm-80gb, slower by "));
  rule.hardware = {"h100-sxm-80gb"};
  CHECK(doubt(make_plan(rule, folder())).empty());
  put(rule.document, "efficiency", "40%");
  rule.hardware = {"mi355x"};
  CHECK(doubt(make_plan(rule, folder())).empty());
  // Steps: typical values stand for the Gaudi 3, fitted ones for the MI355X.
  Request steps = cheapest_7b(60);
  steps.hardware = {"gaudi3"};
  put(steps.document, "price", "$2/h");
  CHECK(doubt(make_plan(steps, folder())) ==
        "nothing is measured of gaudi3: its efficiency is what other accelerators reach");
  steps.hardware = {"mi355x"};
  CHECK(doubt(make_plan(steps, folder())).empty());
}
