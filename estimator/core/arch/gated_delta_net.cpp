#include "core/arch/block_builder.h"
#include "core/arch/state_space.h"

namespace trainbudget {

void append(const GatedDeltaNet& mix, BlockBuilder& builder) {
  const double hidden = builder.context().hidden_size;
  const double key_size = mix.key_head_size;
  const double value_size = mix.value_head_size;
  const double heads = mix.value_heads;
  const double key = mix.key_heads * key_size;
  const double value = heads * value_size;
  const double convolved = 2.0 * key + value;
  builder.gemm("delta_net.query_key_value_gate", Part::time_mix, convolved + value, hidden, Split::column)
      .released = Piece::norm;
  builder.gemm("delta_net.beta_decay", Part::time_mix, 2.0 * heads, hidden, Split::column).saved_bytes = 0.0;
  builder.elementwise("delta_net.convolution", Part::time_mix, Split::heads,
                      {.forward = 4.0 * convolved, .backward = 6.0 * convolved, .saved = 2.0 * convolved},
                      convolved * mix.conv_size);
  // Per state element: decay 1, removal 2, update 2, read-out 2; twice that backward. The chunked kernel runs
  // more, on tensor cores.
  const double state = heads * key_size * value_size;
  Op& rule = builder.recurrence("delta_net.rule", heads, key_size, value_size, 7.0 * state, 14.0 * state,
                                {.forward = 2.0 * (convolved + value) + 8.0 * heads,
                                 .backward = 4.0 * (convolved + value) + 16.0 * heads,
                                 .saved = 2.0 * convolved + 8.0 * heads});
  rule.parameters = rule.trained_parameters = 2.0 * heads;  // decay and its bias
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
