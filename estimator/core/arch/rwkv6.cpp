#include "core/arch/block_builder.h"
#include "core/arch/rwkv.h"

namespace trainbudget {

void append(const Rwkv6TimeMix& mix, BlockBuilder& builder) {
  const double hidden = builder.context().hidden_size;
  const double inner = mix.inner_size;
  const double head_size = mix.head_size;
  const double rank = mix.mix_rank;
  builder.elementwise("time_mix.shift", Part::time_mix, Split::sequence,
                      {.forward = 4.0 * hidden, .backward = 6.0 * hidden});
  builder.elementwise("time_mix.mix_x", Part::time_mix, Split::sequence,
                      {.forward = 6.0 * hidden, .backward = 10.0 * hidden, .saved = 4.0 * hidden}, hidden);
  builder.gemm("time_mix.mix_down", Part::time_mix, 5.0 * rank, hidden, Split::sequence);
  builder.elementwise("time_mix.mix_tanh", Part::time_mix, Split::sequence,
                      {.forward = 4.0 * 5.0 * rank, .backward = 6.0 * 5.0 * rank});
  // Five products [tokens, rank] × [rank, hidden] in one batch, each with its own fifth of the input.
  Op& up = builder.gemm("time_mix.mix_up", Part::time_mix, hidden, rank, Split::sequence);
  up.count = 5.0;
  up.parameters *= 5.0;
  up.trained_parameters *= 5.0;
  up.forward_flops *= 5.0;
  up.backward_flops *= 5.0;
  up.forward_bytes *= 5.0;
  up.backward_bytes *= 5.0;
  up.saved_bytes *= 5.0;
  builder.elementwise("time_mix.mix", Part::time_mix, Split::sequence,
                      {.forward = 24.0 * hidden, .backward = 38.0 * hidden, .saved = 10.0 * hidden},
                      5.0 * hidden);
  builder.gemm("time_mix.receptance", Part::time_mix, inner, hidden, Split::column);
  builder.gemm("time_mix.key", Part::time_mix, inner, hidden, Split::column);
  builder.gemm("time_mix.value", Part::time_mix, inner, hidden, Split::column);
  builder.gemm("time_mix.gate", Part::time_mix, inner, hidden, Split::column);
  builder.gemm("time_mix.decay_down", Part::time_mix, mix.decay_rank, hidden, Split::sequence);
  builder.elementwise("time_mix.decay_tanh", Part::time_mix, Split::sequence,
                      {.forward = 4.0 * mix.decay_rank, .backward = 6.0 * mix.decay_rank});
  builder.gemm("time_mix.decay_up", Part::time_mix, inner, mix.decay_rank, Split::column);
  builder.elementwise("time_mix.decay", Part::time_mix, Split::heads,
                      {.forward = 4.0 * inner, .backward = 2.0 * inner}, inner);
  // As RWKV-5, with a decay per token: 7 FLOPs forward, 33 backward in four kernels, × head_size² per head.
  Op& wkv = builder.recurrence("time_mix.wkv", inner / head_size, head_size, head_size,
                               7.0 * head_size * inner, 33.0 * head_size * inner,
                               {.forward = 10.0 * inner, .backward = 62.0 * inner, .saved = 8.0 * inner});
  wkv.kernel = "wkv6";
  wkv.parameters = wkv.trained_parameters = inner;  // bonus
  builder.norm("time_mix.group_norm", inner, NormKind::layer_norm, Split::heads, Part::time_mix);
  builder.elementwise("time_mix.silu", Part::time_mix, Split::heads,
                      {.forward = 6.0 * inner, .backward = 10.0 * inner, .saved = 4.0 * inner});
  builder.gemm("time_mix.output", Part::time_mix, hidden, inner, Split::row);
  builder.block().state_bytes += 4.0 * head_size * inner + activation_bytes * hidden;
  builder.block().tensor_collectives += 1.0;
}

}  // namespace trainbudget
