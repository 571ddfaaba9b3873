#include "core/scaling_law.h"

#include <cmath>
#include <limits>

namespace trainbudget {

double predicted_loss(const ScalingLaw& law, double parameters, Tokens tokens) {
  return law.irreducible + law.a * std::pow(parameters, -law.alpha) +
         law.b * std::pow(tokens.value, -law.beta);
}

Tokens tokens_for_loss(const ScalingLaw& law, double parameters, double loss) {
  const double left = loss - law.irreducible - law.a * std::pow(parameters, -law.alpha);
  if (!(left > 0.0)) return Tokens(std::numeric_limits<double>::infinity());
  return Tokens(std::pow(law.b / left, 1.0 / law.beta));
}

ComputeOptimal compute_optimal(const ScalingLaw& law, Flops compute) {
  const double exponent = 1.0 / (law.alpha + law.beta);
  const double g = std::pow(law.alpha * law.a / (law.beta * law.b), exponent);
  const double budget = compute.value / 6.0;
  ComputeOptimal optimum;
  optimum.parameters = g * std::pow(budget, law.beta * exponent);
  optimum.tokens = Tokens(budget / optimum.parameters);
  optimum.loss = predicted_loss(law, optimum.parameters, optimum.tokens);
  return optimum;
}

Tokens compute_optimal_tokens(const ScalingLaw& law, double parameters) {
  // At the optimum αA/N^α = βB/D^β.
  return Tokens(
      std::pow(law.beta * law.b / (law.alpha * law.a) * std::pow(parameters, law.alpha), 1.0 / law.beta));
}

}  // namespace trainbudget
