// A step whose recurrence takes the times that were measured for its kernel, by hand.
#include "core/measured_recurrence.h"

#include "catch.h"
#include "core/step_time.h"
#include "small_step.h"

#include <cmath>

using namespace trainbudget;

namespace {

Workload small_rwkv(double length) {
  Model model{.hidden_size = 512, .vocabulary = 1000};
  model.blocks = {{.mixer = Rwkv7TimeMix{.head_size = 64}, .feed_forward = Mlp{.intermediate_size = 2048}}};
  model.layers = {0, 0, 0};
  const Recipe recipe;
  return gather(apply(recipe, expand(model)), {.length = length}, recipe, true);
}

/// So fast that nothing but measured times counts.
Machine fast_memory() {
  Machine machine = tests::small_step().machine;
  machine.matmul_peak = machine.wide_peak = machine.scalar_peak = machine.memory_bandwidth = 1e15;
  return machine;
}

WkvTable table(const std::string& kernel, double scale) {
  WkvTable table{.kernel = kernel, .accelerator = "small", .head_size = 64.0, .resident_heads = 32.0};
  for (const double sequence : {1024.0, 2048.0}) {
    for (const double heads : {8.0, 32.0, 128.0}) {
      const double waves = std::ceil(heads / 32.0);
      table.points.push_back({heads, sequence, scale * waves * sequence / 1024.0});
    }
  }
  return table;
}

const std::vector<WkvTable> tables{table("wkv7_forward", 1e-3), table("wkv7_backward", 3e-3)};

Efficiency efficiency() {
  Efficiency values = typical_efficiency();
  values[Parameter::time_factor] = 1.0;
  return values;
}

double recurrence_of(const Workload& workload, const Layout& layout, double batch) {
  return step_time(workload, fast_memory(), layout, batch, efficiency()).recurrence;
}

}  // namespace

TEST_CASE("a recurrence takes the measured times of its kernel over B·H and T") {
  // 8 heads a sequence, three layers. T between the measured ones: half of each.
  Workload workload = small_rwkv(1536.0);
  const double modelled = recurrence_of(workload, {.micro_batch = 4}, 4);
  take_measured_recurrences(workload, tables);
  // 4 sequences: 32 heads, one wave: 1.5 ms and 4.5 ms.
  CHECK(recurrence_of(workload, {.micro_batch = 4}, 4) == Approx(3 * 6e-3));
  // 16 sequences: 128 heads, four waves. Two tensor-parallel ranks: 64 heads, two.
  CHECK(recurrence_of(workload, {.micro_batch = 16}, 16) == Approx(3 * 24e-3));
  CHECK(recurrence_of(workload, {.tensor = 2, .micro_batch = 16}, 16) == Approx(3 * 12e-3));
  // A stack that takes half as long again does so here as well.
  Efficiency slower = efficiency();
  slower[Parameter::time_factor] = 1.5;
  CHECK(step_time(workload, fast_memory(), {.micro_batch = 4}, 4, slower).recurrence == Approx(3 * 9e-3));
  // Without measurements it is as it was.
  take_measured_recurrences(workload, {});
  CHECK(recurrence_of(workload, {.micro_batch = 4}, 4) == modelled);
}

TEST_CASE("another kernel or head size keeps the modelled time") {
  Workload workload = small_rwkv(1024.0);
  const double modelled = recurrence_of(workload, {.micro_batch = 4}, 4);
  std::vector<WkvTable> others = tables;
  for (WkvTable& each : others)
    each.head_size = 128.0;
  others.push_back(table("wkv6_forward", 1.0));
  take_measured_recurrences(workload, others);
  CHECK(recurrence_of(workload, {.micro_batch = 4}, 4) == modelled);
  const std::vector<std::string> remarks = measured_recurrence_remarks(workload, others, {.micro_batch = 4});
  REQUIRE(remarks.size() == 2);
  CHECK(remarks[0] ==
        "wkv7 forward: not measured at this head size; its time is of the parameters of recurrences");
}

TEST_CASE("a recurrence beyond what was measured says so") {
  Workload workload = small_rwkv(1024.0);
  CHECK(measured_recurrence_remarks(workload, tables, {.micro_batch = 4}).empty());
  CHECK(measured_recurrence_remarks(workload, {}, {.micro_batch = 4}).empty());
  const std::vector<std::string> many = measured_recurrence_remarks(workload, tables, {.micro_batch = 32});
  REQUIRE(many.size() == 2);
  CHECK(many[0] == "wkv7 forward: B·H 256 is beyond the measured 8 to 128; extrapolated");
  workload = small_rwkv(65536.0);
  CHECK(measured_recurrence_remarks(workload, tables, {.micro_batch = 4}).front() ==
        "wkv7 forward: T 65536 is beyond the measured 1024 to 2048; extrapolated");
}

TEST_CASE("no measured time undercuts what the bytes of a recurrence take") {
  Workload workload = small_rwkv(1024.0);
  Machine slow = fast_memory();
  slow.memory_bandwidth = 1e9;
  std::vector<WkvTable> absurd = tables;
  for (WkvTable& each : absurd) {
    for (WkvPoint& point : each.points)
      point.seconds = 1e-12;
  }
  take_measured_recurrences(workload, absurd);
  const RecurrenceWork& scan = workload.recurrences.front();
  const double bytes = 3 * 1024.0 * (scan.forward_bytes + scan.backward_bytes);
  CHECK(step_time(workload, slow, {.micro_batch = 1}, 1, efficiency()).recurrence >= bytes / 1e9);
}
