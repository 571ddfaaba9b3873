#include "core/step_time.h"

#include "core/pipeline.h"
#include "core/roofline.h"

#include <algorithm>
#include <cmath>

namespace trainbudget {
namespace {

/// What one layer of a kind, or one end of the model, costs per micro-batch.
struct UnitTime {
  PassTime work;      ///< forward and backward
  PassTime repeated;  ///< recomputed
  double launches = 0.0;
};

struct StageTime {
  PassTime work;
  PassTime repeated;
  double launch = 0.0;  ///< seconds beyond the kernels
  Shares trained;
  double total() const { return work.total() + repeated.total() + launch; }
};

class Step {
 public:
  Step(const Workload& workload, const Machine& machine, const Layout& layout, double global_batch,
       const Efficiency& efficiency, RecomputeKnown known)
      : workload_(workload),
        machine_(machine),
        layout_(layout),
        efficiency_(efficiency),
        known_(known),
        part_(rank_part(workload, layout, machine, efficiency)),
        micro_batches_(global_batch / (static_cast<double>(layout.micro_batch) * layout.data)) {}

  StepTime operator()() {
    const std::size_t kinds = workload_.kinds.size();
    for (std::size_t i = 0; i < kinds; ++i)
      kinds_[i] = unit(workload_.kinds[i], true);
    embedding_ = unit(workload_.embedding, false);
    head_ = unit(workload_.head, false);

    StageTime slowest;
    double slowest_time = -1.0;
    double sum = 0.0;
    double exchange = 0.0;
    double optimizer = 0.0;
    double time = 0.0;
    LayerCounts before{};
    const StageLayers layers(workload_, layout_);
    for (int i = 0; i < layout_.pipeline; ++i) {
      const LayerCounts counts = layers(i);
      if (is_inner_stage(layout_, i) && is_inner_stage(layout_, i - 1) && counts == before) {
        sum += time;  // a stage like the one before it
        continue;
      }
      before = counts;
      const StageTime stage = stage_time(i, counts);
      time = stage.total();
      sum += time;
      if (time > slowest_time) {
        slowest = stage;
        slowest_time = time;
      }
      exchange = std::max(exchange, data_exchange(stage));
      optimizer = std::max(optimizer, optimizer_time(i, counts));
    }
    return assemble(slowest, sum, data_communication(exchange, slowest_time), optimizer);
  }

 private:
  UnitTime unit(const BlockWork& block, bool layer) const {
    const BlockTime time = block_time(workload_, block, part_, machine_, efficiency_);
    UnitTime unit;
    unit.work = time.forward;
    unit.work += time.backward;
    unit.launches = block.operations * (block.has_backward ? 3.0 : 1.0);
    if (layer && block.has_backward) {
      if (known_ == RecomputeKnown::no) {
        unit.repeated = time.forward * efficiency_[Parameter::unstated_recompute];
      } else if (layout_.recompute == Recompute::full) {
        unit.repeated = time.forward * layout_.recomputed_layers;
        unit.launches += block.operations * layout_.recomputed_layers;
      } else if (layout_.recompute == Recompute::selective) {
        unit.repeated = time.core_forward * layout_.recomputed_layers;
      }
    }
    return unit;
  }

  void add(StageTime& stage, const UnitTime& unit, const BlockWork& block, double count,
           double& launches) const {
    stage.work += unit.work * count;
    stage.repeated += unit.repeated * count;
    stage.trained += block.trained * count;
    launches += unit.launches * count;
  }

  StageTime stage_time(int stage, const LayerCounts& counts) const {
    StageTime time;
    double launches = 0.0;
    for (std::size_t kind = 0; kind < workload_.kinds.size(); ++kind)
      add(time, kinds_[kind], workload_.kinds[kind], counts[kind], launches);
    if (stage == 0) add(time, embedding_, workload_.embedding, 1.0, launches);
    if (stage == layout_.pipeline - 1) add(time, head_, workload_.head, 1.0, launches);
    const double kernels = time.work.total() + time.repeated.total();
    time.launch = soft_maximum(kernels, launches * efficiency_[Parameter::launch]) - kernels;
    return time;
  }

