#include "operations.h"

#include <algorithm>
#include <type_traits>

namespace software_gpu {

namespace {

// Products of two 64-bit numbers; both compilers have the type, and the standard has not.
__extension__ using Wide = __int128;
__extension__ using UnsignedWide = unsigned __int128;

template <class Value, class Product>
void multiply(Rows& rows, const Instruction& i, Mask mask) {
  for_lanes(mask, [&](int lane) {
    const Product product =
        static_cast<Product>(static_cast<Product>(get<Value>(row(rows, i.sources[0]), lane)) *
                             static_cast<Product>(get<Value>(row(rows, i.sources[1]), lane)));
    Lanes& target = row(rows, i.targets[0]);
    const bool add = i.opcode == Opcode::mad;
    if (i.part == Part::wide) {
      if constexpr (sizeof(Product) <= 8)
        put(target, lane,
            static_cast<Product>(product + (add ? get<Product>(row(rows, i.sources[2]), lane) : Product{0})));
      return;
    }
    using Bits = std::make_unsigned_t<Value>;
    const auto kept = static_cast<Bits>(i.part == Part::high ? product >> (8 * sizeof(Value)) : product);
    put(target, lane, static_cast<Bits>(kept + (add ? get<Bits>(row(rows, i.sources[2]), lane) : Bits{0})));
  });
}

template <class Value, class Product>
void integers(Rows& rows, const Instruction& i, Mask mask) {
  using Bits = std::make_unsigned_t<Value>;
  constexpr unsigned width = 8 * sizeof(Value);
  const auto bits = [](auto value) { return static_cast<Value>(value); };
  switch (i.opcode) {
    case Opcode::add:
      return binary<Value>(
          rows, i, mask, [&](Value a, Value b) { return bits(static_cast<Bits>(a) + static_cast<Bits>(b)); });
    case Opcode::sub:
      return binary<Value>(
          rows, i, mask, [&](Value a, Value b) { return bits(static_cast<Bits>(a) - static_cast<Bits>(b)); });
    case Opcode::mul:
    case Opcode::mad:
      return multiply<Value, Product>(rows, i, mask);
    case Opcode::div:
      return binary<Value>(rows, i, mask, [&](Value a, Value b) {
        if (b == 0) throw Fault("division by zero");
        return bits(a / b);
      });
    case Opcode::rem:
      return binary<Value>(rows, i, mask, [&](Value a, Value b) {
        if (b == 0) throw Fault("division by zero");
        return bits(a % b);
      });
    case Opcode::min:
      return binary<Value>(rows, i, mask, [](Value a, Value b) { return std::min(a, b); });
    case Opcode::max:
      return binary<Value>(rows, i, mask, [](Value a, Value b) { return std::max(a, b); });
    case Opcode::and_:
      return binary<Value>(rows, i, mask, [&](Value a, Value b) { return bits(a & b); });
    case Opcode::or_:
      return binary<Value>(rows, i, mask, [&](Value a, Value b) { return bits(a | b); });
    case Opcode::xor_:
      return binary<Value>(rows, i, mask, [&](Value a, Value b) { return bits(a ^ b); });
    case Opcode::not_:
      return unary<Value>(rows, i, mask,
                          [&](Value a) { return i.type == Type::pred ? bits(a == 0) : bits(~a); });
    case Opcode::neg:
      return unary<Value>(rows, i, mask, [&](Value a) { return bits(Bits{0} - static_cast<Bits>(a)); });
    case Opcode::abs:
      return unary<Value>(rows, i, mask,
                          [&](Value a) { return a < 0 ? bits(Bits{0} - static_cast<Bits>(a)) : a; });
    case Opcode::popc:
      return unary<Bits>(rows, i, mask, [](Bits a) { return static_cast<std::uint32_t>(std::popcount(a)); });
    case Opcode::clz:
      return unary<Bits>(rows, i, mask,
                         [](Bits a) { return static_cast<std::uint32_t>(std::countl_zero(a)); });
    case Opcode::shl:
    case Opcode::shr:
      return for_lanes(mask, [&](int lane) {
        const auto a = get<Value>(row(rows, i.sources[0]), lane);
        const auto by = get<std::uint32_t>(row(rows, i.sources[1]), lane);
        Value result = 0;
        if (i.opcode == Opcode::shl) {
          result = by >= width ? Value{0} : bits(static_cast<std::uint64_t>(static_cast<Bits>(a)) << by);
        } else {
          result = by >= width ? bits(a < 0 ? -1 : 0) : bits(a >> by);
        }
        put(row(rows, i.targets[0]), lane, result);
      });
    case Opcode::bfi:
      return for_lanes(mask, [&](int lane) {
        const auto a = get<Bits>(row(rows, i.sources[0]), lane), b = get<Bits>(row(rows, i.sources[1]), lane);
        const unsigned start = get<std::uint32_t>(row(rows, i.sources[2]), lane) & 0xff;
        const unsigned count = get<std::uint32_t>(row(rows, i.sources[3]), lane) & 0xff;
        Bits field = 0;
        for (unsigned bit = start; bit < std::min(start + count, width); ++bit)
          field = static_cast<Bits>(field | Bits{1} << bit);
        const Bits moved = start >= width ? Bits{0} : static_cast<Bits>(a << start);
        put(row(rows, i.targets[0]), lane, static_cast<Bits>((b & ~field) | (moved & field)));
      });
    case Opcode::prmt:
      return for_lanes(mask, [&](int lane) {
        const std::uint64_t pool =
            get<std::uint32_t>(row(rows, i.sources[0]), lane) |
            static_cast<std::uint64_t>(get<std::uint32_t>(row(rows, i.sources[1]), lane)) << 32;
        const auto selector = get<std::uint32_t>(row(rows, i.sources[2]), lane);
        std::uint32_t result = 0;
        for (unsigned byte = 0; byte < 4; ++byte) {
          const unsigned choice = selector >> (4 * byte) & 15;
          auto value = static_cast<std::uint32_t>(pool >> (8 * (choice & 7)) & 0xff);
          if ((choice & 8) != 0) value = (value & 0x80) != 0 ? 0xff : 0;
          result |= value << (8 * byte);
        }
        put(row(rows, i.targets[0]), lane, result);
      });
    default:
      unknown(i);
  }
}

}  // namespace

void operate_on_integers(Rows& rows, const Instruction& i, Mask mask) {
  switch (i.type) {
    case Type::pred:
      return integers<std::uint8_t, std::uint8_t>(rows, i, mask);
    case Type::u16:
    case Type::b16:
      return integers<std::uint16_t, std::uint32_t>(rows, i, mask);
    case Type::s16:
      return integers<std::int16_t, std::int32_t>(rows, i, mask);
    case Type::u32:
    case Type::b32:
      return integers<std::uint32_t, std::uint64_t>(rows, i, mask);
    case Type::s32:
      return integers<std::int32_t, std::int64_t>(rows, i, mask);
    case Type::u64:
    case Type::b64:
      return integers<std::uint64_t, UnsignedWide>(rows, i, mask);
    case Type::s64:
      return integers<std::int64_t, Wide>(rows, i, mask);
    default:
      unknown(i);
  }
}

}  // namespace software_gpu
