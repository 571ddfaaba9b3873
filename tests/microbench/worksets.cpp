// What is prepared on a device before it is timed, and what is done about a device that lacks something.
#include "catch.h"
#include "harness/carry_out.h"
#include "harness/workset.h"
#include "plan/run_plan.h"

using namespace trainbudget::microbench;

namespace {

/// The emulated device, counting what is asked of it.
class CountingDevice final : public Device {
 public:
  explicit CountingDevice(bool has_products) : has_products_(has_products) {}

  Machine& machine() override {
    if (broken) throw std::runtime_error("an illegal access was made");
    return inner_->machine();
  }
  trainbudget::MeasuredDevice description() override { return inner_->description(); }
  std::string_view kind() const override { return inner_->kind(); }
  double free_bytes() override { return inner_->free_bytes(); }
  ReadingSource* readings() override { return nullptr; }
  void fill(void* target, ElementType type, std::int64_t count, const Fill& fill,
            std::uint64_t stream) override {
    inner_->fill(target, type, count, fill, stream);
  }
  void fill_operand(void* target, GemmPrecision precision, std::int64_t count,
                    std::uint64_t stream) override {
    inner_->fill_operand(target, precision, count, stream);
  }
  std::unique_ptr<Timer> timer(std::function<void(std::size_t)> launch, std::size_t sets,
                               TimingMode mode) override {
    ++timers;
    return inner_->timer(std::move(launch), sets, mode);
  }
  std::unique_ptr<Sequence> sequence(std::vector<Span> spans, LaunchMode mode) override {
    return inner_->sequence(std::move(spans), mode);
  }
  Queue empty_launch() override { return inner_->empty_launch(); }
  GemmProduct product(const GemmShape& shape, GemmPrecision precision,
                      const GemmOperands& operands) override {
    ++products;
    broken = products_break;
    if (!has_products_) throw UnsupportedShape("no matrix products");
    return inner_->product(shape, precision, operands);
  }

  void forget_choices() override { ++forgotten; }

  int products = 0, timers = 0, forgotten = 0;
  bool products_break = false;  ///< the context, as an illegal access does
  bool broken = false;

 private:
  bool has_products_;
  std::unique_ptr<Device> inner_ = make_emulated_device();
};

Task small_product() {
  Task task;
  task.gemm = {GemmPass::forward, 32, 64, 16, 1};
  return task;
}

Task small_stream() {
  Task stream;
  stream.kernel = "stream_copy";
  stream.shape = find_kernel("stream_copy")->specification().test_shapes.front();
  return stream;
}

const std::atomic<bool> running{false};  // never interrupted

}  // namespace

TEST_CASE("the sets of one product run one algorithm, chosen once") {
  CountingDevice device(true);
  const Workset workset(device, small_product(), GemmPrecision::bf16, 1e6);
  REQUIRE(workset.sets() > 1);
  CHECK(device.products == 1);
  for (std::size_t set = 0; set < workset.sets(); ++set)
    workset.launch(set, {});
}

TEST_CASE("a device without matrix products is warmed by what it has, and the products are told as missing") {
  CountingDevice device(false);
  SessionLimits limits = emulated_limits();
  limits.device_warm_up_seconds = 1e-3;
  Session session(device, limits, running);
  const std::vector<Planned> plan{{.group = "stream", .task = small_stream()},
                                  {.group = "ceiling", .task = small_product()}};
  session.warm_device(plan);
  CHECK(device.products == 1);
  CHECK(device.timers == 1);
  // What a cold device chose does not stand.
  CHECK(device.forgotten == 1);

  trainbudget::Measurement measurement;
  for (const Planned& item : plan)
    session.measure(item, measurement);
  CHECK(measurement.kernels.size() == 1);
  REQUIRE(measurement.failures.size() == 1);
  CHECK(measurement.failures.front().find("no matrix products") != std::string::npos);
}

TEST_CASE("a plan of which a whole group fails is told, and the rest of it is measured") {
  CountingDevice device(false);
  Session session(device, emulated_limits(), running);
  const RunPlan plan{.items = {{.group = "ceiling", .task = small_product()},
                               {.group = "stream", .task = small_stream()},
                               {.group = "model", .task = small_stream()},
                               {.group = "model", .task = small_product()}}};
  trainbudget::Measurement measurement;
  std::vector<std::size_t> steps;
  const PlanOutcome outcome =
      carry_out(plan, session, measurement, [&](std::size_t done) { steps.push_back(done); });
  CHECK_FALSE(outcome.complete());
  CHECK(outcome.device_works);
  CHECK(outcome.empty == std::vector<std::string>{"ceiling"});
  CHECK(measurement.kernels.size() == 2);
  CHECK(measurement.failures.size() == 2);
  CHECK(steps == std::vector<std::size_t>{0, 1, 2, 3});
}

TEST_CASE("a plan ends where the device works no more, and says so") {
  CountingDevice device(true);
  device.products_break = true;
  Session session(device, emulated_limits(), running);
  const RunPlan plan{.items = {{.group = "stream", .task = small_stream()},
                               {.group = "ceiling", .task = small_product()},
                               {.group = "model", .task = small_stream()}}};
  trainbudget::Measurement measurement;
  const PlanOutcome outcome = carry_out(plan, session, measurement, [](std::size_t) {});
  CHECK_FALSE(outcome.device_works);
  CHECK(measurement.kernels.size() == 1);
  REQUIRE(measurement.failures.size() == 2);
  CHECK(measurement.failures.back().find("answers no more") != std::string::npos);
}

TEST_CASE("a measurement that grows is written now and then, as one that was interrupted") {
  double now = 100.0;
  std::vector<bool> written;
  Keeper keeper(
      30.0, [&](const trainbudget::Measurement& m) { written.push_back(m.interrupted); },
      [&] { return now; });
  trainbudget::Measurement measurement;
  keeper.keep(measurement);
  now = 129.0;
  keeper.keep(measurement);
  CHECK(written.empty());
  now = 131.0;
  keeper.keep(measurement);
  keeper.keep(measurement);
  CHECK(written == std::vector<bool>{true});
  now = 162.0;
  keeper.keep(measurement);
  CHECK(written.size() == 2);
}

TEST_CASE("the file of another kernel rotates over as many sets as ours") {
  CHECK(rotating_sets(1e6, 100e6) == 16);  // at most
  CHECK(rotating_sets(30e6, 100e6) == 4);
  CHECK(rotating_sets(200e6, 100e6) == 1);
}
