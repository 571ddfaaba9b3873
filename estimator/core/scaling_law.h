// Published scaling laws, side by side. They were fitted on one data set and one tokenizer each: a predicted
// loss compares plans, it promises nothing. For RWKV no constants are published (arXiv 2305.13048 shows a fit
// without them).
#pragma once

#include "core/quantity.h"

#include <array>
#include <string_view>

namespace trainbudget {

/// loss = E + A/N^α + B/D^β: nats per token, N parameters, D tokens. Hoffmann et al., arXiv 2203.15556,
/// equation 2.
struct ScalingLaw {
  std::string_view name;
  std::string_view source;
  double irreducible = 0.0;  ///< E
  double a = 0.0, alpha = 0.0;
  double b = 0.0, beta = 0.0;
};

/// The first two rows are one fit, with its constants as the paper's text rounds them and as its TeX source
/// has them; the rounding moves the optimum. The third is a replication that fits the same data better and
/// agrees with the paper's other two approaches: prefer it.
inline constexpr std::array<ScalingLaw, 3> scaling_laws{{
    {"hoffmann-2022", "arXiv 2203.15556, approach 3, as printed", 1.69, 406.4, 0.34, 410.7, 0.28},
    {"hoffmann-2022-unrounded", "arXiv 2203.15556, approach 3, TeX source as quoted by arXiv 2404.10102",
     1.6934, 406.4, 0.3392, 410.7, 0.2849},
    {"besiroglu-2024", "arXiv 2404.10102, replication", 1.8172, 482.01, 0.3478, 2085.43, 0.3658},
}};

/// Loss in nats per token of a model of `parameters` trained on `tokens`.
double predicted_loss(const ScalingLaw& law, double parameters, Tokens tokens);

/// The tokens on which a model of `parameters` reaches `loss`; infinite where it never does.
Tokens tokens_for_loss(const ScalingLaw& law, double parameters, double loss);

/// A split of compute over parameters and tokens.
struct ComputeOptimal {
  double parameters = 0.0;
  Tokens tokens;
  double loss = 0.0;
};

/// The split of `compute` = 6·N·D with the least loss: N = G·(C/6)^(β/(α+β)), D = (C/6)/N with
/// G = (αA/βB)^(1/(α+β)). Hoffmann et al., equation 4.
ComputeOptimal compute_optimal(const ScalingLaw& law, Flops compute);

/// The tokens at which a model of `parameters` is compute-optimal.
Tokens compute_optimal_tokens(const ScalingLaw& law, double parameters);

}  // namespace trainbudget
