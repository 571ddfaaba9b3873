// Step times of a machine without losses, by hand.
#include "core/step_time.h"

#include "catch.h"

#include <cmath>
#include <limits>

using namespace trainbudget;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// 100 TFLOP/s, 1 TB/s; nodes of eight at 100 GB/s, 10 GB/s beyond.
Machine machine() {
  Machine machine{.matmul_peak = 100e12,
                  .wide_peak = 100e12,
                  .scalar_peak = 10e12,
                  .memory_bandwidth = 1e12,
                  .memory_capacity = 80e9,
                  .accelerators_per_node = 8};
  machine.fabric.tiers = 2;
  machine.fabric.links[0] = {.group = 8, .bandwidth = 100e9};
  machine.fabric.links[1] = {.group = infinity, .bandwidth = 10e9};
  return machine;
}

/// Everything at its datasheet value, nothing hidden, nothing lost.
Efficiency ideal() {
  Efficiency efficiency;
  efficiency.values.fill(1.0);
  for (const Parameter none : {Parameter::half_dimension, Parameter::attention_half_length, Parameter::launch,
                               Parameter::straggler, Parameter::latency})
    efficiency[none] = 0.0;
  return efficiency;
}

/// `layers` layers of one 10,000 × 10,000 product, sequences of 10,000 tokens; nothing before or after them.
Workload products(int layers) {
  Workload workload;
  workload.layers = layers;
  workload.sequence_length = 10000;
  workload.hidden_bytes = 2.0 * 10000;
  workload.products.push_back({.n = 10000, .k = 10000, .split = Split::column});
  BlockWork layer;
  layer.products = 1;
  layer.trained_parameters = 1e8;
  layer.trained.tensor = 1e8;
  layer.state.weights.tensor = 2e8;
  layer.state.gradients.tensor = 4e8;
  layer.state.optimizer.tensor = 12e8;
  layer.tensor_collectives = 1.0;
  layer.collective_bytes = 2.0 * 10000;
  workload.kinds.push_back(layer);
  workload.layers_before.push_back(0);
  for (int i = 0; i < layers; ++i)
    workload.layers_before.push_back(static_cast<std::uint32_t>(i + 1));
  return workload;
}

// A forward product over one sequence: 2·10⁴·10⁴·10⁴ ÷ 100 TFLOP/s = 20 ms; its traffic, 6·10⁸ bytes, 0.6 ms.
const double one_pass = std::pow(std::pow(0.020, 4) + std::pow(0.0006, 4), 0.25);

}  // namespace

TEST_CASE("forward and backward are three products, and the optimizer streams its state") {
  const StepTime step = step_time(products(4), machine(), {.micro_batch = 1}, 2, ideal());
  CHECK(step.matmul == Approx(2 * 4 * 3 * one_pass));
  CHECK(step.optimizer == Approx(4 * (2 * 12e8 + 4e8 + 2e8) / 1e12));
  CHECK(step.total() == Approx(step.matmul + step.optimizer));
}

TEST_CASE("full recomputation adds one forward pass, of as many layers as are recomputed") {
  Layout layout{.micro_batch = 1, .recompute = Recompute::full};
  CHECK(step_time(products(4), machine(), layout, 2, ideal()).recompute == Approx(2 * 4 * one_pass));
  layout.recomputed_layers = 0.25;
  CHECK(step_time(products(4), machine(), layout, 2, ideal()).recompute == Approx(2 * one_pass));
  layout.recompute = Recompute::selective;  // there is no attention core to repeat
  CHECK(step_time(products(4), machine(), layout, 2, ideal()).recompute == 0.0);
}

TEST_CASE("the bubble of a pipeline is (p − 1)/(v·m) of its work") {
  Layout layout{.pipeline = 4, .micro_batch = 1};
  Efficiency efficiency = ideal();
  const StepTime step = step_time(products(8), machine(), layout, 16, efficiency);
  CHECK(step.matmul == Approx(16 * 2 * 3 * one_pass));
  CHECK(step.pipeline_bubble == Approx(3.0 / 16.0 * step.matmul));
  layout.chunks = 2;
  CHECK(step_time(products(8), machine(), layout, 16, efficiency).pipeline_bubble ==
        Approx(3.0 / 32.0 * step.matmul));
  // ZB-H1: (p − 1)(F + B − W) with F = B = W: a third of it.
  layout.chunks = 1;
  layout.schedule = Schedule::zero_bubble;
  CHECK(step_time(products(8), machine(), layout, 16, efficiency).pipeline_bubble ==
        Approx(1.0 / 16.0 * step.matmul));
  // Two transfers for each micro-batch, and one more for each stage: 2·10⁸ bytes at 100 GB/s inside a node.
  CHECK(step.pipeline_communication == Approx(2 * (16 + 3) * 2e8 / 100e9));
}

