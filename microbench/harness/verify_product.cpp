#include "harness/verify_product.h"

#include "portable/bfloat16.h"

#include <cmath>
#include <cstring>

namespace trainbudget::microbench {
namespace {

constexpr std::byte poison{0xff};  // NaN in every type of a result

/// A small floating-point number of 1 + `exponent` + `mantissa` bits, without infinities: random normal
/// numbers have none.
double small_float(unsigned bits, int exponent, int mantissa) {
  const int bias = (1 << (exponent - 1)) - 1;
  const unsigned fraction = bits & ((1U << mantissa) - 1U);
  const int power = static_cast<int>((bits >> mantissa) & ((1U << exponent) - 1U));
  const double sign = (bits >> (exponent + mantissa)) & 1U ? -1.0 : 1.0;
  const double lead = power == 0 ? 0.0 : 1.0;
  return sign *
         std::ldexp(lead + std::ldexp(static_cast<double>(fraction), -mantissa), std::max(power, 1) - bias);
}

template <class Element>
Element element_at(const std::vector<std::byte>& bytes, std::size_t i) {
  Element element{};
  std::memcpy(&element, bytes.data() + i * sizeof element, sizeof element);
  return element;
}

std::vector<double> from_machine(Machine& machine, const Buffer& buffer, GemmPrecision precision) {
  std::vector<std::byte> bytes(buffer.bytes());
  machine.copy_out(bytes.data(), buffer.data(), bytes.size());
  return decoded(bytes, precision);
}

/// Rows, columns and inner size of a result, and how its operands lie: element (i, l) of the first one is at
/// i · x_row + l · x_inner.
struct Indexing {
  std::int64_t rows, columns, inner;
  std::int64_t x_row, x_inner, y_column, y_inner;
};

Indexing indexing_of(const GemmShape& s, GemmPrecision precision) {
  const bool along_inner = precision == GemmPrecision::fp8;
  switch (s.pass) {
    case GemmPass::forward:  // y = x [tokens, k] · W [n, k]ᵀ
      return {s.tokens, s.n, s.k, s.k, 1, s.k, 1};
    case GemmPass::input_gradient:  // dx = dy [tokens, n] · W [n, k]
      return {s.tokens, s.k, s.n, s.n, 1, along_inner ? s.n : 1, along_inner ? 1 : s.k};
    case GemmPass::weight_gradient:  // dW = dy [tokens, n]ᵀ · x [tokens, k]
      break;
  }
  return {s.n,
          s.k,
          s.tokens,
          along_inner ? s.tokens : 1,
          along_inner ? 1 : s.n,
          along_inner ? s.tokens : 1,
          along_inner ? 1 : s.k};
}

std::vector<double> multiplied(const GemmShape& shape, GemmPrecision precision, const std::vector<double>& x,
                               const std::vector<double>& y) {
  const Indexing at = indexing_of(shape, precision);
  std::vector<double> result;
  for (std::int64_t matrix = 0; matrix < shape.count; ++matrix) {
    const double* x_matrix = x.data() + matrix * at.rows * at.inner;
    const double* y_matrix = y.data() + matrix * at.columns * at.inner;
    for (std::int64_t i = 0; i < at.rows; ++i) {
      for (std::int64_t j = 0; j < at.columns; ++j) {
        double sum = 0.0;
        for (std::int64_t l = 0; l < at.inner; ++l)
          sum += x_matrix[i * at.x_row + l * at.x_inner] * y_matrix[j * at.y_column + l * at.y_inner];
        result.push_back(sum);
      }
    }
  }
  return result;
}

/// Of the result's type; tf32 cuts its operands to 10 bits, fp8 units add up in fewer bits than fp32.
double tolerance_of(GemmPrecision precision) {
  switch (precision) {
    case GemmPrecision::bf16:
      return 4e-3;
    case GemmPrecision::fp16:
      return 1e-3;
    case GemmPrecision::tf32:
      return 2e-3;
    case GemmPrecision::fp8:
      return 1e-2;
  }
  return 0.0;
}

}  // namespace

std::vector<double> decoded(const std::vector<std::byte>& bytes, GemmPrecision precision) {
  std::vector<double> values(bytes.size() / operand_bytes(precision));
  for (std::size_t i = 0; i < values.size(); ++i) {
    switch (precision) {
      case GemmPrecision::bf16:
        values[i] = to_float(element_at<Bfloat16>(bytes, i));
        break;
      case GemmPrecision::fp16:
        values[i] = small_float(element_at<std::uint16_t>(bytes, i), 5, 10);
        break;
      case GemmPrecision::tf32:
        values[i] = element_at<float>(bytes, i);
        break;
      case GemmPrecision::fp8:
        values[i] = small_float(element_at<std::uint8_t>(bytes, i), 4, 3);
        break;
    }
  }
  return values;
}

std::vector<GemmShape> product_test_shapes() {
  std::vector<GemmShape> shapes;
  for (const GemmPass pass : {GemmPass::forward, GemmPass::input_gradient, GemmPass::weight_gradient}) {
    shapes.push_back({pass, 80, 48, 112, 1});
    shapes.push_back({pass, 32, 64, 16, 3});
  }
  return shapes;
}

Verification verify_product(Device& device, const GemmShape& shape, GemmPrecision precision) {
  Machine& machine = device.machine();
  const GemmElements elements = elements_of(shape);
  const auto bytes = [](std::int64_t count, std::size_t each) {
    return static_cast<std::size_t>(count) * each;
  };
  const Buffer x(machine, bytes(elements.x, operand_bytes(precision)));
  const Buffer y(machine, bytes(elements.y, operand_bytes(precision)));
  const Buffer result(machine, bytes(elements.result, result_bytes(precision)));
  device.fill_operand(x.data(), precision, elements.x, 1);
  device.fill_operand(y.data(), precision, elements.y, 2);
  const GemmOperands operands{x.data(), y.data(), result.data()};
  const GemmProduct product = device.product(shape, precision, operands);
  // Choosing an algorithm has written the result.
  const std::vector<std::byte> poisoned(result.bytes(), poison);
  machine.copy_in(result.data(), poisoned.data(), poisoned.size());
  product.launch(operands, machine.stream());
  machine.synchronize();
  const GemmPrecision result_precision = precision == GemmPrecision::fp8 ? GemmPrecision::bf16 : precision;
  const Tensor tensor{.name = "result", .tolerance = tolerance_of(precision)};
  return {{compare(tensor, from_machine(machine, result, result_precision),
                   multiplied(shape, precision, from_machine(machine, x, precision),
                              from_machine(machine, y, precision)))}};
}

}  // namespace trainbudget::microbench
