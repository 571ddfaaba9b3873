#include "number_formats.h"
#include "operations.h"

#include <algorithm>

namespace software_gpu {

namespace {

std::uint16_t narrow(const Instruction& i, double value) {
  if (i.relu && !(value > 0.0)) value = 0.0;
  switch (i.type) {
    case Type::bf16:
    case Type::bf16x2:
      return to_bfloat16(value);
    case Type::f16:
    case Type::f16x2:
      return to_half(value);
    case Type::e4m3x2:
      return to_e4m3(value);
    default:
      unknown(i);
  }
}

template <class Integer, class Value>
Integer clamped(Value value) {
  if (std::isnan(value)) return 0;
  const auto wide = static_cast<long double>(value);
  constexpr auto least = std::numeric_limits<Integer>::min(), most = std::numeric_limits<Integer>::max();
  if (wide <= static_cast<long double>(least)) return least;
  if (wide >= static_cast<long double>(most)) return most;
  return static_cast<Integer>(value);
}

template <class Value>
void convert_integer(const Instruction& i, Lanes& target, int lane, Value value) {
  switch (i.type) {
    case Type::f32:
      return put(target, lane, static_cast<float>(value));
    case Type::f64:
      return put(target, lane, static_cast<double>(value));
    case Type::bf16:
    case Type::f16:
      return put(target, lane, narrow(i, static_cast<double>(value)));
    default:
      break;
  }
  if (i.saturate) unknown(i);
  // A narrower result is cut off; a wider one keeps the sign of what it comes from.
  const auto wide = static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
  const std::size_t bits = 8 * bytes_of(i.type);
  target[static_cast<std::size_t>(lane)] = bits < 64 ? wide & ((std::uint64_t{1} << bits) - 1) : wide;
}

template <class Value>
void convert_real(const Instruction& i, Lanes& target, int lane, Value value) {
  const auto rounded = [&] {
    switch (i.rounding) {
      case Rounding::nearest_integer:
      case Rounding::nearest:
        return std::nearbyint(value);
      case Rounding::zero_integer:
      case Rounding::zero:
        return std::trunc(value);
      case Rounding::down_integer:
      case Rounding::down:
        return std::floor(value);
      case Rounding::up_integer:
      case Rounding::up:
        return std::ceil(value);
      case Rounding::none:
        break;
    }
    return value;
  };
  const bool to_integer = i.rounding == Rounding::nearest_integer || i.rounding == Rounding::zero_integer ||
                          i.rounding == Rounding::down_integer || i.rounding == Rounding::up_integer;
  switch (i.type) {
    case Type::f32: {
      auto result = static_cast<float>(to_integer ? rounded() : value);
      if (i.saturate) result = result >= 0.0F ? std::min(result, 1.0F) : 0.0F;
      return put(target, lane, flushed(result, i.flush));
    }
    case Type::f64:
      return put(target, lane, static_cast<double>(to_integer ? rounded() : value));
    case Type::bf16:
    case Type::f16:
      if (i.rounding != Rounding::nearest) unknown(i);
      return put(target, lane, narrow(i, static_cast<double>(value)));
    case Type::s32:
      return put(target, lane, clamped<std::int32_t>(rounded()));
    case Type::u32:
      return put(target, lane, clamped<std::uint32_t>(rounded()));
    case Type::s64:
      return put(target, lane, clamped<std::int64_t>(rounded()));
    case Type::u64:
      return put(target, lane, clamped<std::uint64_t>(rounded()));
    case Type::s16:
      return put(target, lane, clamped<std::int16_t>(rounded()));
    case Type::u16:
      return put(target, lane, clamped<std::uint16_t>(rounded()));
    default:
      unknown(i);
  }
}

}  // namespace

void convert(Rows& rows, const Instruction& i, Mask mask) {
  // Two values into one register: the first goes to the upper half.
  if (i.type == Type::bf16x2 || i.type == Type::f16x2 || i.type == Type::e4m3x2 || i.type == Type::e5m2x2) {
    if (i.source != Type::f32) unknown(i);
    return for_lanes(mask, [&](int lane) {
      const std::uint64_t high = narrow(i, get<float>(row(rows, i.sources[0]), lane));
      const std::uint64_t low = narrow(i, get<float>(row(rows, i.sources[1]), lane));
      row(rows, i.targets[0])[static_cast<std::size_t>(lane)] = high << (4 * bytes_of(i.type)) | low;
    });
  }
  for_lanes(mask, [&](int lane) {
    Lanes& target = row(rows, i.targets[0]);
    const Lanes& source = row(rows, i.sources[0]);
    switch (i.source) {
      case Type::u8:
      case Type::b8:
        return convert_integer(i, target, lane, get<std::uint8_t>(source, lane));
      case Type::s8:
        return convert_integer(i, target, lane, get<std::int8_t>(source, lane));
      case Type::u16:
      case Type::b16:
        return convert_integer(i, target, lane, get<std::uint16_t>(source, lane));
      case Type::s16:
        return convert_integer(i, target, lane, get<std::int16_t>(source, lane));
      case Type::u32:
      case Type::b32:
        return convert_integer(i, target, lane, get<std::uint32_t>(source, lane));
      case Type::s32:
        return convert_integer(i, target, lane, get<std::int32_t>(source, lane));
      case Type::u64:
      case Type::b64:
        return convert_integer(i, target, lane, get<std::uint64_t>(source, lane));
      case Type::s64:
        return convert_integer(i, target, lane, get<std::int64_t>(source, lane));
      case Type::f32:
        return convert_real(i, target, lane, flushed(get<float>(source, lane), i.flush));
      case Type::f64:
        return convert_real(i, target, lane, get<double>(source, lane));
      case Type::bf16:
        return convert_real(i, target, lane, from_bfloat16(get<std::uint16_t>(source, lane)));
      case Type::f16:
        return convert_real(i, target, lane, from_half(get<std::uint16_t>(source, lane)));
      default:
        unknown(i);
    }
  });
}

}  // namespace software_gpu