TEST_CASE("a stage with more layers sets the pace") {
  const Layout layout{.pipeline = 4, .micro_batch = 1};
  const StepTime step = step_time(products(10), machine(), layout, 16, ideal());  // 2, 3, 3, 2
  CHECK(step.matmul == Approx(16 * 3 * 3 * one_pass));
  CHECK(step.pipeline_bubble == Approx((2 + 3 + 2) * 3 * one_pass));
}

TEST_CASE("tensor parallelism divides products and adds all-reduces") {
  const Layout layout{.tensor = 8, .micro_batch = 1};
  const StepTime step = step_time(products(4), machine(), layout, 1, ideal());
  // 2·10⁸ bytes, 2 × 7/8 of them over each link of 100 GB/s, forward and backward.
  CHECK(step.tensor_communication == Approx(4 * 2 * 2 * 0.875 * 2e8 / 100e9));
  CHECK(step.matmul == Approx(4 * 3 * one_pass / 8).epsilon(0.01));
}

TEST_CASE("a scan over time is not cut by context parallelism: ranks exchange tokens for heads") {
  // 8 heads over 10,000 steps of 1 µs, 4 blocks resident: two waves, 20 ms; backward twice that. No bytes to
  // scan, none to exchange.
  Workload scan = products(1);
  scan.recurrences.push_back({.heads = 8, .blocks = 8});
  scan.recurrences.back().backward_bytes = 1e-9;
  scan.kinds[0].recurrences = 1;
  Efficiency efficiency = ideal();
  efficiency[Parameter::recurrence_slots] = 4.0;
  efficiency[Parameter::recurrence_step] = 1e-6;
  const auto recurrence = [&](const Layout& layout) {
    return step_time(scan, machine(), layout, 8, efficiency);
  };
  CHECK(recurrence({.data = 8}).recurrence == Approx(0.060));
  // Two ranks, four heads each: one wave over the same 10,000 steps. Eight ranks: still 10,000 steps.
  CHECK(recurrence({.data = 4, .context = 2}).recurrence == Approx(2 * 0.030));  // two sequences a rank
  CHECK(recurrence({.context = 8}).recurrence == Approx(8 * 0.030));
  // The kernel moves 150 bytes a token forward and 250 backward; 100 of them are inputs and outputs, which
  // leave with their gradients. Of 5,000 tokens a rank half do: 2.5 µs each way at 100 GB/s, for both
  // micro-batches.
  scan.recurrences.back().forward_bytes = 150.0;
  scan.recurrences.back().backward_bytes = 250.0;
  scan.recurrences.back().exchanged_bytes = 100.0;
  CHECK(recurrence({.data = 4, .context = 2}).context_communication == Approx(2 * 5e-6));
}

TEST_CASE("a scan takes the waves of its thread blocks, and its own share of a step") {
  // 640 channels in 20 blocks of 32, 4 resident: 5 waves over 10,000 steps of 1/8 µs; backward twice that.
  Workload scan = products(1);
  scan.recurrences.push_back({.heads = 640, .blocks = 20, .step = 0.125});
  scan.recurrences.back().backward_bytes = 1e-9;
  scan.kinds[0].recurrences = 1;
  Efficiency efficiency = ideal();
  efficiency[Parameter::recurrence_slots] = 4.0;
  efficiency[Parameter::recurrence_step] = 1e-6;
  const auto seconds = [&] { return step_time(scan, machine(), {.data = 8}, 8, efficiency).recurrence; };
  CHECK(seconds() == Approx(5 * 0.00125 * 3));
  // What scans time in parallel takes its arithmetic: 10⁶ FLOPs a token forward at 10 TFLOP/s.
  scan.recurrences.back().step = 0.0;
  scan.recurrences.back().forward_flops = 1e6;
  CHECK(seconds() == Approx(1e6 * 10000 / 10e12));
}

