#include "core/arch/block_builder.h"
#include "core/arch/rwkv.h"

namespace trainbudget {

void append(const Rwkv4TimeMix& mix, BlockBuilder& builder) {
  const double hidden = builder.context().hidden_size;
  const double inner = mix.inner_size;
  builder.elementwise("time_mix.shift", Part::time_mix, Split::sequence,
                      {.forward = 4.0 * hidden, .backward = 6.0 * hidden});
  builder.elementwise("time_mix.mix", Part::time_mix, Split::sequence,
                      {.forward = 10.0 * hidden, .backward = 14.0 * hidden, .saved = 4.0 * hidden},
                      3.0 * hidden);
  builder.gemm("time_mix.key", Part::time_mix, inner, hidden, Split::column);
  builder.gemm("time_mix.value", Part::time_mix, inner, hidden, Split::column);
  builder.gemm("time_mix.receptance", Part::time_mix, inner, hidden, Split::column);
  // The public CUDA kernel's inner loops, per channel and token: about 20 FLOPs forward and 55 backward
  // beside the exponentials; k, v, y in 16 bit forward, nine such vectors backward and two local arrays of 8
  // bytes.
  Op& wkv = builder.recurrence("time_mix.wkv", inner, 1.0, 1.0, 20.0 * inner, 55.0 * inner,
                               {.forward = 6.0 * inner, .backward = 34.0 * inner, .saved = 6.0 * inner});
  wkv.kernel = "wkv4";
  // A warp a block, a channel a thread: three numbers of state and two exponentials a step, where a thread of
  // RWKV-5 to 7 walks 64 numbers. That the chain of dependent operations takes an eighth of theirs is
  // assumed.
  wkv.scan_blocks = inner / 32.0;
  wkv.scan_step = 0.125;
  wkv.parameters = wkv.trained_parameters = 2.0 * inner;  // decay and bonus
  builder.elementwise("time_mix.gate", Part::time_mix, Split::heads,
                      {.forward = 6.0 * inner, .backward = 10.0 * inner, .saved = 2.0 * inner});
  builder.gemm("time_mix.output", Part::time_mix, hidden, inner, Split::row);
  builder.block().state_bytes += 3.0 * 4.0 * inner + activation_bytes * hidden;
  builder.block().tensor_collectives += 1.0;
}

}  // namespace trainbudget
