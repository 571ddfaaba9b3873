#include "core/arch/block_builder.h"
#include "core/arch/state_space.h"

namespace trainbudget {

void append(const Mamba1& mix, BlockBuilder& builder) {
  const double hidden = builder.context().hidden_size;
  const double inner = mix.inner_size;
  const double state = mix.state_size;
  const double rank = mix.step_rank;
  builder.gemm("mamba.input", Part::time_mix, 2.0 * inner, hidden, Split::column, mix.projection_bias)
      .released = Piece::norm;
  builder.elementwise("mamba.convolution", Part::time_mix, Split::heads,
                      {.forward = 4.0 * inner, .backward = 6.0 * inner, .saved = 2.0 * inner},
                      inner * mix.conv_size + (mix.conv_bias ? inner : 0.0));
  builder.gemm("mamba.step_b_c", Part::time_mix, rank + 2.0 * state, inner, Split::row);
  if (mix.inner_norms) builder.norm("mamba.inner_norms", rank + 2.0 * state, NormKind::rms, Split::none);
  builder.gemm("mamba.step", Part::time_mix, inner, rank, Split::column, true);
  // Per channel and state: Δ·A and its exponential, Δx·B, state update (2), read-out (2): 7 FLOPs, twice that
  // backward, as Megatron-LM counts its state-space layers. x, Δ, z read and y written, and read again with
  // gradients backward.
  Op& scan = builder.recurrence("mamba.scan", inner, 1.0, state, 7.0 * inner * state, 14.0 * inner * state,
                                {.forward = 8.0 * inner + 4.0 * state,
                                 .backward = 16.0 * inner + 8.0 * state,
                                 .saved = 6.0 * inner + 4.0 * state});
  // A block scans one channel, its states one after the other; its threads share out time (Gu and Dao, arXiv
  // 2312.00752, §3.3.2). The share of a step is what two whole runs took, Falcon-Mamba-7B and TRI's Mamba-7B:
  // docs/efficiency.md.
  scan.scan_step = state / 256.0;
  scan.parameters = scan.trained_parameters = inner * state + inner;  // A and the skip D
  builder.gemm("mamba.output", Part::time_mix, hidden, inner, Split::row, mix.projection_bias);
  builder.block().state_bytes += 4.0 * inner * state + activation_bytes * inner * mix.conv_size;
  builder.block().tensor_collectives += 2.0;  // the step projection needs all channels
}

}  // namespace trainbudget
