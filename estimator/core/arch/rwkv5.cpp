#include "core/arch/block_builder.h"
#include "core/arch/rwkv.h"

namespace trainbudget {

void append(const Rwkv5TimeMix& mix, BlockBuilder& builder) {
  const double hidden = builder.context().hidden_size;
  const double inner = mix.inner_size;
  const double head_size = mix.head_size;
  builder.elementwise("time_mix.shift", Part::time_mix, Split::sequence,
                      {.forward = 4.0 * hidden, .backward = 6.0 * hidden});
  builder.elementwise("time_mix.mix", Part::time_mix, Split::sequence,
                      {.forward = 12.0 * hidden, .backward = 16.0 * hidden, .saved = 4.0 * hidden},
                      4.0 * hidden);
  builder.gemm("time_mix.receptance", Part::time_mix, inner, hidden, Split::column);
  builder.gemm("time_mix.key", Part::time_mix, inner, hidden, Split::column);
  builder.gemm("time_mix.value", Part::time_mix, inner, hidden, Split::column);
  builder.gemm("time_mix.gate", Part::time_mix, inner, hidden, Split::column);
  // The public CUDA kernel's inner loops, × head_size² per head: 7 FLOPs forward (bonus, read-out, decay,
  // update), 30 backward in four sweeps; r, k, v, y in 16 bit forward, re-read by every sweep backward.
  Op& wkv = builder.recurrence("time_mix.wkv", inner / head_size, head_size, head_size,
                               7.0 * head_size * inner, 30.0 * head_size * inner,
                               {.forward = 8.0 * inner, .backward = 34.0 * inner, .saved = 6.0 * inner});
  wkv.kernel = "wkv5";
  wkv.parameters = wkv.trained_parameters = 2.0 * inner;  // decay and bonus
  builder.norm("time_mix.group_norm", inner, NormKind::layer_norm, Split::heads, Part::time_mix);
  builder.elementwise("time_mix.silu", Part::time_mix, Split::heads,
                      {.forward = 6.0 * inner, .backward = 10.0 * inner, .saved = 4.0 * inner});
  builder.gemm("time_mix.output", Part::time_mix, hidden, inner, Split::row);
  builder.block().state_bytes += 4.0 * head_size * inner + activation_bytes * hidden;
  builder.block().tensor_collectives += 1.0;
}

}  // namespace trainbudget
