#include "core/workload.h"

#include "core/model_summary.h"

#include <algorithm>

namespace trainbudget {
namespace {

constexpr double bytes_of_16_bit = 2.0;

double& share_of(Shares& shares, Split split) {
  switch (split) {
    case Split::none:
      return shares.replicated;
    case Split::column:
    case Split::row:
    case Split::heads:
    case Split::vocabulary:
      return shares.tensor;
    case Split::experts:
      return shares.experts;
    case Split::sequence:
      return shares.sequence;
  }
  return shares.replicated;
}

/// Weights that sequence parallelism leaves whole: it splits tokens.
Split weight_split(Split split) {
  return split == Split::sequence ? Split::none : split;
}

// Scores that an unfused core moves, bytes per token, head and key, 16 bit. Forward: written by the product
// (2), read and written by the fused scale–mask–softmax (4), read by the second product (2); dropout reads,
// writes and keeps a mask (5). Backward: the gradient of the second product (2), of the softmax (2 + 2 read,
// 2 written), two products that read them (4) and one that reads the probabilities (2); dropout reads mask
// and gradient and writes it (5).
constexpr double forward_score_bytes = 8.0;
constexpr double backward_score_bytes = 14.0;
constexpr double dropout_score_bytes = 5.0;

class Gatherer {
 public:
  Gatherer(Workload& workload, const Sequence& sequence, const Recipe& recipe, bool fused)
      : workload_(workload), sequence_(sequence), recipe_(recipe), fused_(fused) {}

  BlockWork gather(const Block& block) {
    BlockWork work;
    work.first_product = static_cast<std::uint32_t>(workload_.products.size());
    work.first_attention = static_cast<std::uint32_t>(workload_.attentions.size());
    work.first_recurrence = static_cast<std::uint32_t>(workload_.recurrences.size());
    double stream_tokens = 0.0;
    work.has_backward = false;
    for (const Op& op : block.ops) {
      add(work, op);
      stream_tokens = std::max(stream_tokens, sequence_.tokens_per_token(op.stream));
    }
    work.products = static_cast<std::uint32_t>(workload_.products.size()) - work.first_product;
    work.attentions = static_cast<std::uint32_t>(workload_.attentions.size()) - work.first_attention;
    work.recurrences = static_cast<std::uint32_t>(workload_.recurrences.size()) - work.first_recurrence;
    work.boundary = workload_.hidden_bytes * stream_tokens;
    work.tensor_collectives = block.tensor_collectives;
    work.collective_bytes = work.boundary;
    work.exchange_bytes = block.expert_exchange * bytes_of_16_bit * stream_tokens;
    return work;
  }

 private:
  void add(BlockWork& work, const Op& op) {
    const double tokens = sequence_.tokens_per_token(op.stream);
    PieceWork& repeated = work.pieces[static_cast<std::size_t>(op.repeated)];
    if (op.kind == OpKind::grouped_gemm) {
      work.expert_products += op.count;
      repeated.expert_products += op.count;
    } else {
      work.operations += 1.0;
      repeated.operations += 1.0;
    }
    if (op.backward_flops > 0.0 || op.backward_bytes > 0.0) work.has_backward = true;
    switch (op.kind) {
      case OpKind::gemm:
      case OpKind::grouped_gemm:
        add_product(op, tokens);
        break;
      case OpKind::attention_core:
        add_attention(work, op, tokens);
        break;
      case OpKind::recurrence:
        workload_.recurrences.push_back({.kernel = op.kernel,
                                         .head_size = op.head_size,
                                         .heads = op.heads,
                                         .blocks = op.scan_blocks,
                                         .step = op.scan_step,
                                         .forward_bytes = op.forward_bytes * tokens,
                                         .backward_bytes = op.backward_bytes * tokens,
                                         .exchanged_bytes = op.exchanged_bytes * tokens,
                                         .forward_flops = op.forward_flops * tokens,
                                         .backward_flops = op.backward_flops * tokens});
        break;
      case OpKind::elementwise:
      case OpKind::lookup:
        share_of(work.elementwise_forward, op.split) += op.forward_bytes * tokens;
        share_of(work.elementwise_backward, op.split) += op.backward_bytes * tokens;
        share_of(repeated.elementwise, op.split) += op.forward_bytes * tokens;
        break;
    }
    const double saved = saved_bytes(recipe_, op) * tokens;
    share_of(work.saved, op.saved_split) += saved;
    share_of(work.pieces[static_cast<std::size_t>(op.released)].released, op.saved_split) += saved;
    add_state(work, op);
  }

  void add_product(const Op& op, double tokens) {
    if (op.split == Split::experts)
      workload_.active_experts = std::max(workload_.active_experts, op.count * op.active);
    workload_.products.push_back({.n = op.n,
                                  .k = op.k,
                                  .count = op.count,
                                  .active = op.active,
                                  .tokens = tokens,
                                  .passes = 1.0 + op.backward_flops / op.forward_flops,
                                  .split = op.split,
                                  .arithmetic = op.arithmetic,
                                  .piece = op.repeated});
  }

