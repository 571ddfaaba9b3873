// What holds for the step of every model, on every machine, in every layout.
#include "core/step_time.h"

#include "any_step.h"
#include "catch.h"
#include "core/layout_search.h"
#include "core/memory.h"

#include <cmath>
#include <functional>

using namespace trainbudget;

namespace {

void check(const std::function<void()>& property) {
  CHECK(rc::check(property));
}

constexpr double slack = 1.0 + 1e-9;

}  // namespace

TEST_CASE("a step is never faster with less bandwidth, less peak or more latency") {
  check([] {
    const Case before = any_case();
    Case after = before;
    const double factor = any_between(0.1, 1.0);
    switch (*rc::gen::inRange(0, 5)) {
      case 0:
        after.machine.memory_bandwidth *= factor;
        break;
      case 1:
        after.machine.matmul_peak *= factor;
        break;
      case 2:
        after.machine.wide_peak *= factor;
        after.machine.scalar_peak *= factor;
        break;
      case 3: {
        const int tier = *rc::gen::inRange(0, after.machine.fabric.tiers);
        after.machine.fabric.links[static_cast<std::size_t>(tier)].bandwidth *= factor;
        break;
      }
      default: {
        const int tier = *rc::gen::inRange(0, after.machine.fabric.tiers);
        after.machine.fabric.links[static_cast<std::size_t>(tier)].latency += 1e-5;
        break;
      }
    }
    RC_ASSERT(after.seconds() * slack >= before.seconds());
  });
}

TEST_CASE("every part of a step is finite and none is negative, and twice the batch takes no less") {
  check([] {
    Case c = any_case();
    const StepTime t = c.time();
    for (const double part : {t.matmul, t.attention, t.recurrence, t.elementwise, t.recompute,
                              t.tensor_communication, t.context_communication, t.expert_communication,
                              t.pipeline_communication, t.data_communication, t.optimizer, t.straggler}) {
      RC_ASSERT(std::isfinite(part));
      RC_ASSERT(part >= 0.0);
    }
    // Differences of equal numbers: rounding may leave a trace.
    RC_ASSERT(t.pipeline_bubble >= -1e-9 * t.total());
    RC_ASSERT(t.launch >= -1e-9 * t.total());
    c.global_batch *= 2.0;
    RC_ASSERT(c.seconds() * slack >= t.total());
  });
}

TEST_CASE("no layout undercuts the datasheet peak") {
  check([] {
    const Case c = any_case();
    RC_ASSERT(c.seconds() * slack >= roofline_floor(c.workload, c.machine, c.layout, c.global_batch));
  });
}

TEST_CASE("work is conserved over data, context and pipeline ranks") {
  check([] {
    Case c = any_case();
    c.layout.tensor = 1;
    c.layout.recompute = Recompute::none;
    c.layout.schedule = Schedule::one_forward_one_backward;
    RC_PRE(layout_problem(c.workload, c.machine, c.layout, c.global_batch).empty());
    take_measured_recurrences(c.workload, {});  // they have their waves
    // Without corners, launches and communication, the ranks' seconds of work do not depend on the layout.
    for (const Parameter none :
         {Parameter::half_dimension, Parameter::attention_half_length, Parameter::launch})
      c.efficiency[none] = 0.0;
    c.efficiency[Parameter::recurrence_slots] = 1e18;
    c.efficiency[Parameter::recurrence_step] = 0.0;
    c.machine.memory_bandwidth = 1e30;
    for (Link& link : c.machine.fabric.links)
      link = {.group = link.group, .bandwidth = 1e30};
    const auto rank_seconds = [&](const Layout& layout) {
      const StepTime t = step_time(c.workload, c.machine, layout, c.global_batch, c.efficiency);
      const double m = c.global_batch / (static_cast<double>(layout.micro_batch) * layout.data);
      const double work = t.matmul + t.attention + t.recurrence + t.elementwise;
      return (work + m * t.pipeline_bubble * layout.chunks) * layout.data * layout.context;
    };
    Layout alone;
    alone.micro_batch = c.layout.micro_batch;
    const double whole = rank_seconds(alone);
    RC_ASSERT(std::abs(rank_seconds(c.layout) - whole) <= 1e-6 * whole);
  });
}

