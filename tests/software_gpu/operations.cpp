#include "operations.h"

#include <algorithm>
#include <type_traits>

namespace software_gpu {

namespace {

void move(Rows& rows, const Instruction& i, Mask mask) {
  const std::size_t bits = 8 * bytes_of(i.type);
  if (i.sources.size() == 1 && i.targets.size() == 1) {
    for_lanes(mask, [&](int lane) {
      const std::uint64_t value = row(rows, i.sources[0])[static_cast<std::size_t>(lane)];
      row(rows, i.targets[0])[static_cast<std::size_t>(lane)] =
          bits < 64 ? value & ((std::uint64_t{1} << bits) - 1) : value;
    });
    return;
  }
  // One side is a vector: its first element is in the lowest bits.
  const std::size_t parts = std::max(i.sources.size(), i.targets.size());
  const std::size_t width = bits / parts;
  const std::uint64_t part_mask = (std::uint64_t{1} << width) - 1;
  for_lanes(mask, [&](int lane) {
    const auto l = static_cast<std::size_t>(lane);
    std::uint64_t whole = 0;
    if (i.sources.size() == 1) {
      whole = row(rows, i.sources[0])[l];
    } else {
      for (std::size_t part = 0; part < parts; ++part)
        whole |= (row(rows, i.sources[part])[l] & part_mask) << (part * width);
    }
    if (i.targets.size() == 1) {
      row(rows, i.targets[0])[l] = whole;
    } else {
      for (std::size_t part = 0; part < parts; ++part)
        row(rows, i.targets[part])[l] = whole >> (part * width) & part_mask;
    }
  });
}

template <class Value>
bool holds(Comparison comparison, Value a, Value b) {
  bool unordered = false;
  if constexpr (std::is_floating_point_v<Value>) unordered = std::isnan(a) || std::isnan(b);
  switch (comparison) {
    case Comparison::eq:
      return a == b;
    case Comparison::ne:
      return !unordered && a != b;
    case Comparison::lt:
      return a < b;
    case Comparison::le:
      return a <= b;
    case Comparison::gt:
      return a > b;
    case Comparison::ge:
      return a >= b;
    case Comparison::equ:
      return unordered || a == b;
    case Comparison::neu:
      return unordered || a != b;
    case Comparison::ltu:
      return unordered || a < b;
    case Comparison::leu:
      return unordered || a <= b;
    case Comparison::gtu:
      return unordered || a > b;
    case Comparison::geu:
      return unordered || a >= b;
    case Comparison::num:
      return !unordered;
    case Comparison::nan:
      return unordered;
  }
  return false;
}

template <class Value>
void compare_as(Rows& rows, const Instruction& i, Mask mask) {
  for_lanes(mask, [&](int lane) {
    Value a = get<Value>(row(rows, i.sources[0]), lane), b = get<Value>(row(rows, i.sources[1]), lane);
    if constexpr (std::is_same_v<Value, float>) {
      a = flushed(a, i.flush);
      b = flushed(b, i.flush);
    }
    bool result = holds(i.comparison, a, b);
    bool opposite = !result;
    if (i.join != Join::none) {
      const bool c = get<std::uint8_t>(row(rows, i.sources[2]), lane) != 0;
      const auto joined = [&](bool value) {
        return i.join == Join::and_ ? value && c : i.join == Join::or_ ? value || c : value != c;
      };
      result = joined(result);
      opposite = joined(opposite);
    }
    put(row(rows, i.targets[0]), lane, static_cast<std::uint8_t>(result));
    if (i.targets.size() > 1) put(row(rows, i.targets[1]), lane, static_cast<std::uint8_t>(opposite));
  });
}

void compare(Rows& rows, const Instruction& i, Mask mask) {
  switch (i.type) {
    case Type::s16:
      return compare_as<std::int16_t>(rows, i, mask);
    case Type::u16:
    case Type::b16:
      return compare_as<std::uint16_t>(rows, i, mask);
    case Type::s32:
      return compare_as<std::int32_t>(rows, i, mask);
    case Type::u32:
    case Type::b32:
      return compare_as<std::uint32_t>(rows, i, mask);
    case Type::s64:
      return compare_as<std::int64_t>(rows, i, mask);
    case Type::u64:
    case Type::b64:
      return compare_as<std::uint64_t>(rows, i, mask);
    case Type::f32:
      return compare_as<float>(rows, i, mask);
    case Type::f64:
      return compare_as<double>(rows, i, mask);
    default:
      unknown(i);
  }
}

void select(Rows& rows, const Instruction& i, Mask mask) {
  for_lanes(mask, [&](int lane) {
    const bool first = get<std::uint8_t>(row(rows, i.sources[2]), lane) != 0;
    row(rows, i.targets[0])[static_cast<std::size_t>(lane)] =
        row(rows, i.sources[first ? 0 : 1])[static_cast<std::size_t>(lane)];
  });
}

bool is_floating(Type type) {
  return type == Type::f32 || type == Type::f64 || type == Type::f16 || type == Type::f16x2 ||
         type == Type::bf16 || type == Type::bf16x2;
}

}  // namespace

void operate(Rows& rows, const Instruction& instruction, Mask mask) {
  switch (instruction.opcode) {
    case Opcode::prefetch:
    case Opcode::nop:
      return;
    case Opcode::mov:
      return move(rows, instruction, mask);
    case Opcode::cvt:
      return convert(rows, instruction, mask);
    case Opcode::setp:
      return compare(rows, instruction, mask);
    case Opcode::selp:
      return select(rows, instruction, mask);
    default:
      return is_floating(instruction.type) ? operate_on_floats(rows, instruction, mask)
                                           : operate_on_integers(rows, instruction, mask);
  }
}

}  // namespace software_gpu
