// Matrix products against double precision, and that a wrong one is found.
#include "catch.h"
#include "harness/verify_product.h"

using namespace trainbudget;
using namespace trainbudget::microbench;

namespace {

/// The emulated device, but W [n, k] is read as [k, n].
class Confused final : public Device {
 public:
  explicit Confused(Device& device) : device_(device) {}
  Machine& machine() override { return device_.machine(); }
  MeasuredDevice description() override { return device_.description(); }
  std::string_view kind() const override { return device_.kind(); }
  double free_bytes() override { return device_.free_bytes(); }
  ReadingSource* readings() override { return nullptr; }
  void fill(void* target, ElementType type, std::int64_t count, const Fill& fill,
            std::uint64_t stream) override {
    device_.fill(target, type, count, fill, stream);
  }
  void fill_operand(void* target, GemmPrecision precision, std::int64_t count,
                    std::uint64_t stream) override {
    device_.fill_operand(target, precision, count, stream);
  }
  std::unique_ptr<Timer> timer(std::function<void(std::size_t)> launch, std::size_t sets,
                               TimingMode mode) override {
    return device_.timer(std::move(launch), sets, mode);
  }
  std::unique_ptr<Sequence> sequence(std::vector<Span> spans, LaunchMode mode) override {
    return device_.sequence(std::move(spans), mode);
  }
  Queue empty_launch() override { return device_.empty_launch(); }
  GemmProduct product(const GemmShape& shape, GemmPrecision precision,
                      const GemmOperands& operands) override {
    const GemmShape other{GemmPass::input_gradient, shape.tokens, shape.k, shape.n, shape.count};
    return device_.product(other, precision, operands);
  }

 private:
  Device& device_;
};

}  // namespace

TEST_CASE("products of every pass are those that are meant") {
  const auto device = make_emulated_device();
  for (const GemmShape& shape : product_test_shapes()) {
    const Verification right = verify_product(*device, shape, GemmPrecision::bf16);
    INFO(describe(shape) << ": " << right.tensors[0].relative_error);
    CHECK(right.passed());
    CHECK(right.tensors[0].relative_error > 0.0);
  }
  CHECK_THROWS_AS(verify_product(*device, product_test_shapes()[0], GemmPrecision::fp8), UnsupportedShape);
}

TEST_CASE("a product of another pass is found out") {
  const auto device = make_emulated_device();
  Confused confused(*device);
  CHECK_FALSE(verify_product(confused, {GemmPass::forward, 80, 48, 112, 1}, GemmPrecision::bf16).passed());
}
