#include "core/arch/block_builder.h"
#include "core/arch/state_space.h"

namespace trainbudget {

void append(const LightningAttention& attention, BlockBuilder& builder) {
  const double hidden = builder.context().hidden_size;
  const double heads = attention.heads;
  const double size = attention.head_size;
  const double width = heads * size;
  builder.gemm("lightning_attention.query_key_value_gate", Part::time_mix, 4.0 * width, hidden, Split::column)
      .released = Piece::norm;
  if (attention.silu) {
    builder.elementwise("lightning_attention.silu", Part::time_mix, Split::heads,
                        {.forward = 12.0 * width, .backward = 18.0 * width, .saved = 6.0 * width});
  }
  if (attention.query_key_norm) {
    Op& norm = builder.norm("lightning_attention.query_key_norm", 2.0 * width, NormKind::rms, Split::heads,
                            Part::time_mix);
    norm.parameters = norm.trained_parameters = 2.0 * size;  // shared by the heads
  }
  if (attention.rotary) {
    builder.elementwise("lightning_attention.rotary", Part::time_mix, Split::heads,
                        {.forward = 8.0 * width, .backward = 8.0 * width});
  }
  // Per state element: decay 1, update 2, read-out 2; twice that backward. The kernel computes chunks as
  // products, on tensor cores. Queries, keys and values read and the output written, twice as much backward.
  const double state = heads * size * size;
  builder.recurrence("lightning_attention.scan", heads, size, size, 5.0 * state, 10.0 * state,
                     {.forward = 8.0 * width, .backward = 16.0 * width, .saved = 6.0 * width});
  Op& norm =
      builder.norm("lightning_attention.gated_norm", width, NormKind::rms, Split::heads, Part::time_mix);
  norm.forward_bytes = 6.0 * width;  // output and gate in, product out
  norm.backward_bytes = 14.0 * width;
  norm.saved_bytes = 4.0 * width;
  builder.gemm("lightning_attention.output", Part::time_mix, hidden, width, Split::row);
  builder.block().state_bytes += 4.0 * state;
  builder.block().tensor_collectives += 1.0;
}

}  // namespace trainbudget