  /// Ranks that hold the same dense weights.
  double replicas() const { return static_cast<double>(layout_.data) * layout_.context; }
  double expert_ranks() const { return part_.expert * part_.expert_tensor; }

  /// Seconds that one stage takes to exchange gradients and weights once, were nothing hidden.
  double data_exchange(const StageTime& stage) const {
    const double dense =
        (stage.trained.replicated + stage.trained.sequence + stage.trained.tensor / part_.tensor);
    const double experts = stage.trained.experts / expert_ranks();
    const double ranks = replicas();
    const double expert_replicas = std::max(1.0, ranks * part_.tensor / expert_ranks());
    const RankGroup dense_group{.size = ranks, .stride = part_.tensor};
    const RankGroup expert_group{.size = expert_replicas, .stride = expert_ranks()};
    return exchange(dense, dense_group) + exchange(experts, expert_group);
  }

  /// What is left of it in a step when as much as can be hides behind the work on a micro-batch: sharded
  /// weights behind all of it, gradients behind the backward pass, two thirds of it.
  double data_communication(double once, double micro_batch_time) const {
    constexpr double backward_share = 2.0 / 3.0;
    if (layout_.sharding == Sharding::parameters)
      return micro_batches_ * hidden(once, micro_batch_time, efficiency_[Parameter::gather_exposed]);
    const double rounds = layout_.sharding == Sharding::gradients ? micro_batches_ : 1.0;
    return rounds * hidden(once, backward_share * micro_batch_time, efficiency_[Parameter::data_exposed]);
  }

  static double hidden(double communication, double cover, double exposed) {
    return exposed * communication + std::max(0.0, (1.0 - exposed) * communication - cover);
  }

  /// Seconds to reduce the gradients of `parameters` trained weights of one rank over `group`, and to spread
  /// the updated weights where their states are sharded.
  double exchange(double parameters, const RankGroup& group) const {
    if (group.size <= 1.0 || parameters <= 0.0) return 0.0;
    constexpr double weight_bytes = 2.0;
    const double gradient_bytes = parameters * workload_.gradient_bytes;
    const double gathered = parameters * weight_bytes;
    if (layout_.sharding == Sharding::none) {
      return all_reduce_time(ring_cost(machine_.fabric, part_.fabric, group), group.size, gradient_bytes);
    }
    const double shard =
        layout_.shard_group > 0 ? std::min<double>(layout_.shard_group, group.size) : group.size;
    const RankGroup inner{.size = shard, .stride = group.stride};
    const RingCost ring = ring_cost(machine_.fabric, part_.fabric, inner);
    // ZeRO-3 gathers weights for the forward and again for the backward pass.
    const double gathers = layout_.sharding == Sharding::parameters ? 2.0 : 1.0;
    double time =
        reduce_scatter_time(ring, shard, gradient_bytes) + gathers * all_gather_time(ring, shard, gathered);
    const double copies = group.size / shard;
    if (copies > 1.0) {
      const RankGroup outer{.size = copies, .stride = group.stride * shard};
      time +=
          all_reduce_time(ring_cost(machine_.fabric, part_.fabric, outer), copies, gradient_bytes / shard);
    }
    return time;
  }

  double optimizer_time(int stage, const LayerCounts& counts) const {
    HeldState held;
    const auto add_state = [&](const BlockWork& block, double count) {
      held.weights += block.state.weights * count;
      held.gradients += block.state.gradients * count;
      held.optimizer += block.state.optimizer * count;
    };
    for (std::size_t kind = 0; kind < workload_.kinds.size(); ++kind)
      add_state(workload_.kinds[kind], counts[kind]);
    if (stage == 0) add_state(workload_.embedding, 1.0);
    if (stage == layout_.pipeline - 1) add_state(workload_.head, 1.0);

    const bool sharded = layout_.sharding != Sharding::none;
    const double ranks = replicas();
    const double shard = !sharded                  ? 1.0
                         : layout_.shard_group > 0 ? std::min<double>(layout_.shard_group, ranks)
                                                   : ranks;
    const double expert_replicas = std::max(1.0, ranks * part_.tensor / expert_ranks());
    const double expert_shard = sharded ? std::min(shard, expert_replicas) : 1.0;
    const auto owned = [&](const Shares& s) {
      return (s.replicated + s.sequence + s.tensor / part_.tensor) / shard +
             s.experts / expert_ranks() / expert_shard;
    };
    // States are read and written; gradients are read, weights written.
    const double bytes = 2.0 * owned(held.optimizer) + owned(held.gradients) + owned(held.weights);
    if (layout_.offload_optimizer) {
      // Gradients go to the host and weights come back; the host's own update hides behind neither.
      const double link =
          (owned(held.gradients) + owned(held.weights)) / efficiency_[Parameter::host_bandwidth];
      return link + bytes / efficiency_[Parameter::host_bandwidth];
    }
    return bytes / (machine_.memory_bandwidth * efficiency_[Parameter::memory]) *
           efficiency_[Parameter::time_factor];
  }

