#include "core/arch/feed_forward.h"

#include "core/arch/block_builder.h"

namespace trainbudget {
namespace {

/// The activation between the matrices: one input of `width`, or two with a gate. Keeps what it read.
Traffic activation(double width, bool gated) {
  const double inputs = gated ? 2.0 : 1.0;
  return {.forward = 2.0 * width * (inputs + 1.0),
          .backward = 2.0 * width * (2.0 * inputs + 1.0),
          .saved = 2.0 * width * inputs};
}

struct DenseNames {
  std::string_view up, activation, down;
};

void append_dense(BlockBuilder& builder, Part part, const DenseNames& names, double width, bool gated,
                  bool bias) {
  const double hidden = builder.context().hidden_size;
  builder.gemm(names.up, part, (gated ? 2.0 : 1.0) * width, hidden, Split::column, bias);
  builder.elementwise(names.activation, part, Split::column, activation(width, gated));
  builder.gemm(names.down, part, hidden, width, Split::row, bias);
}

/// Turns a GEMM into `count` of them, of which a token visits `visited`.
void route(Op& op, double count, double visited, bool bias) {
  op.kind = OpKind::grouped_gemm;
  op.split = op.saved_split = Split::experts;
  op.count = count;
  op.active = visited / count;
  op.parameters = op.trained_parameters = count * (op.n * op.k + (bias ? op.n : 0.0));
  op.forward_flops *= visited;
  op.backward_flops *= visited;
  op.forward_bytes *= visited;
  op.backward_bytes *= visited;
  op.saved_bytes *= visited;
}

Traffic operator*(const Traffic& traffic, double factor) {
  return {traffic.forward * factor, traffic.backward * factor, traffic.saved * factor};
}

}  // namespace

void append(const Mlp& mlp, BlockBuilder& builder) {
  const std::size_t first = builder.block().ops.size();
  append_dense(builder, Part::mlp, {"mlp.up", "mlp.activation", "mlp.down"}, mlp.intermediate_size, mlp.gated,
               mlp.bias);
  if (mlp.learned_activation) {
    Op& activation = builder.block().ops[first + 1];
    activation.parameters = activation.trained_parameters = 2.0;
  }
  builder.block().tensor_collectives += 1.0;
}

void append(const MixtureOfExperts& moe, BlockBuilder& builder) {
  const double hidden = builder.context().hidden_size;
  const double width = moe.latent_size > 0 ? moe.latent_size : hidden;
  const double inner = moe.intermediate_size;
  const double visited = moe.active_experts;
  const double inputs = moe.gated ? 2.0 : 1.0;

  Op& router = builder.gemm("router", Part::router, moe.experts, hidden, Split::sequence, moe.router_bias);
  router.arithmetic = Arithmetic::scalar;
  if (moe.latent_size > 0) {
    builder.gemm("expert.latent_down", Part::expert, width, hidden, Split::sequence).saved_bytes = 0.0;
  }
  // Gathering each token's copies, and summing what comes back with the router's weights.
  builder.elementwise("expert.dispatch", Part::expert, Split::experts,
                      {.forward = 4.0 * visited * width, .backward = 4.0 * visited * width});
  route(builder.gemm("expert.up", Part::expert, inputs * inner, width, Split::experts), moe.experts, visited,
        moe.bias);
  builder.elementwise("expert.activation", Part::expert, Split::experts,
                      activation(inner, moe.gated) * visited);
  route(builder.gemm("expert.down", Part::expert, width, inner, Split::experts), moe.experts, visited,
        moe.bias);
  builder.elementwise("expert.combine", Part::expert, Split::experts,
                      {.forward = 2.0 * (visited + 1.0) * width,
                       .backward = 2.0 * (2.0 * visited + 1.0) * width,
                       .saved = 2.0 * visited * width});
  if (moe.latent_size > 0) builder.gemm("expert.latent_up", Part::expert, hidden, width, Split::sequence);

  if (moe.shared_intermediate_size > 0) {
    if (moe.shared_gate) {
      builder.gemm("shared_expert.gate", Part::shared_expert, 1.0, hidden, Split::sequence).saved_bytes = 0.0;
    }
    const std::size_t first = builder.block().ops.size();
    append_dense(builder, Part::shared_expert,
                 {"shared_expert.up", "shared_expert.activation", "shared_expert.down"},
                 moe.shared_intermediate_size, moe.gated, false);
    builder.block().ops[first].saved_bytes = 0.0;  // the router keeps the same input
  }
  builder.block().expert_exchange += visited * width;
  builder.block().tensor_collectives += 1.0;
}

void append(const ChannelMix& mix, BlockBuilder& builder) {
  const double hidden = builder.context().hidden_size;
  const double inner = mix.intermediate_size;
  const double mixes = mix.receptance ? 2.0 : 1.0;
  // Token shift and mixing: RWKV-7's fused kernel reads once and writes once (4 bytes per element
  // forward, 6.25 backward); with a receptance, the shift and a fused pair of mixes.
  const Traffic traffic =
      mix.receptance ? Traffic{.forward = 12.0 * hidden, .backward = 18.0 * hidden, .saved = 4.0 * hidden}
                     : Traffic{.forward = 4.0 * hidden, .backward = 6.25 * hidden, .saved = 2.0 * hidden};
  builder.elementwise("channel_mix.mix", Part::mlp, Split::sequence, traffic, mixes * hidden);
  builder.gemm("channel_mix.key", Part::mlp, inner, hidden, Split::column);
  // relu² in place: the result, kept as the input of the value matrix, is enough for the gradient.
  builder.elementwise("channel_mix.relu_squared", Part::mlp, Split::column,
                      {.forward = 4.0 * inner, .backward = 6.0 * inner});
  builder.gemm("channel_mix.value", Part::mlp, hidden, inner, Split::row);
  if (mix.receptance) {
    builder.gemm("channel_mix.receptance", Part::mlp, hidden, hidden, Split::sequence);
    builder.elementwise("channel_mix.gate", Part::mlp, Split::sequence,
                        {.forward = 6.0 * hidden, .backward = 10.0 * hidden, .saved = 4.0 * hidden});
  }
  builder.block().state_bytes += activation_bytes * hidden;
  builder.block().tensor_collectives += 1.0;
}

}  // namespace trainbudget