TEST_CASE("memory parts sum, and the peak stage is the fullest") {
  check([] {
    const Case c = any_case();
    const MemoryUse use = memory_use(c.workload, c.layout, c.global_batch, c.efficiency);
    const StageMemory& p = use.peak;
    const double sum =
        p.weights + p.gradients + p.optimizer + p.activations + p.logits + p.working + p.fixed + p.reserve;
    RC_ASSERT(std::abs(sum - p.total()) <= 1e-9 * sum);
    const std::vector<StageMemory> stages =
        memory_by_stage(c.workload, c.layout, c.global_batch, c.efficiency);
    RC_ASSERT(stages.size() == static_cast<std::size_t>(c.layout.pipeline));
    for (const StageMemory& stage : stages)
      RC_ASSERT(stage.total() <= p.total() * slack);
    RC_ASSERT(stages[static_cast<std::size_t>(use.peak_stage)].total() == p.total());
  });
}

TEST_CASE("sharding more or recomputing more never takes more memory") {
  check([] {
    Case c = any_case();
    const auto bytes = [&] { return memory_use(c.workload, c.layout, c.global_batch, c.efficiency).peak; };
    c.layout.sharding = Sharding::none;
    double before = bytes().total();
    for (const Sharding sharding : {Sharding::optimizer, Sharding::gradients}) {
      c.layout.sharding = sharding;
      RC_ASSERT(bytes().total() <= before * slack);
      before = bytes().total();
    }
    c.layout.recompute = Recompute::none;
    const double all = bytes().activations;
    c.layout.recompute = Recompute::selective;
    RC_ASSERT(bytes().activations <= all * slack);
  });
}

TEST_CASE("recomputing more modules frees no less and takes no less time, and whole layers take the most") {
  check([] {
    Case c = any_case();
    c.layout.recompute = Recompute::selective;
    const auto activations = [&] {
      double bytes = 0.0;
      for (const StageMemory& stage : memory_by_stage(c.workload, c.layout, c.global_batch, c.efficiency))
        bytes += stage.activations;
      return bytes;
    };
    const auto seconds = [&] {
      return step_time(c.workload, c.machine, c.layout, c.global_batch, c.efficiency).total();
    };
    Pieces pieces;
    for (const RecomputeModule& module : recompute_modules) {
      c.layout.recomputed_pieces = pieces;
      const double kept = activations();
      const double before = seconds();
      if (*rc::gen::arbitrary<bool>()) pieces |= module.pieces;
      c.layout.recomputed_pieces = pieces;
      RC_ASSERT(activations() <= kept * slack + 1e-3);  // sums of products are rounded
      RC_ASSERT(activations() >= -1e-3);
      RC_ASSERT(seconds() * slack >= before);
    }
    const double some = seconds();
    c.layout.recompute = Recompute::full;
    RC_ASSERT(seconds() * slack >= some);
  });
}

TEST_CASE("what fits in less memory fits in more, and a search finds nothing slower with more of it") {
  check([] {
    const Case c = any_case();
    const double bytes = memory_use(c.workload, c.layout, c.global_batch, c.efficiency).peak.total();
    Machine larger = c.machine;
    larger.memory_capacity *= any_between(1.0, 4.0);
    if (bytes <= c.machine.memory_capacity) RC_ASSERT(bytes <= larger.memory_capacity);
    const SearchSpace space{.accelerators = std::min(16.0, c.layout.accelerators()),
                            .global_batch = c.global_batch};
    const LayoutSearch small = search_layouts(c.workload, c.machine, space, c.efficiency, {});
    if (small.best.empty()) return;
    const LayoutSearch large = search_layouts(c.workload, larger, space, c.efficiency, {});
    RC_ASSERT(large.best.front().step_seconds <= small.best.front().step_seconds);
  });
}
