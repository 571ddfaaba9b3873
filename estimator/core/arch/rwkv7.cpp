// The bytes of the element-wise operations are those of the fused kernels of BlinkDL/RWKV-LM,
// RWKV-v7/train_temp (August 2026): 92.2 bytes per token and channel of a layer forward and 169.3 backward,
// beside the WKV kernel's 34 and 46. An older stack moves about twice as much.
#include "core/arch/block_builder.h"
#include "core/arch/rwkv.h"

namespace trainbudget {
namespace {

void append_low_rank(BlockBuilder& builder, std::string_view down, std::string_view activation,
                     std::string_view up, double rank, bool saves_input) {
  const double hidden = builder.context().hidden_size;
  Op& first = builder.gemm(down, Part::time_mix, rank, hidden, Split::sequence);
  if (!saves_input) first.saved_bytes = 0.0;
  if (!activation.empty()) {
    builder.elementwise(activation, Part::time_mix, Split::sequence,
                        {.forward = 4.0 * rank, .backward = 6.0 * rank});
  }
  builder.gemm(up, Part::time_mix, hidden, rank, Split::column);
}

}  // namespace

void append(const Rwkv7TimeMix& mix, BlockBuilder& builder) {
  const double hidden = builder.context().hidden_size;
  const double head_size = mix.head_size;
  const bool residual = mix.value_residual == ValueResidual::used;

  builder
      .elementwise("time_mix.mix", Part::time_mix, Split::sequence,
                   {.forward = 14.0 * hidden, .backward = 17.75 * hidden, .saved = 2.0 * hidden},
                   6.0 * hidden)
      .released = Piece::norm;
  builder.gemm("time_mix.receptance", Part::time_mix, hidden, hidden, Split::column);
  builder.gemm("time_mix.key", Part::time_mix, hidden, hidden, Split::column);
  builder.gemm("time_mix.value", Part::time_mix, hidden, hidden, Split::column);

  append_low_rank(builder, "time_mix.decay_down", "time_mix.decay_tanh", "time_mix.decay_up", mix.decay_rank,
                  true);
  builder.elementwise("time_mix.decay", Part::time_mix, Split::heads,
                      {.forward = 4.0 * hidden, .backward = 2.0 * hidden}, hidden);
  if (residual) {
    append_low_rank(builder, "time_mix.value_residual_down", {}, "time_mix.value_residual_up", mix.value_rank,
                    false);
    // Its backward also accumulates the gradients of layer 0's value and of the mixed input.
    builder.elementwise("time_mix.value_residual", Part::time_mix, Split::heads,
                        {.forward = 8.0 * hidden, .backward = 26.5 * hidden, .saved = 4.0 * hidden}, hidden);
  } else if (mix.value_residual == ValueResidual::unused) {
    builder.elementwise("time_mix.unused_value_residual", Part::time_mix, Split::none, {},
                        hidden + 2.0 * hidden * mix.value_rank);
  }
  append_low_rank(builder, "time_mix.learning_rate_down", {}, "time_mix.learning_rate_up",
                  mix.learning_rate_rank, true);
  builder.elementwise("time_mix.learning_rate", Part::time_mix, Split::heads,
                      {.forward = 4.0 * hidden, .backward = 6.5 * hidden, .saved = 2.0 * hidden}, hidden);
  append_low_rank(builder, "time_mix.gate_down", "time_mix.gate_sigmoid", "time_mix.gate_up", mix.gate_rank,
                  true);
  // Normalised key and its mixing with the learning rate (k_k, k_a).
  builder.elementwise("time_mix.key_update", Part::time_mix, Split::heads,
                      {.forward = 10.0625 * hidden, .backward = 14.1 * hidden, .saved = 4.0 * hidden},
                      2.0 * hidden);
  // The public CUDA kernel's inner loops, × head_size² per head: 9 FLOPs forward (removal 2, update 5,
  // read-out 2), 29 backward. It keeps its six inputs in 16 bit, and in fp32 the state of every 16th step and
  // one vector per step.
  const double state_checkpoint = 4.0 * head_size / 16.0;
  Op& wkv = builder.recurrence("time_mix.wkv", hidden / head_size, head_size, head_size,
                               9.0 * head_size * hidden, 29.0 * head_size * hidden,
                               {.forward = (18.0 + state_checkpoint) * hidden,
                                .backward = (30.0 + state_checkpoint) * hidden,
                                .saved = (16.0 + state_checkpoint) * hidden});
  wkv.kernel = "wkv7";
  wkv.exchanged_bytes = 14.0 * hidden;  // six inputs and the output, in 16 bit
  // GroupNorm over heads, the bonus r·k·v (r_k) and the gate in one kernel.
  builder.elementwise("time_mix.group_norm", Part::time_mix, Split::heads,
                      {.forward = 12.1 * hidden, .backward = 22.2 * hidden, .saved = 4.0 * hidden},
                      3.0 * hidden);
  builder.gemm("time_mix.output", Part::time_mix, hidden, hidden, Split::row);
  builder.elementwise("time_mix.gradient_sums", Part::time_mix, Split::heads, {.backward = 18.0 * hidden});
  builder.block().state_bytes += 4.0 * head_size * hidden + activation_bytes * hidden;
  builder.block().tensor_collectives += 1.0;
}

}  // namespace trainbudget
