// A model as operations: what everything after the model file computes with.
#pragma once

#include "core/model.h"
#include "core/op.h"

#include <vector>

namespace trainbudget {

/// The operations of one kind of layer, in forward order, and what it exchanges.
struct Block {
  std::vector<Op> ops;

  /// Collectives over hidden-size activations that tensor parallelism needs in the forward pass; as many in
  /// the backward pass. Each is an all-reduce, or an all-gather and a reduce-scatter under sequence
  /// parallelism.
  double tensor_collectives = 0.0;
  /// Elements per token that expert parallelism sends each way (dispatch; combine is as many): top-k × width.
  double expert_exchange = 0.0;

  /// Of generation, 16-bit: key and value bytes per token (of the `cache_window` tokens of a window or chunk
  /// where that is not 0), and bytes of recurrent state per sequence. The state of a recurrence is fp32, the
  /// shifted token 16-bit.
  double cache_bytes_per_token = 0.0;
  double cache_window = 0.0;
  double state_bytes = 0.0;
};

/// A model as a sequence of blocks: embedding, layers, head. Blocks that are alike are stored once.
struct ModelOps {
  double hidden_size = 0.0;
  double vocabulary = 0.0;
  bool tied_head = false;

  Block embedding = {};
  std::vector<Block> blocks = {};
  std::vector<int> encoder_layers = {};  ///< indices into `blocks`, run first, over the encoder's tokens
  std::vector<int> layers = {};          ///< indices into `blocks`, in order
  Block head = {};                       ///< final norm, head, loss, and multi-token prediction modules

  /// How many layers, encoder included, are of kind `block`.
  double repeats(int block) const;
};

/// Expands `model`, which must have no problem().
ModelOps expand(const Model& model);

}  // namespace trainbudget
