// What a plan's search leans on: bounds that hold, answers that do not depend on pruning or threads, the
// inverse of a share.
#include "any_step.h"
#include "catch.h"
#include "core/plan/best_first.h"
#include "core/plan/rules.h"

#include <functional>
#include <numeric>

using namespace trainbudget;

namespace {
void check(const std::function<void()>& property) {
  CHECK(rc::check(property));
}
}  // namespace

TEST_CASE("no layout spends fewer GPU-seconds on a token than the bound says") {
  check([] {
    const Case c = any_case();
    const double tokens = c.global_batch * c.workload.sequence_length;
    const double spent = c.seconds() * c.layout.accelerators() / tokens;
    const double bound = least_gpu_seconds_per_token(c.workload, c.machine, c.efficiency);
    RC_ASSERT(bound > 0.0);
    RC_ASSERT(bound <= spent);
  });
}

TEST_CASE("the best of many is found with bounds, without, and by any number of threads") {
  check([] {
    const std::size_t count = *rc::gen::inRange<std::size_t>(0, 60);
    std::vector<std::optional<Score>> scores;
    std::vector<std::optional<Score>> bounds;
    for (std::size_t i = 0; i < count; ++i) {
      // Few different numbers, so that there are ties.
      Score score{static_cast<double>(*rc::gen::inRange(0, 6)), static_cast<double>(*rc::gen::inRange(0, 3)),
                  0.0};
      Score bound = score;
      bound[0] -= *rc::gen::inRange(0, 3);
      bound[1] -= *rc::gen::inRange(0, 2);
      const bool has = *rc::gen::inRange(0, 4) > 0;
      scores.push_back(has ? std::optional(score) : std::nullopt);
      bounds.push_back(has || *rc::gen::arbitrary<bool>() ? std::optional(bound) : std::nullopt);
    }
    std::vector<std::size_t> candidates(count);
    std::iota(candidates.begin(), candidates.end(), std::size_t{0});
    const auto find = [&](BestFirst how) {
      return best_of(
          candidates, [&](std::size_t i) { return bounds[i]; },
          [&](std::size_t i, const Score* least) {
            // A score above the best so far may be withheld.
            return least != nullptr && scores[i] && *scores[i] > *least ? std::nullopt : scores[i];
          },
          how);
    };
    std::optional<std::size_t> expected;
    for (std::size_t i = 0; i < count; ++i)
      if (scores[i] && (!expected || *scores[i] < *scores[*expected])) expected = i;
    for (const BestFirst how :
         {BestFirst{1, false}, BestFirst{1, true}, BestFirst{3, true}, BestFirst{2, false}}) {
      const auto found = find(how);
      RC_ASSERT(found.has_value() == expected.has_value());
      if (found) RC_ASSERT(found->candidate == *expected);
    }
  });
}

TEST_CASE("the largest count within a share is within, and one more is not") {
  check([] {
    const double slope = std::pow(10.0, any_between(-12.0, 1.0));
    const double offset = any_between(0.0, 1.2);
    const double power = any_between(0.7, 1.4);
    const double most = std::floor(std::pow(10.0, any_between(0.0, 15.0)));
    const auto share = [&](double k) { return offset + std::pow(slope * k, power); };
    const double k = largest_within(share, most);
    RC_ASSERT(k >= 0.0 && k <= most && k == std::floor(k));
    if (k > 0.0) RC_ASSERT(share(k) <= 1.0);
    if (k < most) RC_ASSERT(share(k + 1.0) > 1.0);
  });
}

TEST_CASE("odds agree with the quantiles and grow with the limit") {
  check([] {
    const double median = std::pow(10.0, any_between(-3.0, 9.0));
    const Range range{median / any_between(1.001, 5.0), median, median * any_between(1.001, 5.0)};
    RC_ASSERT(std::abs(chance_at_most(range, range.p10) - 0.1) < 1e-9);
    RC_ASSERT(std::abs(chance_at_most(range, range.p50) - 0.5) < 1e-9);
    RC_ASSERT(std::abs(chance_at_most(range, range.p90) - 0.9) < 1e-9);
    const double limit = median * any_between(0.1, 10.0);
    RC_ASSERT(chance_at_most(range, limit) <= chance_at_most(range, limit * 1.01));
  });
}

TEST_CASE("a batch divides over the accelerators' odd part and is near what was wanted") {
  check([] {
    const double wanted = std::pow(2.0, any_between(0.0, 16.0));
    const double accelerators = *rc::gen::inRange(1, 5000);
    const double batch = divisible_batch(wanted, accelerators);
    double odd = accelerators;
    while (std::fmod(odd, 2.0) == 0.0)
      odd /= 2.0;
    RC_ASSERT(std::fmod(batch, odd) == 0.0);
    RC_ASSERT(std::exp2(std::round(std::log2(batch / odd))) == batch / odd);
    if (wanted >= odd) RC_ASSERT(batch / wanted < 1.4143 && batch / wanted > 0.7071);
  });
}
