// The second half of a layer: dense and mixture-of-experts feed-forward, and the channel mix of RWKV.
#pragma once

#include "core/arch/field.h"

#include <array>

namespace trainbudget {

/// Two matrices around an activation, or three with a gate (SwiGLU, GeGLU: Shazeer, arXiv 2002.05202).
struct Mlp {
  int intermediate_size = 0;
  bool gated = false;
  bool bias = false;
  bool learned_activation = false;

  static constexpr std::string_view word = "mlp";
  static constexpr auto fields() {
    return std::array{
        field::required<&Mlp::intermediate_size>("intermediate_size", 1, 1 << 24,
                                                 "width between the matrices"),
        field::flag<&Mlp::gated>("gated", "a third matrix whose activation multiplies"),
        field::flag<&Mlp::bias>("bias", "biases of all matrices"),
        field::flag<&Mlp::learned_activation>(
            "learned_activation", "two learned numbers in the activation (xIELU, arXiv 2411.13010)"),
    };
  }
};

/// Routed experts, of which each token visits a few: Shazeer et al., arXiv 1701.06538; shared experts:
/// DeepSeekMoE, arXiv 2401.06066. All shared experts together are one dense MLP.
struct MixtureOfExperts {
  int experts = 0;
  int active_experts = 0;
  int intermediate_size = 0;
  bool gated = false;
  bool bias = false;
  bool router_bias = false;
  int shared_intermediate_size = 0;
  bool shared_gate = false;
  int latent_size = 0;

  static constexpr std::string_view word = "moe";
  static constexpr auto fields() {
    return std::array{
        field::required<&MixtureOfExperts::experts>("experts", 1, 65536, "routed experts"),
        field::required<&MixtureOfExperts::active_experts>("active_experts", 1, 65536,
                                                           "routed experts that a token visits"),
        field::required<&MixtureOfExperts::intermediate_size>("intermediate_size", 1, 1 << 24,
                                                              "inner width of one expert"),
        field::flag<&MixtureOfExperts::gated>("gated", "a third matrix whose activation multiplies"),
        field::flag<&MixtureOfExperts::bias>("bias", "biases of the expert matrices"),
        field::flag<&MixtureOfExperts::router_bias>("router_bias", "a bias per expert in the router"),
        field::optional<&MixtureOfExperts::shared_intermediate_size>(
            "shared_intermediate_size", 0, 1 << 24, "inner width of all shared experts together"),
        field::flag<&MixtureOfExperts::shared_gate>("shared_gate",
                                                    "a learned scalar gate on the shared expert (Qwen)"),
        field::optional<&MixtureOfExperts::latent_size>(
            "latent_size", 0, 1 << 20,
            "routed experts work at this width, between two projections; 0 for none"),
    };
  }
};

/// relu² feed-forward with token shift. `receptance` is the sigmoid gate of RWKV-4 to 6: a third matrix and a
/// second mixing vector. Peng et al., arXiv 2305.13048, eq. 18–20; RWKV-7 drops the gate, arXiv 2503.14456.
struct ChannelMix {
  int intermediate_size = 0;
  bool receptance = false;

  static constexpr std::string_view word = "channel_mix";
  static constexpr auto fields() {
    return std::array{
        field::required<&ChannelMix::intermediate_size>("intermediate_size", 1, 1 << 24,
                                                        "width between key and value"),
        field::flag<&ChannelMix::receptance>("receptance", "the sigmoid gate of RWKV-4, 5 and 6"),
    };
  }
};

}  // namespace trainbudget