TEST_CASE("gradients are all-reduced once a step, sharded weights are gathered twice a micro-batch") {
  Layout layout{.data = 16, .micro_batch = 1};
  const double bytes = 4 * 1e8;  // parameters
  const double rate = 8 * 10e9;  // eight links of a node carry the ring
  CHECK(step_time(products(4), machine(), layout, 32, ideal()).data_communication ==
        Approx(2 * 15.0 / 16 * 4 * bytes / rate));
  layout.sharding = Sharding::optimizer;
  CHECK(step_time(products(4), machine(), layout, 32, ideal()).data_communication ==
        Approx(15.0 / 16 * (4 + 2) * bytes / rate));
  // Gradients are shared out and weights spread for each of two micro-batches.
  layout.sharding = Sharding::gradients;
  CHECK(step_time(products(4), machine(), layout, 32, ideal()).data_communication ==
        Approx(2 * 15.0 / 16 * (4 + 2) * bytes / rate));
  layout.sharding = Sharding::parameters;
  CHECK(step_time(products(4), machine(), layout, 32, ideal()).data_communication ==
        Approx(2 * 15.0 / 16 * (4 + 2 * 2) * bytes / rate));
  // Hidden behind the work of a micro-batch but for the exposed part.
  Efficiency hiding = ideal();
  hiding[Parameter::gather_exposed] = 0.25;
  CHECK(step_time(products(4), machine(), layout, 32, hiding).data_communication ==
        Approx(2 * 0.25 * 15.0 / 16 * (4 + 2 * 2) * bytes / rate));
}

TEST_CASE(
    "frozen weights that are sharded are gathered as well, they have no gradients and are not updated") {
  Workload workload = products(4);
  BlockWork& layer = workload.kinds.front();
  layer.trained_parameters = layer.trained.tensor = 1e6;
  layer.state.gradients.tensor = 4e6;
  layer.state.optimizer.tensor = 12e6;
  Layout layout{.data = 16, .micro_batch = 1, .sharding = Sharding::parameters};
  const double rate = 8 * 10e9;
  CHECK(step_time(workload, machine(), layout, 32, ideal()).data_communication ==
        Approx(2 * 15.0 / 16 * 4 * (4e6 + 2 * 2e8) / rate));
  layout.sharding = Sharding::none;
  const StepTime whole = step_time(workload, machine(), layout, 32, ideal());
  CHECK(whole.data_communication == Approx(2 * 15.0 / 16 * 4 * 4e6 / rate));
  // Where nothing is trained nothing is sent, not even the latency of a message.
  Efficiency slow = ideal();
  slow[Parameter::latency] = 1.0;
  Machine far = machine();
  far.fabric.links[0].latency = far.fabric.links[1].latency = 1e-5;
  Workload frozen = workload;
  BlockWork& still = frozen.kinds.front();
  still.trained_parameters = still.trained.tensor = still.state.gradients.tensor =
      still.state.optimizer.tensor = 0.0;
  for (const Sharding sharding : {Sharding::none, Sharding::optimizer}) {
    layout.sharding = sharding;
    CHECK(step_time(frozen, far, layout, 32, slow).data_communication == 0.0);
  }
  layout.sharding = Sharding::none;
  // States read and written, gradients read, trained weights written.
  CHECK(whole.optimizer == Approx(4 * (2 * 12e6 + 4e6 + 2e6) / 1e12));
}

TEST_CASE("the chunks of an interleaved pipeline hide their gradients behind each other") {
  Machine slow = machine();
  slow.fabric.links[1].bandwidth = 1e9;
  Efficiency hiding = ideal();
  hiding[Parameter::data_exposed] = 0.0;
  Layout layout{.pipeline = 2, .data = 16, .micro_batch = 1};
  const double all_reduce = 2 * 15.0 / 16 * 4 * 2e8 / (8 * 1e9);  // of the two layers of a stage
  const double backward = 2 * 2 * one_pass;
  CHECK(step_time(products(4), slow, layout, 64, hiding).data_communication == Approx(all_reduce - backward));
  // The first of two chunks is done two micro-batches before the second.
  layout.chunks = 2;
  CHECK(step_time(products(4), slow, layout, 64, hiding).data_communication ==
        Approx(all_reduce - (1 + 2) / 2.0 * backward));
  // Gradients that every micro-batch exchanges hide behind its own backward pass alone.
  layout.sharding = Sharding::gradients;
  const double scatter_and_gather = 15.0 / 16 * (4 + 2) * 2e8 / (8 * 1e9);
  CHECK(step_time(products(4), slow, layout, 64, hiding).data_communication ==
        Approx(4 * (scatter_and_gather - backward)));
}

