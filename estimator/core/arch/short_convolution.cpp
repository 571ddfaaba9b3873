#include "core/arch/block_builder.h"
#include "core/arch/state_space.h"

namespace trainbudget {

void append(const ShortConvolution& convolution, BlockBuilder& builder) {
  const double hidden = builder.context().hidden_size;
  const auto product = [&](std::string_view name) {
    builder.elementwise(name, Part::time_mix, Split::heads,
                        {.forward = 6.0 * hidden, .backward = 10.0 * hidden, .saved = 4.0 * hidden});
  };
  builder
      .gemm("short_convolution.input", Part::time_mix, 3.0 * hidden, hidden, Split::column, convolution.bias)
      .released = Piece::norm;
  product("short_convolution.input_gate");
  builder.elementwise("short_convolution.convolution", Part::time_mix, Split::heads,
                      {.forward = 4.0 * hidden, .backward = 6.0 * hidden, .saved = 2.0 * hidden},
                      hidden * convolution.conv_size + (convolution.bias ? hidden : 0.0));
  product("short_convolution.output_gate");
  builder.gemm("short_convolution.output", Part::time_mix, hidden, hidden, Split::row, convolution.bias);
  builder.block().state_bytes += activation_bytes * hidden * convolution.conv_size;
  builder.block().tensor_collectives += 1.0;
}

}  // namespace trainbudget
