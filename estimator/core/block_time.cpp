#include "core/block_time.h"

#include "core/roofline.h"

#include <algorithm>
#include <span>

namespace trainbudget {
namespace {

// fp8 and fp4 inputs are cast from 16-bit activations: read (2 bytes), written as they are and transposed for
// the weight gradient (1 + 1), once for the input and once for the output's gradient; weights once a pass.
// Micikevicius et al., arXiv 2209.05433; NVIDIA Transformer Engine.
constexpr double cast_bytes = 4.0;

/// Fused attention is written for heads of a multiple of 64; others are padded, and those that are no
/// multiple of 8 fall back to unfused paths. Dao, arXiv 2307.08691, and the head sizes of the published
/// kernels.
double padded_head(double head_size) {
  constexpr double block = 64.0;
  return std::ceil(head_size / block) * block / head_size;
}

/// Products over a dimension that is no multiple of 8 elements of 16 bit miss the tensor cores' fast path
/// (NVIDIA, Matrix Multiplication Background, "Tensor Core requirements").
double misalignment(double dimension) {
  return std::fmod(dimension, 8.0) == 0.0 ? 1.0 : 3.0;
}

class BlockTimer {
 public:
  BlockTimer(const Workload& workload, const BlockWork& block, const RankPart& part, const Machine& machine,
             const Efficiency& efficiency)
      : workload_(workload),
        block_(block),
        part_(part),
        machine_(machine),
        efficiency_(efficiency),
        kernel_factor_(efficiency[Parameter::time_factor]),
        memory_rate_(achieved(machine.memory_bandwidth, efficiency[Parameter::memory])) {}

  BlockTime operator()() {
    for (std::uint32_t i = 0; i < block_.products; ++i)
      add_product(workload_.products[block_.first_product + i]);
    for (std::uint32_t i = 0; i < block_.attentions; ++i)
      add_attention(workload_.attentions[block_.first_attention + i]);
    for (std::uint32_t i = 0; i < block_.recurrences; ++i)
      add_recurrence(workload_.recurrences[block_.first_recurrence + i]);
    const double traffic = part_.tokens * efficiency_[Parameter::elementwise] / memory_rate_;
    time_.forward.elementwise += part_.share(block_.elementwise_forward) * traffic;
    time_.backward.elementwise += part_.share(block_.elementwise_backward) * traffic;
    for (std::size_t i = 0; i < piece_count; ++i) {
      if (part_.recomputed.contains(static_cast<Piece>(i)))
        time_.repeated.elementwise += part_.share(block_.pieces[i].elementwise) * traffic;
    }
    add_communication();
    return time_;
  }

 private:
  void add_product(const MatrixProduct& product) {
    double m = part_.tokens * product.tokens;
    double n = product.n;
    double k = product.k;
    double count = product.count;
    switch (product.split) {
      case Split::column:
      case Split::heads:
      case Split::vocabulary:
        n /= part_.tensor;
        break;
      case Split::row:
        k /= part_.tensor;
        break;
      case Split::sequence:
        m *= part_.sequence_share;
        break;
      case Split::experts:
        // expert × expert_tensor ranks see the tokens of as many ÷ tensor micro-batches.
        m *= product.active * part_.expert * part_.expert_tensor / part_.tensor;
        count /= part_.expert;
        n /= part_.expert_tensor;
        break;
      case Split::none:
        break;
    }
    const bool narrow = product.arithmetic == Arithmetic::matmul && machine_.matmul_bytes < 2.0;
    const double bytes = narrow ? machine_.matmul_bytes : 2.0;
    const double shape =
        shape_penalty(m, n, k, efficiency_[Parameter::half_dimension] * (narrow ? 2.0 : 1.0));
    const double compute = 2.0 * count * m * n * k * shape / matmul_rate(product.arithmetic);
    const double traffic = count * product_traffic(m, n, k, bytes) / memory_rate_;
    const double one = soft_maximum(compute, traffic);
    double forward = one;
    double backward = one * (product.passes - 1.0);
    if (narrow) {
      const double cast = count * cast_bytes / memory_rate_ * efficiency_[Parameter::elementwise];
      forward += cast * m * k;
      if (product.passes > 1.0) backward += cast * m * n;
    }
    time_.forward.matmul += forward;
    time_.backward.matmul += backward;
    if (part_.recomputed.contains(product.piece)) time_.repeated.matmul += forward;
  }

  /// What is reached of a datasheet rate: never more than it.
  double achieved(double peak, double fraction) const {
    return peak * std::min(1.0, fraction / kernel_factor_);
  }

