#include "core/scaling_law.h"

#include "catch.h"

#include <cmath>

using namespace trainbudget;

namespace {
const ScalingLaw& law(std::string_view name) {
  for (const ScalingLaw& candidate : scaling_laws) {
    if (candidate.name == name) return candidate;
  }
  FAIL("no such law");
  return scaling_laws[0];
}
}  // namespace

TEST_CASE("the loss of Chinchilla by its own fit") {
  // 70 B parameters, 1.4 T tokens: 1.69 + 406.4/70e9^0.34 + 410.7/1.4e12^0.28 = 1.69 + 0.0835 + 0.1633.
  CHECK(predicted_loss(law("hoffmann-2022"), 70e9, Tokens(1.4e12)) == Approx(1.9368).margin(5e-4));
  CHECK(predicted_loss(law("besiroglu-2024"), 70e9, Tokens(1.4e12)) == Approx(1.9735).margin(5e-4));
}

TEST_CASE("the optimum of a budget is one, and spends it") {
  for (const ScalingLaw& fit : scaling_laws) {
    CAPTURE(std::string(fit.name));
    const ComputeOptimal best = compute_optimal(fit, Flops(5.76e23));
    CHECK(6 * best.parameters * best.tokens.value == Approx(5.76e23));
    for (const double factor : {0.8, 1.25}) {
      const Tokens other(best.tokens.value / factor);
      CHECK(predicted_loss(fit, best.parameters * factor, other) > best.loss);
    }
    CHECK(compute_optimal_tokens(fit, best.parameters).value == Approx(best.tokens.value).epsilon(1e-9));
  }
}

TEST_CASE(
    "the replication is near the twenty tokens per parameter of Chinchilla, the printed fit far above") {
  // arXiv 2404.10102, section 4: compatible with Chinchilla's own 70 B on 1.4 T tokens; the printed fit is
  // not.
  const ComputeOptimal replicated = compute_optimal(law("besiroglu-2024"), Flops(5.76e23));
  CHECK(replicated.tokens.value / replicated.parameters == Approx(18.39).epsilon(1e-3));
  const ComputeOptimal printed = compute_optimal(law("hoffmann-2022"), Flops(5.76e23));
  CHECK(printed.tokens.value / printed.parameters > 60);
}

TEST_CASE("the tokens for a loss reach it, and some losses are out of reach") {
  for (const ScalingLaw& fit : scaling_laws) {
    const double loss = predicted_loss(fit, 7e9, Tokens(1e12));
    CHECK(tokens_for_loss(fit, 7e9, loss).value == Approx(1e12).epsilon(1e-9));
    CHECK(std::isinf(tokens_for_loss(fit, 7e9, fit.irreducible).value));
    CHECK(std::isinf(tokens_for_loss(fit, 7e9, 0.0).value));
  }
}