  double stage_transfer() const {
    if (layout_.pipeline == 1) return 0.0;
    const double distance = part_.tensor * replicas();
    const double bytes = workload_.hidden_bytes * part_.tokens * part_.sequence_share;
    return point_to_point_time(machine_.fabric, part_.fabric, distance, bytes);
  }

  StepTime assemble(const StageTime& slowest, double sum, double gradients, double optimizer) const {
    const double m = micro_batches_;
    StepTime step;
    step.matmul = m * slowest.work.matmul;
    step.attention = m * slowest.work.attention;
    step.recurrence = m * slowest.work.recurrence;
    step.elementwise = m * slowest.work.elementwise;
    step.tensor_communication = m * slowest.work.tensor_communication;
    step.context_communication = m * slowest.work.context_communication;
    step.expert_communication = m * slowest.work.expert_communication;
    step.recompute = m * slowest.repeated.total();
    step.launch = m * slowest.launch;
    const double slowest_time = slowest.total();
    double bubble = (sum - slowest_time) / layout_.chunks;
    if (layout_.schedule == Schedule::zero_bubble && slowest_time > 0.0) {
      // ZB-H1 leaves (p − 1)(F + B − W) of the 1F1B bubble's (p − 1)(F + B + W), B being input gradients and
      // W weight gradients: with F = B = W, a third; there are no more weight gradients to fill it with than
      // there are.
      bubble -= std::min(2.0 / 3.0 * bubble, m * slowest_time / 3.0);
    }
    step.pipeline_bubble = bubble;
    if (layout_.pipeline > 1) {
      const double transfers = 2.0 * (m * layout_.chunks + layout_.pipeline - 1.0);
      step.pipeline_communication = transfers * stage_transfer() * efficiency_[Parameter::pipeline_exposed];
    }
    step.data_communication = gradients;
    step.optimizer = optimizer;
    const double nodes = std::max(1.0, layout_.accelerators() / machine_.accelerators_per_node);
    step.straggler = step.total() * efficiency_[Parameter::straggler] * std::log2(nodes);
    return step;
  }

  const Workload& workload_;
  const Machine& machine_;
  const Layout& layout_;
  const Efficiency& efficiency_;
  RecomputeKnown known_;
  RankPart part_;
  double micro_batches_;
  std::array<UnitTime, most_layer_kinds> kinds_;
  UnitTime embedding_;
  UnitTime head_;
};

}  // namespace

StepTime step_time(const Workload& workload, const Machine& machine, const Layout& layout,
                   double global_batch, const Efficiency& efficiency, RecomputeKnown known) {
  return Step(workload, machine, layout, global_batch, efficiency, known)();
}

double model_flops_utilization(const Workload& workload, const Machine& machine, const Layout& layout,
                               double global_batch, double step_seconds) {
  const double flops = workload.model_flops * workload.sequence_length * global_batch;
  return flops / (step_seconds * layout.accelerators() * machine.matmul_peak);
}

double roofline_floor(const Workload& workload, const Machine& machine, const Layout& layout,
                      double global_batch) {
  const double fastest = std::max(machine.matmul_peak, machine.wide_peak);
  const double flops = workload.model_flops * workload.sequence_length * global_batch;
  return flops / (layout.accelerators() * fastest);
}

}  // namespace trainbudget
