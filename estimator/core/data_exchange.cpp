#include "core/data_exchange.h"

#include <algorithm>

namespace trainbudget {
namespace {

constexpr double weight_bytes = 2.0;
constexpr double backward_share = 2.0 / 3.0;  // of the work on a micro-batch

double hidden(double communication, double cover, double exposed) {
  return exposed * communication + std::max(0.0, (1.0 - exposed) * communication - cover);
}

}  // namespace

DataExchange::DataExchange(const Workload& workload, const Machine& machine, const Layout& layout,
                           const Efficiency& efficiency)
    : sharding_(layout.sharding),
      fabric_(fabric_efficiency(efficiency)),
      gradient_bytes_(workload.gradient_bytes) {
  const double replicas = static_cast<double>(layout.data) * layout.context;
  const double expert_ranks = static_cast<double>(layout.expert) * layout.expert_tensor_size();
  const double expert_replicas = std::max(1.0, replicas * layout.tensor / expert_ranks);
  dense_ = group(replicas, layout.tensor, machine, layout);
  experts_ = group(expert_replicas, expert_ranks, machine, layout);
  if (layout.chunks > 1) cover_ = (1.0 + (layout.chunks - 1.0) * layout.pipeline) / layout.chunks;
  if (sharding_ != Sharding::none) shards_ = shard_sizes(layout);
  exposed_ =
      efficiency[sharding_ == Sharding::parameters ? Parameter::gather_exposed : Parameter::data_exposed];
  if (layout.offload_optimizer) {
    // Gradients go to the host and weights come back; the host's own update hides behind neither.
    link_seconds_per_byte_ = 1.0 / efficiency[Parameter::host_bandwidth];
    update_seconds_per_byte_ = link_seconds_per_byte_;
  } else {
    update_seconds_per_byte_ =
        efficiency[Parameter::time_factor] / (machine.memory_bandwidth * efficiency[Parameter::memory]);
  }
}

DataExchange::Group DataExchange::group(double size, double stride, const Machine& machine,
                                        const Layout& layout) const {
  Group group{.shard = size};
  if (sharding_ != Sharding::none && layout.shard_group > 0)
    group.shard = std::min<double>(layout.shard_group, size);
  group.copies = size / group.shard;
  const double ranks = layout.accelerators();
  group.inner = ring_cost(machine.fabric, fabric_, {.size = group.shard, .stride = stride, .ranks = ranks});
  if (group.copies > 1.0) {
    group.outer = ring_cost(machine.fabric, fabric_,
                            {.size = group.copies, .stride = stride * group.shard, .ranks = ranks});
  }
  return group;
}

/// ZeRO-2 spreads weights with the gradients of each micro-batch, as FSDP does that keeps whole weights from
/// the forward to the backward pass. DeepSpeed's spreads them once a step, but all-reduces its gradients: as
/// much, of 16-bit ones, and measured steps are predicted no better by it. Seconds to reduce the gradients of
/// `trained` weights of one rank, and to spread the updated weights where their states are sharded; `held`
/// are the bytes of all its weights, which ZeRO-3 gathers whether they are trained or not.
double DataExchange::exchange(double trained, double held, const Group& group) const {
  double seconds = 0.0;
  // For the forward and again for the backward pass.
  if (sharding_ == Sharding::parameters && held > 0.0)
    seconds += 2.0 * all_gather_time(group.inner, group.shard, held);
  if (trained <= 0.0) return seconds;
  const double gradients = trained * gradient_bytes_;
  if (sharding_ == Sharding::none) return all_reduce_time(group.inner, group.shard, gradients);
  if (sharding_ != Sharding::parameters)
    seconds += all_gather_time(group.inner, group.shard, trained * weight_bytes);
  return seconds + reduce_scatter_time(group.inner, group.shard, gradients) +
         all_reduce_time(group.outer, group.copies, gradients / group.shard);
}

void DataExchange::add(const StageBytes& stage) {
  const RankShare& layers = stage.layers.trained;
  const RankShare& ends = stage.ends.trained;
  once_ = std::max(once_, exchange(layers.dense + ends.dense,
                                   stage.layers.weights.dense + stage.ends.weights.dense, dense_) +
                              exchange(layers.experts + ends.experts,
                                       stage.layers.weights.experts + stage.ends.weights.experts, experts_));
  const auto owned = [&](const RankShare& of_layers, const RankShare& of_ends) {
    return of_layers.sharded(shards_.dense, shards_.experts) +
           of_ends.sharded(shards_.dense, shards_.experts);
  };
  // States are read and written; gradients are read, trained weights written.
  const double exchanged =
      owned(stage.layers.gradients, stage.ends.gradients) + weight_bytes * owned(layers, ends);
  const double bytes = 2.0 * owned(stage.layers.optimizer, stage.ends.optimizer) + exchanged;
  optimizer_ = std::max(optimizer_, bytes * update_seconds_per_byte_ + exchanged * link_seconds_per_byte_);
}

double DataExchange::seen(double micro_batches, double micro_batch_seconds) const {
  if (sharding_ == Sharding::parameters) return micro_batches * hidden(once_, micro_batch_seconds, exposed_);
  const double backward = backward_share * micro_batch_seconds;
  if (sharding_ == Sharding::gradients) return micro_batches * hidden(once_, backward, exposed_);
  return hidden(once_, std::min(cover_, micro_batches) * backward, exposed_);
}

}  // namespace trainbudget