  double matmul_rate(Arithmetic arithmetic) const {
    const double large = efficiency_[Parameter::matmul];
    if (arithmetic == Arithmetic::wide) return achieved(machine_.wide_peak, large);
    // fp32 products of a run in 16 bit or less are TF32's, at half of the 16-bit rate.
    if (arithmetic == Arithmetic::scalar)
      return achieved((machine_.matmul_bytes > 2.0 ? 1.0 : 0.5) * machine_.wide_peak, large);
    if (machine_.matmul_bytes >= 2.0) return achieved(machine_.matmul_peak, large);
    const Parameter ratio = machine_.matmul_bytes >= 1.0 ? Parameter::matmul_8_bit : Parameter::matmul_4_bit;
    return achieved(machine_.matmul_peak, large * efficiency_[ratio]);
  }

  void add_attention(const AttentionWork& core) {
    const double tokens = part_.tokens / part_.tensor;
    double forward = 0.0;
    double backward = 0.0;
    if (core.fused) {
      const double rate = achieved(machine_.wide_peak, efficiency_[Parameter::attention]);
      const double ramp = 1.0 + efficiency_[Parameter::attention_half_length] / workload_.sequence_length;
      const double per_flop = ramp * padded_head(core.head_size) * misalignment(core.head_size) / rate;
      forward = core.forward_flops * tokens * per_flop;
      backward = core.backward_flops * tokens * per_flop;
    } else {
      const double shape = shape_penalty(workload_.sequence_length, core.keys, core.head_size,
                                         efficiency_[Parameter::half_dimension]);
      const double rate =
          achieved(machine_.wide_peak, efficiency_[Parameter::matmul]) / misalignment(core.head_size);
      const double score_rate = memory_rate_ / efficiency_[Parameter::elementwise];
      forward = tokens * (core.forward_flops * shape / rate + core.score_bytes_forward / score_rate);
      backward = tokens * (core.backward_flops * shape / rate + core.score_bytes_backward / score_rate);
    }
    time_.forward.attention += forward;
    time_.backward.attention += backward;
    if (!core.fused && part_.recomputed.contains(Piece::attention_core)) time_.repeated.attention += forward;

    if (part_.context > 1.0) {
      // Keys and values travel once round the ring forward; with their gradients, twice backward. What the
      // attention core takes hides them but for the exposed part.
      const double whole = core.key_value_bytes * part_.tokens * part_.context / part_.tensor;
      const double ring = all_gather_time(part_.context_ring, part_.context, whole);
      time_.forward.context_communication += exposed(ring, forward, Parameter::context_exposed);
      time_.backward.context_communication += exposed(2.0 * ring, backward, Parameter::context_exposed);
    }
  }

  /// What is seen of a communication that `cover` seconds of other work can hide, but for a fraction of it.
  double exposed(double communication, double cover, Parameter part) const {
    const double fraction = efficiency_[part];
    return fraction * communication + std::max(0.0, (1.0 - fraction) * communication - cover);
  }

  void add_recurrence(const RecurrenceWork& scan) {
    // A scan over time cannot be cut in time: ranks that share a context exchange tokens for heads, scan
    // whole sequences of their heads, and exchange back (as Megatron-LM does for Mamba).
    const auto of_rank = [&](double all) {
      return std::ceil(all / (part_.tensor * part_.context)) * part_.sequences;
    };
    const double waves = std::ceil(of_rank(scan.blocks) / efficiency_[Parameter::recurrence_slots]);
    const double serial =
        waves * workload_.sequence_length * efficiency_[Parameter::recurrence_step] * scan.step;
    const double tokens = part_.tokens / part_.tensor;
    if (part_.context > 1.0) {
      const double exchange =
          all_gather_time(part_.context_ring, part_.context, scan.exchanged_bytes * tokens);
      time_.forward.context_communication += exchange;
      if (scan.backward_bytes > 0.0) time_.backward.context_communication += exchange;
    }
    // The backward kernel does about twice the work a step: it walks the states again.
    const auto kernel = [&](const MeasuredCurve& measured, double bytes, double flops, double steps) {
      if (measured.points == 0) {
        const double roofline =
            std::max(bytes * tokens / memory_rate_, flops * tokens / machine_.scalar_peak);
        return soft_maximum(serial * steps * kernel_factor_, roofline);
      }
      const std::span<const WkvPoint> curve(workload_.recurrence_points.data() + measured.first_point,
                                            measured.points);
      // What was measured is believed down to the datasheet of the memory.
      return std::max(bytes * tokens / machine_.memory_bandwidth,
                      wkv_seconds(curve, measured.resident_heads, of_rank(scan.heads)) * kernel_factor_);
    };
    time_.forward.recurrence += kernel(scan.forward, scan.forward_bytes, scan.forward_flops, 1.0);
    if (scan.backward_bytes > 0.0)
      time_.backward.recurrence += kernel(scan.backward, scan.backward_bytes, scan.backward_flops, 2.0);
  }

