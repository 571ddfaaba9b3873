// How a training step is spread over accelerators. Ranks are placed with tensor parallelism innermost, then
// context, data and pipeline parallelism, as Megatron-LM does (arXiv 2104.04473, §3); expert-parallel groups
// lie across context and data ranks.
#pragma once

#include "core/recompute.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget {

/// What data-parallel ranks share out instead of copying: Rajbhandari et al., arXiv 1910.02054; FSDP is
/// `parameters`.
enum class Sharding : std::uint8_t {
  none,        ///< every rank holds everything; gradients are all-reduced
  optimizer,   ///< ZeRO-1, Megatron's distributed optimizer
  gradients,   ///< ZeRO-2
  parameters,  ///< ZeRO-3, FSDP full shard: weights are gathered layer by layer
};
inline constexpr std::array<std::string_view, 4> sharding_words{"none", "optimizer", "gradients",
                                                                "parameters"};

/// The order in which a pipeline stage works on micro-batches.
enum class Schedule : std::uint8_t {
  one_forward_one_backward,  ///< 1F1B, interleaved where there are several chunks a stage: arXiv 2104.04473,
                             ///< §2.2
  zero_bubble,               ///< weight gradients fill the bubble: Qi et al., arXiv 2401.10241 (ZB-H1)
};
inline constexpr std::array<std::string_view, 2> schedule_words{"1f1b", "zero_bubble"};

/// Plain data; every count is at least 1.
struct Layout {
  int tensor = 1;
  int pipeline = 1;
  int chunks =
      1;  ///< model chunks of one pipeline stage (interleaving, "virtual pipeline size"); 1: not interleaved
  int data = 1;
  int context = 1;
  int expert = 1;  ///< ranks that share out the experts; divides data × context × tensor ÷ expert_tensor
  int expert_tensor = 0;        ///< tensor parallelism inside an expert; 0: as `tensor`
  bool expert_overlap = false;  ///< tokens of one micro-batch travel to experts while another is computed
  int micro_batch = 1;          ///< sequences
  Sharding sharding = Sharding::none;
  int shard_group =
      0;  ///< ranks that `sharding` spreads over, the rest being copies (HSDP); 0: all of data × context
  bool sequence_parallel = false;  ///< norms and residuals split over tokens as well: arXiv 2205.05198, §4.2
  Recompute recompute = Recompute::none;
  Pieces recomputed_pieces = Piece::attention_core;  ///< of a layer, by Recompute::selective
  double recomputed_layers = 1.0;  ///< fraction of the layers that `recompute` applies to, from 0 to 1
  Schedule schedule = Schedule::one_forward_one_backward;
  bool offload_optimizer =
      false;  ///< optimizer states live in host memory and are updated over the host link

  constexpr double accelerators() const { return static_cast<double>(tensor) * pipeline * data * context; }
  constexpr int expert_tensor_size() const { return expert_tensor > 0 ? expert_tensor : tensor; }
  friend bool operator==(const Layout&, const Layout&) = default;
};

struct Machine;
struct Workload;

/// Why `layout` cannot train `global_batch` sequences a step: a sentence for people, empty where it can.
std::string layout_problem(const Workload& workload, const Machine& machine, const Layout& layout,
                           double global_batch);

/// What `layout` says and nothing follows from: a sentence each, for people.
std::vector<std::string> layout_remarks(const Workload& workload, const Layout& layout);

}  // namespace trainbudget
