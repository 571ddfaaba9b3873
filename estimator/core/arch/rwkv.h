// The time mixing of RWKV-4 to 7, as the public training code holds it (BlinkDL/RWKV-LM).
#pragma once

#include "core/arch/field.h"

#include <array>

namespace trainbudget {

/// RWKV-4: Peng et al., arXiv 2305.13048. A recurrence per channel.
struct Rwkv4TimeMix {
  int inner_size = 0;

  static constexpr std::string_view word = "rwkv4";
  static constexpr auto fields() {
    return std::array{
        field::required<&Rwkv4TimeMix::inner_size>("inner_size", 1, 1 << 20, "width of the mixing")};
  }
};

/// RWKV-5.2 "Eagle": Peng et al., arXiv 2404.05892. A matrix-valued state per head.
struct Rwkv5TimeMix {
  int inner_size = 0;
  int head_size = 0;

  static constexpr std::string_view word = "rwkv5";
  static constexpr auto fields() {
    return std::array{
        field::required<&Rwkv5TimeMix::inner_size>("inner_size", 1, 1 << 20, "width of the mixing"),
        field::required<&Rwkv5TimeMix::head_size>("head_size", 1, 1024, "width of one head")};
  }
};

/// RWKV-6 "Finch": Peng et al., arXiv 2404.05892. Data-dependent mixing and decay through low-rank matrices.
struct Rwkv6TimeMix {
  int inner_size = 0;
  int head_size = 0;
  int mix_rank = 0;
  int decay_rank = 0;

  static constexpr std::string_view word = "rwkv6";
  static constexpr auto fields() {
    return std::array{
        field::required<&Rwkv6TimeMix::inner_size>("inner_size", 1, 1 << 20, "width of the mixing"),
        field::required<&Rwkv6TimeMix::head_size>("head_size", 1, 1024, "width of one head"),
        field::required<&Rwkv6TimeMix::mix_rank>("mix_rank", 1, 65536, "rank of each of the five mixes"),
        field::required<&Rwkv6TimeMix::decay_rank>("decay_rank", 1, 65536, "rank of the decay")};
  }
};

/// What a layer has of the value residual of RWKV-7. Layer 0 supplies the value that later layers mix in, so
/// its own low-rank matrices do nothing: the trainer holds them, the published checkpoints leave them out.
enum class ValueResidual : unsigned char { used, unused, absent };
inline constexpr std::array<std::string_view, 3> value_residual_words{"used", "unused", "absent"};

/// RWKV-7 "Goose": Peng et al., arXiv 2503.14456. A generalised delta rule; four low-rank matrices.
struct Rwkv7TimeMix {
  int head_size = 0;
  int decay_rank = 0;
  int learning_rate_rank = 0;
  int value_rank = 0;
  int gate_rank = 0;
  ValueResidual value_residual = ValueResidual::used;

  static constexpr std::string_view word = "rwkv7";
  static constexpr auto fields() {
    return std::array{
        field::required<&Rwkv7TimeMix::head_size>("head_size", 1, 1024, "width of one head"),
        field::required<&Rwkv7TimeMix::decay_rank>("decay_rank", 1, 65536, "rank of the decay (w)"),
        field::required<&Rwkv7TimeMix::learning_rate_rank>("learning_rate_rank", 1, 65536,
                                                           "rank of the in-context learning rate (a)"),
        field::required<&Rwkv7TimeMix::value_rank>("value_rank", 1, 65536, "rank of the value residual (v)"),
        field::required<&Rwkv7TimeMix::gate_rank>("gate_rank", 1, 65536, "rank of the gate (g)"),
        field::word<&Rwkv7TimeMix::value_residual>("value_residual", value_residual_words,
                                                   "whether this layer mixes in the value of layer 0"),
    };
  }
};

}  // namespace trainbudget