  bool repeats(Piece piece) const {
    return part_.recomputed.contains(piece) &&
           block_.pieces[static_cast<std::size_t>(piece)].operations > 0.0;
  }

  void add_communication() {
    const bool backward = block_.has_backward;
    if (part_.tensor > 1.0 && block_.tensor_collectives > 0.0) {
      // With sequence parallelism, a reduce-scatter and an all-gather of the same volume.
      const double one =
          all_reduce_time(part_.tensor_ring, part_.tensor, block_.collective_bytes * part_.tokens);
      const double seen = block_.tensor_collectives * one * efficiency_[Parameter::tensor_exposed];
      time_.forward.tensor_communication += seen;
      for (const Piece piece : {Piece::mlp, Piece::expert}) {
        if (repeats(piece)) time_.repeated.tensor_communication += seen / block_.tensor_collectives;
      }
      if (backward) time_.backward.tensor_communication += seen;
    }
    if (part_.expert > 1.0 && block_.exchange_bytes > 0.0) {
      const double bytes = block_.exchange_bytes * part_.tokens / part_.tensor;
      const double one = bytes * part_.exchange_seconds_per_byte + part_.exchange_latency;
      const double both = 2.0 * one;  // dispatch and combine
      const auto seen = [&](const PassTime& pass) {
        if (!part_.expert_overlap) return both * efficiency_[Parameter::expert_exposed];
        return exposed(both, pass.matmul + pass.attention + pass.recurrence + pass.elementwise,
                       Parameter::expert_overlapped);
      };
      time_.forward.expert_communication += seen(time_.forward);
      if (repeats(Piece::expert)) time_.repeated.expert_communication += time_.forward.expert_communication;
      if (backward) time_.backward.expert_communication += seen(time_.backward);
    }
  }

  const Workload& workload_;
  const BlockWork& block_;
  const RankPart& part_;
  const Machine& machine_;
  const Efficiency& efficiency_;
  double kernel_factor_;
  double memory_rate_;
  BlockTime time_;
};

}  // namespace

PassTime& PassTime::operator+=(const PassTime& other) {
  matmul += other.matmul;
  attention += other.attention;
  recurrence += other.recurrence;
  elementwise += other.elementwise;
  tensor_communication += other.tensor_communication;
  context_communication += other.context_communication;
  expert_communication += other.expert_communication;
  return *this;
}

RankPart rank_part(const Workload& workload, const Layout& layout, const Machine& machine,
                   const Efficiency& efficiency) {
  RankPart part{.sequences = static_cast<double>(layout.micro_batch),
                .sequence_length = workload.sequence_length,
                .tensor = static_cast<double>(layout.tensor),
                .context = static_cast<double>(layout.context),
                .sequence_share = layout.sequence_parallel ? 1.0 / layout.tensor : 1.0,
                .expert = static_cast<double>(layout.expert),
                .expert_tensor = static_cast<double>(layout.expert_tensor_size()),
                .expert_overlap = layout.expert_overlap,
                .recomputed = layout.recomputed_pieces,
                .fabric = fabric_efficiency(efficiency)};
  part.tokens = part.sequences * workload.sequence_length / part.context;
  const double ranks = layout.accelerators();
  part.tensor_ring = ring_cost(machine.fabric, part.fabric, {.size = part.tensor, .ranks = ranks});
  part.context_ring =
      ring_cost(machine.fabric, part.fabric, {.size = part.context, .stride = part.tensor, .ranks = ranks});
  if (part.expert > 1.0) {
    const RankGroup group{.size = part.expert, .stride = part.expert_tensor, .ranks = ranks};
    part.exchange_latency = all_to_all_time(machine.fabric, part.fabric, group, 0.0);
    part.exchange_seconds_per_byte =
        all_to_all_time(machine.fabric, part.fabric, group, 1.0, workload.active_experts) -
        part.exchange_latency;
  }
  return part;
}

BlockTime block_time(const Workload& workload, const BlockWork& block, const RankPart& part,
                     const Machine& machine, const Efficiency& efficiency) {
  return BlockTimer(workload, block, part, machine, efficiency)();
}

}  // namespace trainbudget
