// Matrix products against double precision, and that a wrong one is found.
#include "catch.h"
#include "harness/verify_product.h"
#include "portable/bfloat16.h"

#include <cmath>
#include <cstring>

using namespace trainbudget;
using namespace trainbudget::microbench;

namespace {

/// A device that passes everything on to another; tests change one thing of it.
class Wrapped : public Device {
 public:
  explicit Wrapped(Device& device) : device_(device) {}
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
    return device_.product(shape, precision, operands);
  }

 private:
  Device& device_;
};

/// The emulated device, but W [n, k] is read as [k, n].
class Confused final : public Wrapped {
 public:
  using Wrapped::Wrapped;
  GemmProduct product(const GemmShape& shape, GemmPrecision precision,
                      const GemmOperands& operands) override {
    const GemmShape other{GemmPass::input_gradient, shape.tokens, shape.k, shape.n, shape.count};
    return Wrapped::product(other, precision, operands);
  }
};

std::vector<std::byte> bytes_of(const void* data, std::size_t size) {
  const auto* first = static_cast<const std::byte*>(data);
  return {first, first + size};
}

/// A number and its encoding in one precision, by hand.
struct Encoded {
  double value;
  std::uint32_t bits;
};

std::vector<Encoded> encoded(GemmPrecision precision) {
  switch (precision) {
    case GemmPrecision::bf16:
      return {{1.0, 0x3f80}, {-2.0, 0xc000}, {0.5, 0x3f00}, {1.5, 0x3fc0}, {-0.75, 0xbf40}};
    case GemmPrecision::fp16:
      return {{1.0, 0x3c00}, {-2.0, 0xc000}, {0.5, 0x3800}, {1.5, 0x3e00}, {-0.75, 0xba00}};
    case GemmPrecision::tf32:
      return {
          {1.0, 0x3f800000}, {-2.0, 0xc0000000}, {0.5, 0x3f000000}, {1.5, 0x3fc00000}, {-0.75, 0xbf400000}};
    case GemmPrecision::fp8:
      return {{1.0, 0x38}, {-2.0, 0xc0}, {0.5, 0x30}, {1.5, 0x3c}, {-0.75, 0xb4}};
  }
  return {};
}

/// Stands in for a GPU with tensor cores of every precision: operands of few values, whose products it knows
/// without decoding anything. fp8 operands lie along the dimension that is summed over, in every pass.
class EveryPrecision final : public Wrapped {
 public:
  using Wrapped::Wrapped;
  void fill_operand(void* target, GemmPrecision precision, std::int64_t count,
                    std::uint64_t stream) override {
    const std::vector<Encoded> values = encoded(precision);
    const std::size_t size = operand_bytes(precision);
    std::vector<double>& known = stream == 1 ? x_ : y_;
    known.clear();
    auto* bytes = static_cast<std::byte*>(target);
    for (std::int64_t i = 0; i < count; ++i) {
      const std::uint64_t mixed =
          (static_cast<std::uint64_t>(i) * stream + 7 * stream) * 0x9e3779b97f4a7c15ULL;
      const Encoded& each = values[(mixed >> 33) % values.size()];
      known.push_back(each.value);
      std::memcpy(bytes + static_cast<std::size_t>(i) * size, &each.bits, size);  // little endian
    }
  }
  GemmProduct product(const GemmShape& shape, GemmPrecision precision, const GemmOperands&) override {
    return {.launch = [this, shape, precision](const GemmOperands& to, LaunchStream) {
      multiply(shape, precision, to.result);
    }};
  }

