#include "core/arch/block_builder.h"
#include "core/arch/state_space.h"

namespace trainbudget {

void append(const Mamba2& mix, BlockBuilder& builder) {
  const double hidden = builder.context().hidden_size;
  const double heads = mix.heads;
  const double inner = heads * mix.head_size;
  const double state = mix.state_size;
  const double convolved = inner + 2.0 * mix.groups * state;
  builder
      .gemm("mamba.input", Part::time_mix, inner + convolved + heads, hidden, Split::column,
            mix.projection_bias)
      .released = Piece::norm;
  builder.elementwise("mamba.convolution", Part::time_mix, Split::heads,
                      {.forward = 4.0 * convolved, .backward = 6.0 * convolved, .saved = 2.0 * convolved},
                      convolved * mix.conv_size + (mix.conv_bias ? convolved : 0.0));
  // 7 FLOPs per channel and state forward, twice that backward, as Megatron-LM counts it; the chunked kernel
  // runs more of them, on tensor cores.
  Op& scan =
      builder.recurrence("mamba.scan", heads, mix.head_size, state, 7.0 * inner * state, 14.0 * inner * state,
                         {.forward = 2.0 * (convolved + inner) + 4.0 * heads,
                          .backward = 4.0 * (convolved + inner) + 8.0 * heads,
                          .saved = 2.0 * convolved + 4.0 * heads});
  scan.parameters = scan.trained_parameters = 3.0 * heads;  // A, the skip D, the step bias
  if (mix.gated_norm) {
    Op& norm = builder.norm("mamba.gated_norm", inner, NormKind::rms, Split::heads, Part::time_mix);
    norm.forward_bytes = 6.0 * inner;  // output and gate in, product out
    norm.backward_bytes = 14.0 * inner;
    norm.saved_bytes = 4.0 * inner;
  } else {
    builder.elementwise("mamba.gate", Part::time_mix, Split::heads,
                        {.forward = 6.0 * inner, .backward = 10.0 * inner, .saved = 4.0 * inner});
  }
  builder.gemm("mamba.output", Part::time_mix, hidden, inner, Split::row, mix.projection_bias);
  builder.block().state_bytes += 4.0 * inner * state + activation_bytes * convolved * mix.conv_size;
  builder.block().tensor_collectives += 1.0;
}

}  // namespace trainbudget
