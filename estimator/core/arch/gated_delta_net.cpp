#include "core/arch/block_builder.h"
#include "core/arch/state_space.h"

namespace trainbudget {
namespace {

struct LowRankNames {
  std::string_view down, up;
};

/// Two matrices in place of one. The first is small and replicated, as compressions of latent attention are;
/// it reads what the projection before it keeps.
void append_low_rank(BlockBuilder& builder, const LowRankNames& names, double n, double rank) {
  builder.gemm(names.down, Part::time_mix, rank, builder.context().hidden_size, Split::sequence).saved_bytes =
      0.0;
  builder.gemm(names.up, Part::time_mix, n, rank, Split::column);
}

}  // namespace

void append(const GatedDeltaNet& mix, BlockBuilder& builder) {
  const double hidden = builder.context().hidden_size;
  const double key_size = mix.key_head_size;
  const double value_size = mix.value_head_size;
  const double heads = mix.value_heads;
  const double key = mix.key_heads * key_size;
  const double value = heads * value_size;
  const double convolved = 2.0 * key + value;
  const bool channels = mix.decay_rank > 0;
  const double decays = channels ? heads * key_size : heads;
  if (mix.gate_rank > 0) {
    builder.gemm("delta_net.query_key_value", Part::time_mix, convolved, hidden, Split::column).released =
        Piece::norm;
    append_low_rank(builder, {"delta_net.gate_down", "delta_net.gate_up"}, value, mix.gate_rank);
  } else {
    builder.gemm("delta_net.query_key_value_gate", Part::time_mix, convolved + value, hidden, Split::column)
        .released = Piece::norm;
  }
  if (channels) {
    builder.gemm("delta_net.beta", Part::time_mix, heads, hidden, Split::column).saved_bytes = 0.0;
    append_low_rank(builder, {"delta_net.decay_down", "delta_net.decay_up"}, decays, mix.decay_rank);
  } else {
    builder.gemm("delta_net.beta_decay", Part::time_mix, 2.0 * heads, hidden, Split::column).saved_bytes =
        0.0;
  }
  builder.elementwise("delta_net.convolution", Part::time_mix, Split::heads,
                      {.forward = 4.0 * convolved, .backward = 6.0 * convolved, .saved = 2.0 * convolved},
                      convolved * mix.conv_size);
  // Per state element: decay 1, removal 2, update 2, read-out 2; twice that backward. The chunked kernel runs
  // more, on tensor cores. Strengths are fp32, and so are decays of heads; decays of channels are the 16-bit
  // activations of their projection.
  const double state = heads * key_size * value_size;
  const double scalars = 4.0 * heads + (channels ? 2.0 : 4.0) * decays;
  Op& rule = builder.recurrence("delta_net.rule", heads, key_size, value_size, 7.0 * state, 14.0 * state,
                                {.forward = 2.0 * (convolved + value) + scalars,
                                 .backward = 4.0 * (convolved + value) + 2.0 * scalars,
                                 .saved = 2.0 * convolved + scalars});
  rule.parameters = rule.trained_parameters = heads + decays;  // decay of a head and the biases
  Op& norm = builder.norm("delta_net.gated_norm", value, NormKind::rms, Split::heads, Part::time_mix);
  norm.parameters = norm.trained_parameters = value_size;  // shared by the heads
  norm.forward_bytes = 6.0 * value;                        // output and gate in, product out
  norm.backward_bytes = 14.0 * value;
  norm.saved_bytes = 4.0 * value;
  builder.gemm("delta_net.output", Part::time_mix, hidden, value, Split::row);
  builder.block().state_bytes += 4.0 * state + activation_bytes * convolved * mix.conv_size;
  builder.block().tensor_collectives += 1.0;
}

}  // namespace trainbudget