 private:
  void multiply(const GemmShape& s, GemmPrecision precision, void* result) const {
    const bool along_inner = precision == GemmPrecision::fp8;
    std::int64_t written = 0;
    for (std::int64_t matrix = 0; matrix < s.count; ++matrix) {
      const double* x = x_.data() + static_cast<std::int64_t>(x_.size()) / s.count * matrix;
      const double* y = y_.data() + static_cast<std::int64_t>(y_.size()) / s.count * matrix;
      const auto write = [&](std::int64_t rows, std::int64_t columns, std::int64_t inner, const auto& first,
                             const auto& second) {
        for (std::int64_t i = 0; i < rows; ++i) {
          for (std::int64_t j = 0; j < columns; ++j) {
            double sum = 0.0;
            for (std::int64_t l = 0; l < inner; ++l)
              sum += first(i, l) * second(j, l);
            store(precision, result, written++, static_cast<float>(sum));
          }
        }
      };
      const auto lies = [](const double* data, std::int64_t row) {
        return [data, row](std::int64_t i, std::int64_t l) { return data[i * row + l]; };
      };
      const auto turned = [&](const double* data, std::int64_t inner, std::int64_t row) {
        return
            [=](std::int64_t i, std::int64_t l) { return data[along_inner ? i * inner + l : l * row + i]; };
      };
      switch (s.pass) {
        case GemmPass::forward:
          write(s.tokens, s.n, s.k, lies(x, s.k), lies(y, s.k));
          break;
        case GemmPass::input_gradient:
          write(s.tokens, s.k, s.n, lies(x, s.n), turned(y, s.n, s.k));
          break;
        case GemmPass::weight_gradient:
          write(s.n, s.k, s.tokens, turned(x, s.tokens, s.n), turned(y, s.tokens, s.k));
          break;
      }
    }
  }

  /// Sums of these values are exact in float.
  static void store(GemmPrecision precision, void* result, std::int64_t i, float sum) {
    if (precision == GemmPrecision::tf32) {
      static_cast<float*>(result)[i] = sum;
    } else if (precision == GemmPrecision::fp16) {
      static_cast<std::uint16_t*>(result)[i] = half_of(sum);
    } else {
      static_cast<Bfloat16*>(result)[i] = from_float<Bfloat16>(sum);
    }
  }

  /// The nearest binary16 of a number from 2⁻¹⁴ to 2¹⁵, or of zero.
  static std::uint16_t half_of(float sum) {
    if (sum == 0.0F) return 0;
    int exponent = 0;
    const float fraction = std::frexp(std::abs(sum), &exponent);  // 0.5 to 1
    const auto mantissa = static_cast<unsigned>(std::lround(std::ldexp(fraction, 11))) - 1024U;
    const unsigned bits = (static_cast<unsigned>(exponent + 14) << 10U) + mantissa;
    return static_cast<std::uint16_t>(bits | (sum < 0.0F ? 0x8000U : 0U));
  }

  std::vector<double> x_, y_;
};

}  // namespace

TEST_CASE("operands are decoded as their formats are defined") {
  for (const GemmPrecision precision : all_gemm_precisions) {
    for (const Encoded& each : encoded(precision))
      CHECK(decoded(bytes_of(&each.bits, operand_bytes(precision)), precision) == std::vector{each.value});
  }
  const auto one = [](GemmPrecision precision, std::uint32_t bits) {
    return decoded(bytes_of(&bits, operand_bytes(precision)), precision).at(0);
  };
  // Largest, smallest normal and smallest of all: IEEE 754 binary16; OCP 8-bit floating point, E4M3.
  CHECK(one(GemmPrecision::fp16, 0x7bff) == 65504.0);
  CHECK(one(GemmPrecision::fp16, 0x0400) == std::ldexp(1.0, -14));
  CHECK(one(GemmPrecision::fp16, 0x8001) == -std::ldexp(1.0, -24));
  CHECK(one(GemmPrecision::fp8, 0x7e) == 448.0);
  CHECK(one(GemmPrecision::fp8, 0x08) == std::ldexp(1.0, -6));
  CHECK(one(GemmPrecision::fp8, 0x81) == -std::ldexp(1.0, -9));
  CHECK(one(GemmPrecision::fp8, 0x00) == 0.0);
}

TEST_CASE("products of every precision are checked as they lie in memory") {
  const auto emulated = make_emulated_device();
  EveryPrecision device(*emulated);
  for (const GemmPrecision precision : all_gemm_precisions) {
    for (const GemmShape& shape : product_test_shapes()) {
      const Verification right = verify_product(device, shape, precision);
      INFO(describe(shape) << ": " << right.tensors[0].relative_error);
      CHECK(right.passed());
    }
  }
}

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
