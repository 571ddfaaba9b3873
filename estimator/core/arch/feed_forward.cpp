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

/// Run again with `piece`, which lets go of what the operation keeps.
Op& recomputed(Op& op, Piece piece) {
  op.repeated = op.released = piece;
  return op;
}

struct DenseNames {
  std::string_view up, activation, down;
};

void append_dense(BlockBuilder& builder, Part part, const DenseNames& names, double width, bool gated,
                  bool bias, Piece piece) {
  const double hidden = builder.context().hidden_size;
  Op& up = builder.gemm(names.up, part, (gated ? 2.0 : 1.0) * width, hidden, Split::column, bias);
  up.repeated = piece;
  up.released = Piece::norm;
  recomputed(builder.elementwise(names.activation, part, Split::column, activation(width, gated)), piece);
  recomputed(builder.gemm(names.down, part, hidden, width, Split::row, bias), piece);
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
               mlp.bias, Piece::mlp);
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
  router.repeated = Piece::expert;
  router.released = Piece::norm;
  if (moe.latent_size > 0) {
    recomputed(builder.gemm("expert.latent_down", Part::expert, width, hidden, Split::sequence),
               Piece::expert)
        .saved_bytes = 0.0;
  }
  // Gathering each token's copies, and summing what comes back with the router's weights.
  recomputed(builder.elementwise("expert.dispatch", Part::expert, Split::experts,
                                 {.forward = 4.0 * visited * width, .backward = 4.0 * visited * width}),
             Piece::expert);
  route(recomputed(builder.gemm("expert.up", Part::expert, inputs * inner, width, Split::experts),
                   Piece::expert),
        moe.experts, visited, moe.bias);
  // Recomputing the activation alone keeps what it reads, and lets go of what the last product reads.
  Op& activated = builder.elementwise("expert.activation", Part::expert, Split::experts,
                                      activation(inner, moe.gated) * visited);
  activated.repeated = Piece::expert_activation;
  activated.released = Piece::expert;
  Op& down = builder.gemm("expert.down", Part::expert, width, inner, Split::experts);
  down.repeated = Piece::expert;
  down.released = Piece::expert_activation;
  route(down, moe.experts, visited, moe.bias);
  recomputed(builder.elementwise("expert.combine", Part::expert, Split::experts,
                                 {.forward = 2.0 * (visited + 1.0) * width,
                                  .backward = 2.0 * (2.0 * visited + 1.0) * width,
                                  .saved = 2.0 * visited * width}),
             Piece::expert);
  if (moe.latent_size > 0) {
    recomputed(builder.gemm("expert.latent_up", Part::expert, hidden, width, Split::sequence), Piece::expert);
  }

  if (moe.shared_intermediate_size > 0) {
    if (moe.shared_gate) {
      recomputed(builder.gemm("shared_expert.gate", Part::shared_expert, 1.0, hidden, Split::sequence),
                 Piece::shared_expert)
          .saved_bytes = 0.0;
    }
    const std::size_t first = builder.block().ops.size();
    append_dense(builder, Part::shared_expert,
                 {"shared_expert.up", "shared_expert.activation", "shared_expert.down"},
                 moe.shared_intermediate_size, moe.gated, false, Piece::shared_expert);
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
  Op& mixed = builder.elementwise("channel_mix.mix", Part::mlp, Split::sequence, traffic, mixes * hidden);
  mixed.repeated = Piece::mlp;
  if (!mix.receptance) mixed.released = Piece::norm;  // else the shifted input is kept as well
  recomputed(builder.gemm("channel_mix.key", Part::mlp, inner, hidden, Split::column), Piece::mlp);
  // relu² in place: the result, kept as the input of the value matrix, is enough for the gradient.
  recomputed(builder.elementwise("channel_mix.relu_squared", Part::mlp, Split::column,
                                 {.forward = 4.0 * inner, .backward = 6.0 * inner}),
             Piece::mlp);
  recomputed(builder.gemm("channel_mix.value", Part::mlp, hidden, inner, Split::row), Piece::mlp);
  if (mix.receptance) {
    recomputed(builder.gemm("channel_mix.receptance", Part::mlp, hidden, hidden, Split::sequence),
               Piece::mlp);
    recomputed(
        builder.elementwise("channel_mix.gate", Part::mlp, Split::sequence,
                            {.forward = 6.0 * hidden, .backward = 10.0 * hidden, .saved = 4.0 * hidden}),
        Piece::mlp);
  }
  builder.block().state_bytes += activation_bytes * hidden;
  builder.block().tensor_collectives += 1.0;
}

}  // namespace trainbudget
