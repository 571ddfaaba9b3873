#include "core/recipe.h"

#include <algorithm>

namespace trainbudget {
namespace {

bool is_matrix(const Op& op) {
  return op.kind == OpKind::gemm || op.kind == OpKind::grouped_gemm;
}

constexpr double wide_weight_bytes = 2.0;

/// A matrix that is multiplied in the precision of the run; heads and adapters stay in 16 bit.
bool is_multiplied(const Op& op) {
  return is_matrix(op) && op.arithmetic == Arithmetic::matmul && op.part != Part::adapter;
}

/// The weights stay: what is left of the backward pass is the gradient of the input, where something below
/// needs it.
void freeze(Op& op, bool passes_gradient) {
  op.trained_parameters = 0.0;
  if (!passes_gradient) {
    op.backward_flops = op.backward_flops_per_key = op.backward_bytes = 0.0;
    op.saved_bytes = op.saved_bytes_per_key = 0.0;
    return;
  }
  if (!is_matrix(op)) return;
  op.backward_flops = op.forward_flops;
  op.backward_bytes = op.forward_bytes;
  if (!op.input_kept_before) op.saved_bytes = 0.0;  // it is kept for the gradient of the weights alone
}

bool is_adapted(const Op& op, const LowRankAdapters& adapters) {
  if (!is_matrix(op)) return false;
  if (op.part == Part::attention || op.part == Part::time_mix) return adapters.attention;
  if (op.part == Part::mlp || op.part == Part::shared_expert || op.part == Part::expert)
    return adapters.feed_forward;
  return false;
}

/// One half of an adapter beside `op`, for each of its matrices.
Op adapter_half(const Op& op, std::string_view name, double n, double k, Split split) {
  const double matrices = op.count;
  const double visited = op.count * op.active;
  Op half = op;
  half.name = name;
  half.part = Part::adapter;
  half.n = n;
  half.k = k;
  half.split = op.kind == OpKind::grouped_gemm ? op.split : split;
  half.saved_split = half.split == Split::column ? Split::sequence : half.split;
  half.parameters = half.trained_parameters = matrices * n * k;
  half.forward_flops = 2.0 * n * k * visited;
  half.backward_flops = 4.0 * n * k * visited;
  half.forward_bytes = 2.0 * (n + k) * visited;
  half.backward_bytes = 4.0 * (n + k) * visited;
  half.saved_bytes = 2.0 * k * visited;
  half.input_kept_before = false;
  return half;
}

void adapt(Block& block, const LowRankAdapters& adapters) {
  std::vector<Op> ops;
  ops.reserve(block.ops.size() * 3);
  for (const Op& op : block.ops) {
    ops.push_back(op);
    freeze(ops.back(), true);
    if (!is_adapted(op, adapters)) continue;
    const double rank = adapters.rank;
    ops.push_back(
        adapter_half(op, "adapter.down", rank, op.k, op.split == Split::row ? Split::row : Split::sequence));
    if (op.input_kept_before) ops.back().saved_bytes = 0.0;  // counted there
    ops.push_back(
        adapter_half(op, "adapter.up", op.n, rank, op.split == Split::row ? Split::sequence : Split::column));
  }
  block.ops = std::move(ops);
}

void freeze(Block& block, bool passes_gradient) {
  for (Op& op : block.ops)
    freeze(op, passes_gradient);
}

/// The first `count` layers become blocks without a backward pass.
void freeze_layers(ModelOps& model, int count) {
  freeze(model.embedding, false);
  std::vector<int> frozen(model.blocks.size(), -1);
  for (int i = 0; i < std::min(count, static_cast<int>(model.layers.size())); ++i) {
    int& kind = model.layers[static_cast<std::size_t>(i)];
    int& copy = frozen[static_cast<std::size_t>(kind)];
    if (copy < 0) {
      copy = static_cast<int>(model.blocks.size());
      model.blocks.push_back(model.blocks[static_cast<std::size_t>(kind)]);
      freeze(model.blocks.back(), false);
    }
    kind = copy;
  }
}

void add(TrainingState& state, const Recipe& recipe, const Op& op, double repeats) {
  const TrainingState one = training_state(recipe, op);
  state.weights += one.weights * repeats;
  state.gradients += one.gradients * repeats;
  state.master_weights += one.master_weights * repeats;
  state.optimizer += one.optimizer * repeats;
}

}  // namespace

double optimizer_state_bytes(Optimizer optimizer, bool matrix) {
  switch (optimizer) {
    case Optimizer::adamw:
      return 8.0;
    case Optimizer::adamw_16_bit:
      return 4.0;
    case Optimizer::adamw_8_bit:
      return 2.0 + 2.0 * 4.0 / 256.0;  // one fp32 scale per block of 256
    case Optimizer::lion:
      return 4.0;
    case Optimizer::muon:
      return matrix ? 4.0 : 8.0;
    case Optimizer::adafactor:
    case Optimizer::sgd:
      return 0.0;
    case Optimizer::sgd_momentum:
      return 4.0;
  }
  return 0.0;
}

double saved_bytes(const Recipe& recipe, const Op& op) {
  if (!is_multiplied(op)) return op.saved_bytes;
  // A product that keeps nothing of its own (frozen weights) has no narrow copy either.
  if (op.input_kept_before && op.trained_parameters <= 0.0) return op.saved_bytes;
  const double narrow = op.saved_bytes * recipe.saved_input_bytes / wide_weight_bytes;
  return op.input_kept_before && recipe.saved_input_bytes < wide_weight_bytes ? op.saved_bytes + narrow
                                                                              : narrow;
}

ModelOps apply(const Recipe& recipe, const ModelOps& model) {
  ModelOps trained = model;
  if (recipe.adapters) {
    // No weight below the first adapter moves, so the embedding has no backward pass.
    freeze(trained.embedding, false);
    for (Block& block : trained.blocks)
      adapt(block, *recipe.adapters);
    freeze(trained.head, true);
  }
  if (recipe.frozen_layers > 0) freeze_layers(trained, recipe.frozen_layers);
  return trained;
}

TrainingState training_state(const Recipe& recipe, const Op& op) {
  const double trained = op.trained_parameters;
  const double frozen = op.parameters - trained;
  const double scales = recipe.weight_bytes < 1.0 ? quantized_scale_bytes : 0.0;
  const double trained_bytes = is_multiplied(op) ? recipe.trained_weight_bytes : wide_weight_bytes;
  const double frozen_bytes = is_multiplied(op) ? recipe.weight_bytes + scales : wide_weight_bytes;
  return {.weights = trained * trained_bytes + frozen * frozen_bytes,
          .gradients = trained * (recipe.gradient_bytes + recipe.micro_batch_gradient_bytes),
          .master_weights = recipe.master_weights ? 4.0 * trained : 0.0,
          .optimizer = trained * optimizer_state_bytes(recipe.optimizer, is_matrix(op))};
}

TrainingState training_state(const Recipe& recipe, const ModelOps& model) {
  TrainingState state;
  for (const Op& op : model.embedding.ops)
    add(state, recipe, op, 1.0);
  for (std::size_t i = 0; i < model.blocks.size(); ++i) {
    for (const Op& op : model.blocks[i].ops)
      add(state, recipe, op, model.repeats(static_cast<int>(i)));
  }
  for (const Op& op : model.head.ops)
    add(state, recipe, op, 1.0);
  return state;
}

}  // namespace trainbudget
