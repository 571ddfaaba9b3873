// The GPU behind the interface of the harness, on the GPU in software: how it chooses among the algorithms
// that cuBLASLt proposes.
#include "catch.h"
#include "harness/gpu.h"
#include "products.h"

#include <vector>

using namespace trainbudget::microbench;
using software_gpu::product_counts;

namespace {

constexpr GemmShape shape{GemmPass::forward, 16, 32, 48, 2};

/// A GPU and room for a product of `shape`, also where one of its sizes is doubled.
class Products {
 public:
  GemmProduct of(const GemmShape& each, GemmPrecision precision = GemmPrecision::bf16) {
    return device_->product(each, precision, operands());
  }
  void launch(const GemmProduct& product) {
    product.launch(operands(), {});
    device_->machine().synchronize();
  }
  Device& device() { return *device_; }
  /// Times that algorithms were asked for.
  std::size_t proposals() const { return product_counts().proposals - before_.proposals; }
  std::size_t launches() const { return product_counts().launches - before_.launches; }

 private:
  GemmOperands operands() const { return {x_.data(), y_.data(), result_.data()}; }
  static std::unique_ptr<Device> opened() {
    std::string reason;
    auto device = open_gpu(0, reason);
    INFO(reason);
    REQUIRE(device != nullptr);
    return device;
  }
  const software_gpu::ProductCounts before_ = product_counts();
  static constexpr std::size_t bytes = std::size_t{64} << 10;
  std::unique_ptr<Device> device_ = opened();
  Buffer x_{device_->machine(), bytes}, y_{device_->machine(), bytes}, result_{device_->machine(), bytes};
};

}  // namespace

TEST_CASE("of the algorithms that are proposed the fastest is taken, whatever its place") {
  Products products;
  const GemmProduct product = products.of(shape);
  // Refused when it is run, slow, fast, slow; the last proposal is none.
  CHECK(product.candidates == 4);
  CHECK(product.chosen == 2);
}

TEST_CASE("the algorithm of a product is chosen once, and used again") {
  Products products;
  const GemmProduct first = products.of(shape);
  CHECK(products.proposals() == 1);
  const std::size_t launches = products.launches();
  CHECK(launches > 3);  // each was tried
  const GemmProduct again = products.of(shape);
  CHECK(products.proposals() == 1);
  CHECK(products.launches() == launches);
  CHECK(again.chosen == first.chosen);
  CHECK(again.candidates == first.candidates);
  products.launch(again);
  CHECK(products.launches() == launches + 1);
}

TEST_CASE("every other product has an algorithm of its own") {
  Products products;
  std::size_t different = 0;
  const auto differs = [&](const GemmShape& other, GemmPrecision precision = GemmPrecision::bf16) {
    products.of(other, precision);
    CHECK(products.proposals() == ++different);
  };
  differs(shape);
  differs({GemmPass::input_gradient, shape.tokens, shape.n, shape.k, shape.count});
  differs({shape.pass, 2 * shape.tokens, shape.n, shape.k, shape.count});
  differs({shape.pass, shape.tokens, 2 * shape.n, shape.k, shape.count});
  differs({shape.pass, shape.tokens, shape.n, 2 * shape.k, shape.count});
  differs({shape.pass, shape.tokens, shape.n, shape.k, 2 * shape.count});
  for (const GemmPrecision precision : {GemmPrecision::fp16, GemmPrecision::tf32, GemmPrecision::fp8})
    differs(shape, precision);
}

TEST_CASE("choices that are forgotten are made again, and what was chosen before still runs") {
  Products products;
  const GemmProduct before = products.of(shape);
  products.device().forget_choices();
  CHECK(products.of(shape).chosen == before.chosen);
  CHECK(products.proposals() == 2);
  const std::size_t launches = products.launches();
  products.launch(before);
  CHECK(products.launches() == launches + 1);
}
