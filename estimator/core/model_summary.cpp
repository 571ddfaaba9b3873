#include "core/model_summary.h"

#include <algorithm>

namespace trainbudget {
namespace {

Totals operator*(Totals totals, double factor) {
  totals.parameters *= factor;
  totals.active_parameters *= factor;
  totals.trained_parameters *= factor;
  totals.forward_flops *= factor;
  totals.backward_flops *= factor;
  return totals;
}

bool is_gemm(const Op& op) {
  return op.kind == OpKind::gemm || op.kind == OpKind::grouped_gemm;
}

class Sum {
 public:
  Sum(ModelSummary& summary, const Sequence& sequence) : summary_(summary), sequence_(sequence) {}

  void add(const Op& op, double repeats) {
    const Totals totals = totals_of(op, sequence_) * repeats;
    summary_.total += totals;
    summary_.parts[static_cast<std::size_t>(op.part)] += totals;
    if (op.part == Part::embedding && op.kind == OpKind::lookup)
      summary_.embedding_parameters += totals.parameters;
    if (op.part == Part::head) summary_.head_parameters += totals.parameters;
    if (op.kind == OpKind::attention_core) {
      summary_.attention_flops += totals.flops();
      summary_.fused_attention_flops += totals.forward_flops * (flash_backward_factor - 2.0);
    }
    if (op.kind == OpKind::recurrence) summary_.recurrence_flops += totals.flops();
    explain(op, totals, repeats);
  }

  void add_layer(const Block& block, double repeats) {
    for (const Op& op : block.ops) {
      add(op, repeats);
      const Totals totals = totals_of(op, sequence_) * repeats;
      summary_.layers += totals;
      summary_.full_recompute_flops += totals.forward_flops;
      if (op.kind == OpKind::attention_core) summary_.selective_recompute_flops += totals.forward_flops;
    }
    const double kept =
        block.cache_window > 0.0 ? std::min(block.cache_window, sequence_.length) : sequence_.length;
    summary_.cache_bytes += repeats * block.cache_bytes_per_token * kept;
    summary_.state_bytes += repeats * block.state_bytes;
  }

 private:
  double& gap(GapTerm term) { return summary_.gap[static_cast<std::size_t>(term)]; }

  /// Splits flops − 6·parameters of one operation over the terms; what is given out is exactly that
  /// difference.
  void explain(const Op& op, const Totals& totals, double repeats) {
    const double six_n = 6.0 * totals.parameters;
    if (op.kind == OpKind::lookup) return void(gap(GapTerm::embedding_lookup) -= six_n);
    if (op.kind == OpKind::attention_core || op.kind == OpKind::recurrence) {
      gap(op.kind == OpKind::recurrence ? GapTerm::recurrence : GapTerm::attention) += totals.flops();
      gap(GapTerm::vectors) -= six_n;
      return;
    }
    if (!is_gemm(op)) return void(gap(GapTerm::vectors) -= six_n);
    const double matrices = op.n * op.k * op.count * repeats;
    if (totals.parameters < matrices) {
      // The weights are another operation's: a tied head, or the head seen again by a prediction module.
      gap(GapTerm::tied_head) += totals.flops();
      gap(GapTerm::vectors) -= six_n;
      return;
    }
    const double per_token = (op.forward_flops + op.backward_flops) * repeats;
    const double trained = 3.0 * op.forward_flops * repeats;
    gap(GapTerm::vectors) -= 6.0 * (totals.parameters - matrices);
    gap(GapTerm::inactive_experts) += trained - 6.0 * matrices;
    gap(GapTerm::frozen) += per_token - trained;
    gap(GapTerm::encoder) += totals.flops() - per_token;
  }

  ModelSummary& summary_;
  const Sequence& sequence_;
};

}  // namespace

Totals& Totals::operator+=(const Totals& other) {
  parameters += other.parameters;
  active_parameters += other.active_parameters;
  trained_parameters += other.trained_parameters;
  forward_flops += other.forward_flops;
  backward_flops += other.backward_flops;
  return *this;
}

Totals totals_of(const Op& op, const Sequence& sequence) {
  const double keys = op.kind == OpKind::attention_core ? attended_keys(op, sequence) : 0.0;
  const double tokens = sequence.tokens_per_token(op.stream);
  return {.parameters = op.parameters,
          .active_parameters = op.active_parameters(),
          .trained_parameters = op.trained_parameters,
          .forward_flops = tokens * (op.forward_flops + op.forward_flops_per_key * keys),
          .backward_flops = tokens * (op.backward_flops + op.backward_flops_per_key * keys)};
}

Totals totals_of(const Block& block, const Sequence& sequence) {
  Totals totals;
  for (const Op& op : block.ops)
    totals += totals_of(op, sequence);
  return totals;
}

ModelSummary summarize(const ModelOps& model, const Sequence& sequence) {
  ModelSummary summary{};
  Sum sum(summary, sequence);
  for (const Op& op : model.embedding.ops)
    sum.add(op, 1.0);
  for (std::size_t i = 0; i < model.blocks.size(); ++i) {
    const double repeats = model.repeats(static_cast<int>(i));
    if (repeats > 0.0) sum.add_layer(model.blocks[i], repeats);
  }
  for (const Op& op : model.head.ops)
    sum.add(op, 1.0);
  summary.six_n_flops = 6.0 * summary.total.parameters;
  return summary;
}

double parameters_of(const Model& model) {
  return summarize(expand(model), {}).total.parameters;
}

double six_n_plus_attention_flops(const ModelOps& model, const Sequence& sequence) {
  Sequence full = sequence;
  full.count = AttentionCount::full;
  const ModelSummary summary = summarize(model, full);
  return 6.0 * summary.total.active_parameters + summary.attention_flops;
}

}  // namespace trainbudget