TEST_CASE("tokens on their way to experts hide behind another micro-batch where that is asked for") {
  Workload experts = products(4);
  experts.products[0].split = Split::experts;
  experts.products[0].count = 16;
  experts.products[0].active = 1.0 / 16;
  experts.kinds[0].exchange_bytes = 1e5;
  Layout layout{.data = 16, .expert = 16, .expert_tensor = 1, .micro_batch = 1};
  Efficiency efficiency = ideal();
  efficiency[Parameter::expert_overlapped] = 0.25;
  const auto seen = [&] {
    return step_time(experts, machine(), layout, 32, efficiency).expert_communication;
  };
  // Half of 1 GB leaves its node at 10 GB/s, to the experts and back, in each of two passes, layers, …
  const double both = 2 * 0.05;
  CHECK(seen() == Approx(2 * 4 * 2 * both));
  layout.expert_overlap = true;
  const double forward = 0.25 * both + (0.75 * both - one_pass);
  const double backward = 0.25 * both + (0.75 * both - 2 * one_pass);
  CHECK(seen() == Approx(2 * 4 * (forward + backward)).epsilon(1e-3));
}

TEST_CASE("an exchange of tokens that nothing can hide is no layout") {
  Workload experts = products(4);
  experts.products[0].split = Split::experts;
  experts.products[0].count = 16;
  Layout layout{.data = 16, .expert = 16, .expert_tensor = 1, .expert_overlap = true, .micro_batch = 1};
  CHECK(layout_problem(experts, machine(), layout, 32).empty());
  CHECK(layout_problem(experts, machine(), layout, 16) ==
        "an exchange of tokens hides behind another micro-batch, and there is only one a step");
  layout.expert = 1;
  CHECK(layout_problem(experts, machine(), layout, 32) ==
        "there is no exchange of tokens to overlap without expert parallelism");
}

TEST_CASE("a model without experts has none to split") {
  Layout layout{.tensor = 4, .expert_tensor = 4, .micro_batch = 1};
  CHECK(layout_problem(products(4), machine(), layout, 32) ==
        "tensor parallelism of 4 inside experts for a model without experts");
  layout.expert_tensor = 1;  // true of it, and asks for nothing
  CHECK(layout_problem(products(4), machine(), layout, 32).empty());
}

TEST_CASE("a host that launches slowly sets the pace of small kernels") {
  Workload small = products(4);
  small.kinds[0].operations = 10;
  Efficiency efficiency = ideal();
  efficiency[Parameter::launch] = 0.01;  // 10 operations × 3 × 10 ms a layer
  const StepTime step = step_time(small, machine(), {.micro_batch = 1}, 1, efficiency);
  CHECK(step.matmul + step.launch == Approx(4 * 0.3).epsilon(0.01));
}

TEST_CASE("each local expert's products are launched one by one") {
  Workload experts = products(4);
  experts.kinds[0].operations = 2;
  experts.kinds[0].expert_products = 32;  // two products of 16 experts
  Efficiency efficiency = ideal();
  efficiency[Parameter::launch] = 0.01;
  const auto seconds = [&](int expert) {
    const StepTime step =
        step_time(experts, machine(), {.data = 4, .expert = expert, .micro_batch = 1}, 4, efficiency);
    return step.matmul + step.launch;
  };
  CHECK(seconds(1) == Approx(4 * (2 + 32) * 3 * 0.01).epsilon(0.01));
  CHECK(seconds(4) == Approx(4 * (2 + 8) * 3 * 0.01).epsilon(0.01));
}

TEST_CASE("utilisation and floor count model FLOPs against the peak") {
  Workload workload = products(4);
  workload.model_flops = 6.0 * 4e8;  // a token
  const Layout layout{.data = 2, .micro_batch = 1};
  CHECK(model_flops_utilization(workload, machine(), layout, 4, 0.96) == Approx(0.5));
  CHECK(roofline_floor(workload, machine(), layout, 4) == Approx(0.48));
}
