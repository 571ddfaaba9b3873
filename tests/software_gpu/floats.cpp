#include "number_formats.h"
#include "operations.h"

#include <algorithm>

namespace software_gpu {

namespace {

// What the fast functions of a GPU may be off by, relative, after NVIDIA's documentation of them; tanh is the
// coarse one.
constexpr double fast_error = 0x1p-22, fast_tanh_error = 0x1p-11;

/// `value` with an error that its bits decide: within the bound, and the same in every run.
float disturbed(float value, double bound) {
  if (!std::isfinite(value)) return value;
  const std::uint32_t mixed = (std::bit_cast<std::uint32_t>(value) * 0x9e3779b1U) >> 8;
  return static_cast<float>(static_cast<double>(value) *
                            (1.0 + bound * (static_cast<double>(mixed) * 0x1p-23 - 1.0)));
}
double disturbed(double value, double) {
  return value;
}

template <class Value>
void floats(Rows& rows, const Instruction& i, Mask mask) {
  const bool flush = i.flush;
  const bool saturate = i.saturate;
  const auto in = [flush](Value value) { return flushed(value, flush); };
  const double error = !i.approximate ? 0.0 : i.opcode == Opcode::tanh ? fast_tanh_error : fast_error;
  const auto out = [flush, saturate, error](Value value) {
    if (error > 0.0) value = disturbed(value, error);
    value = flushed(value, flush);
    return saturate ? (value >= Value{0} ? std::min(value, Value{1}) : Value{0}) : value;
  };
  const auto one = [&](auto operation) {
    unary<Value>(rows, i, mask, [&](Value a) { return out(operation(in(a))); });
  };
  const auto two = [&](auto operation) {
    binary<Value>(rows, i, mask, [&](Value a, Value b) { return out(operation(in(a), in(b))); });
  };
  switch (i.opcode) {
    case Opcode::add:
      return two([](Value a, Value b) { return a + b; });
    case Opcode::sub:
      return two([](Value a, Value b) { return a - b; });
    case Opcode::mul:
      return two([](Value a, Value b) { return a * b; });
    case Opcode::div:
      return two([](Value a, Value b) { return a / b; });
    case Opcode::min:
      return two([](Value a, Value b) { return std::fmin(a, b); });
    case Opcode::max:
      return two([](Value a, Value b) { return std::fmax(a, b); });
    case Opcode::copysign:
      return binary<Value>(rows, i, mask, [](Value a, Value b) { return std::copysign(b, a); });
    case Opcode::fma:
    case Opcode::mad:
      return for_lanes(mask, [&](int lane) {
        put(row(rows, i.targets[0]), lane,
            out(std::fma(in(get<Value>(row(rows, i.sources[0]), lane)),
                         in(get<Value>(row(rows, i.sources[1]), lane)),
                         in(get<Value>(row(rows, i.sources[2]), lane)))));
      });
    case Opcode::neg:
      return one([](Value a) { return -a; });
    case Opcode::abs:
      return one([](Value a) { return std::abs(a); });
    case Opcode::ex2:
      return one([](Value a) { return std::exp2(a); });
    case Opcode::lg2:
      return one([](Value a) { return std::log2(a); });
    case Opcode::rcp:
      return one([](Value a) { return Value{1} / a; });
    case Opcode::rsqrt:
      return one([](Value a) { return Value{1} / std::sqrt(a); });
    case Opcode::sqrt:
      return one([](Value a) { return std::sqrt(a); });
    case Opcode::sin:
      return one([](Value a) { return std::sin(a); });
    case Opcode::cos:
      return one([](Value a) { return std::cos(a); });
    case Opcode::tanh:
      return one([](Value a) { return std::tanh(a); });
    default:
      unknown(i);
  }
}

double half_result(const Instruction& i, double a, double b, double c) {
  switch (i.opcode) {
    case Opcode::add:
      return a + b;
    case Opcode::sub:
      return a - b;
    case Opcode::mul:
      return a * b;
    case Opcode::fma:
      return std::fma(a, b, c);
    case Opcode::neg:
      return -a;
    case Opcode::abs:
      return std::abs(a);
    case Opcode::min:
      return std::fmin(a, b);
    case Opcode::max:
      return std::fmax(a, b);
    default:
      unknown(i);
  }
}

/// bfloat16 and half precision, one or two in a register: computed in single precision and rounded once.
void halves(Rows& rows, const Instruction& i, Mask mask) {
  const bool brain = i.type == Type::bf16 || i.type == Type::bf16x2;
  const int parts = i.type == Type::bf16x2 || i.type == Type::f16x2 ? 2 : 1;
  const auto value = [&](Row source, int lane, int part) {
    const auto bits =
        static_cast<std::uint16_t>(row(rows, source)[static_cast<std::size_t>(lane)] >> (16 * part));
    return static_cast<double>(brain ? from_bfloat16(bits) : from_half(bits));
  };
  for_lanes(mask, [&](int lane) {
    std::uint64_t result = 0;
    for (int part = 0; part < parts; ++part) {
      const double a = value(i.sources[0], lane, part);
      const double b = i.sources.size() > 1 ? value(i.sources[1], lane, part) : 0.0;
      const double c = i.sources.size() > 2 ? value(i.sources[2], lane, part) : 0.0;
      double r = half_result(i, a, b, c);
      if (i.relu && !(r > 0.0)) r = 0.0;
      const std::uint16_t bits = brain ? to_bfloat16(r) : to_half(r);
      result |= static_cast<std::uint64_t>(bits) << (16 * part);
    }
    row(rows, i.targets[0])[static_cast<std::size_t>(lane)] = result;
  });
}

}  // namespace

void operate_on_floats(Rows& rows, const Instruction& i, Mask mask) {
  switch (i.type) {
    case Type::f32:
      return floats<float>(rows, i, mask);
    case Type::f64:
      return floats<double>(rows, i, mask);
    case Type::bf16:
    case Type::bf16x2:
    case Type::f16:
    case Type::f16x2:
      return halves(rows, i, mask);
    default:
      unknown(i);
  }
}

}  // namespace software_gpu