  void add_attention(BlockWork& work, const Op& op, double tokens) {
    Sequence counted = sequence_;
    counted.count = fused_ ? AttentionCount::causal : AttentionCount::full;
    const double keys = attended_keys(op, counted);
    const bool trained = op.backward_flops_per_key > 0.0;
    const double backward = fused_ ? flash_backward_factor : 2.0;
    AttentionWork core{
        .forward_flops = op.forward_flops_per_key * keys * tokens,
        .backward_flops = trained ? backward * op.forward_flops_per_key * keys * tokens : 0.0,
        .key_value_bytes = bytes_of_16_bit * op.kv_heads * (op.head_size + op.value_size) * tokens,
        .heads = op.heads,
        .head_size = op.head_size,
        .keys = keys,
        .fused = fused_};
    if (!fused_) {
      const double scores = op.heads * keys * tokens;
      const double dropout = op.saved_bytes_per_key > bytes_of_16_bit * op.heads ? dropout_score_bytes : 0.0;
      core.score_bytes_forward = (forward_score_bytes + dropout) * scores;
      core.score_bytes_backward = trained ? (backward_score_bytes + dropout) * scores : 0.0;
      const double saved = op.saved_bytes_per_key * keys * tokens;
      share_of(work.saved, op.saved_split) += saved;
      PieceWork& piece = work.pieces[static_cast<std::size_t>(Piece::attention_core)];
      share_of(piece.released, op.saved_split) += saved;
    }
    share_of(work.elementwise_forward, op.split) += op.forward_bytes * tokens;
    share_of(work.elementwise_backward, op.split) += op.backward_bytes * tokens;
    workload_.attentions.push_back(core);
  }

  void add_state(BlockWork& work, const Op& op) {
    if (op.parameters <= 0.0) return;
    const TrainingState state = training_state(recipe_, op);
    const Split split = weight_split(op.split);
    share_of(work.state.weights, split) += state.weights;
    share_of(work.state.gradients, split) += state.gradients;
    share_of(work.state.optimizer, split) += state.master_weights + state.optimizer;
    share_of(work.trained, split) += op.trained_parameters;
    work.trained_parameters += op.trained_parameters;
  }

  Workload& workload_;
  const Sequence& sequence_;
  const Recipe& recipe_;
  bool fused_;
};

}  // namespace

Shares& Shares::operator+=(const Shares& other) {
  replicated += other.replicated;
  tensor += other.tensor;
  sequence += other.sequence;
  experts += other.experts;
  return *this;
}

Workload gather(const ModelOps& model, const Sequence& sequence, const Recipe& recipe, bool fused_attention) {
  Workload workload;
  workload.sequence_length = sequence.length;
  workload.tied_head = model.tied_head;
  workload.gradient_bytes = recipe.gradient_bytes;
  workload.hidden_bytes = bytes_of_16_bit * model.hidden_size;

  Sequence causal = sequence;
  causal.count = AttentionCount::causal;
  const Totals total = summarize(model, causal).total;
  workload.model_flops = total.flops();
  workload.parameters = total.parameters;

  Gatherer gatherer(workload, sequence, recipe, fused_attention);
  workload.embedding = gatherer.gather(model.embedding);
  workload.kinds.reserve(model.blocks.size());
  for (const Block& block : model.blocks)
    workload.kinds.push_back(gatherer.gather(block));
  workload.head = gatherer.gather(model.head);

  std::vector<int> order = model.encoder_layers;
  order.insert(order.end(), model.layers.begin(), model.layers.end());
  workload.layers = static_cast<int>(order.size());
  workload.layers_before.assign(model.blocks.size() * (order.size() + 1), 0);
  for (std::size_t kind = 0; kind < model.blocks.size(); ++kind) {
    std::uint32_t* before = &workload.layers_before[kind * (order.size() + 1)];
    for (std::size_t i = 0; i < order.size(); ++i)
      before[i + 1] = before[i] + (order[i] == static_cast<int>(kind) ? 1u : 0u);
  }
  return workload;
}

Pieces releasing_pieces(const Workload& workload) {
  Pieces pieces;
  for (const BlockWork& kind : workload.kinds) {
    for (std::size_t i = 0; i < piece_count; ++i) {
      if (kind.pieces[i].released.total() > 0.0) pieces |= static_cast<Piece>(i);
    }
  }
  return pieces;
}

ModelKind kind_of(const Workload& workload) {
  return {.attention = !workload.attentions.empty(),
          .experts = std::any_of(workload.kinds.begin(), workload.kinds.end(),
                                 [](const BlockWork& block) { return block.expert_products > 0.0; }),
          .recurrence = !workload.recurrences.empty()};
}

}  // namespace trainbudget
