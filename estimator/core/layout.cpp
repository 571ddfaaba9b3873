#include "core/layout.h"

#include "core/machine.h"
#include "core/workload.h"

#include <algorithm>
#include <cmath>

namespace trainbudget {
namespace {

std::string text(double number) {
  return std::to_string(static_cast<long long>(number));
}

bool divides(double divisor, double number) {
  return divisor > 0.0 && std::fmod(number, divisor) == 0.0;
}

std::string batch_problem(const Layout& layout, double global_batch) {
  const double at_once = static_cast<double>(layout.micro_batch) * layout.data;
  if (!divides(at_once, global_batch)) {
    return "a global batch of " + text(global_batch) + " sequences does not divide into micro-batches of " +
           text(layout.micro_batch) + " on " + text(layout.data) + " data-parallel ranks";
  }
  if (layout.chunks > 1 && !divides(layout.pipeline, global_batch / at_once)) {
    return "an interleaved pipeline of " + text(layout.pipeline) +
           " stages needs a multiple of as many micro-batches, not " + text(global_batch / at_once);
  }
  return {};
}

std::string expert_problem(const Workload& workload, const Layout& layout, double global_batch) {
  double experts = 0.0;
  for (const MatrixProduct& product : workload.products) {
    if (product.split == Split::experts) experts = std::max(experts, product.count);
  }
  if (layout.expert_overlap && layout.expert == 1)
    return "there is no exchange of tokens to overlap without expert parallelism";
  if (layout.expert_overlap && global_batch < 2.0 * layout.micro_batch * layout.data)
    return "an exchange of tokens hides behind another micro-batch, and there is only one a step";
  if (layout.expert == 1 && layout.expert_tensor <= 1) return {};
  if (experts <= 0.0 && layout.expert > 1)
    return "expert parallelism of " + text(layout.expert) + " for a model without experts";
  if (experts <= 0.0)
    return "tensor parallelism of " + text(layout.expert_tensor) +
           " inside experts for a model without experts";
  if (layout.expert > 1 && !divides(layout.expert, experts))
    return text(experts) + " experts do not divide over " + text(layout.expert) + " ranks";
  const double ranks = static_cast<double>(layout.expert) * layout.expert_tensor_size();
  if (!divides(ranks, static_cast<double>(layout.data) * layout.context * layout.tensor)) {
    return text(ranks) + " expert-parallel ranks do not divide the " +
           text(static_cast<double>(layout.data) * layout.context * layout.tensor) +
           " ranks of a pipeline stage";
  }
  return {};
}

}  // namespace

std::string layout_problem(const Workload& workload, const Machine& machine, const Layout& layout,
                           double global_batch) {
  if (workload.kinds.size() > most_layer_kinds) return "more kinds of layer than " + text(most_layer_kinds);
  const int chunks = layout.pipeline * layout.chunks;
  // The first and the last chunk may hold nothing but the embedding and the head.
  if (workload.layers + 2 < chunks) {
    return text(workload.layers) + " layers do not fill " + text(chunks) + " pipeline chunks";
  }
  if (layout.chunks > 1 && layout.pipeline == 1) return "interleaving needs more than one pipeline stage";
  for (const AttentionWork& core : workload.attentions) {
    if (!divides(layout.tensor, core.heads))
      return text(core.heads) + " attention heads do not divide over " + text(layout.tensor) +
             " tensor-parallel ranks";
  }
  for (const RecurrenceWork& scan : workload.recurrences) {
    if (!divides(layout.tensor, scan.heads))
      return text(scan.heads) + " heads do not divide over " + text(layout.tensor) + " tensor-parallel ranks";
    // Ranks that share a context exchange tokens for heads.
    if (!divides(static_cast<double>(layout.tensor) * layout.context, scan.heads))
      return text(scan.heads) + " heads do not divide over " + text(layout.tensor) + " tensor-parallel × " +
             text(layout.context) + " context-parallel ranks";
  }
  if (!divides(layout.context, workload.sequence_length)) {
    return "a sequence of " + text(workload.sequence_length) + " tokens does not divide over " +
           text(layout.context) + " context-parallel ranks";
  }
  if (layout.shard_group > 0 &&
      !divides(layout.shard_group, static_cast<double>(layout.data) * layout.context)) {
    return "groups of " + text(layout.shard_group) + " do not divide " +
           text(static_cast<double>(layout.data) * layout.context) + " data-parallel ranks";
  }
  if (machine.fabric.tiers == 0 && layout.accelerators() > 1.0)
    return "the cluster has no network between accelerators";
  if (std::string problem = expert_problem(workload, layout, global_batch); !problem.empty()) return problem;
  return batch_problem(layout, global_batch);
}

std::vector<std::string> layout_remarks(const Workload& workload, const Layout& layout) {
  std::vector<std::string> remarks;
  if (layout.recompute == Recompute::selective) {
    for (const RecomputeModule& module : chosen_modules(layout.recomputed_pieces)) {
      if (module.pieces.overlaps(releasing_pieces(workload))) continue;
      const bool core = module.pieces == Pieces(Piece::attention_core) && !workload.attentions.empty();
      remarks.push_back("recomputing " + std::string(module.name) + " changes nothing: " +
                        (core ? "fused attention keeps no scores" : "this model has none"));
    }
  }
  if (layout.sequence_parallel && layout.tensor == 1)
    remarks.emplace_back("sequence parallelism (sp) changes nothing without tensor parallelism (tp)");
  if (layout.shard_group > 0 && layout.sharding == Sharding::none)
    remarks.emplace_back("a group to shard over (shard) changes nothing where nothing is sharded (zero=0)");
  if (layout.schedule == Schedule::zero_bubble && layout.pipeline == 1)
    remarks.emplace_back("a zero-bubble schedule changes nothing without pipeline stages (pp)");
  return remarks;
}

}  // namespace trainbudget
