#include "execute.h"

#include "number_formats.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

namespace software_gpu {

namespace {

constexpr int lanes_of_warp = 32;
// Products of two 64-bit numbers; both compilers have the type, and the standard has not.
__extension__ using Wide = __int128;
__extension__ using UnsignedWide = unsigned __int128;
using Mask = std::uint32_t;
using Lanes = std::array<std::uint64_t, lanes_of_warp>;

template <class Value>
Value get(const Lanes& row, int lane) {
  Value value;
  std::memcpy(&value, &row[static_cast<std::size_t>(lane)], sizeof value);
  return value;
}

template <class Value>
void put(Lanes& row, int lane, Value value) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  row[static_cast<std::size_t>(lane)] = bits;
}

template <class Body>
void for_lanes(Mask mask, Body body) {
  if (mask == ~Mask{0}) {
    for (int lane = 0; lane < lanes_of_warp; ++lane)
      body(lane);
    return;
  }
  for (; mask != 0; mask &= mask - 1)
    body(std::countr_zero(mask));
}

float flushed(float value, bool flush) {
  return flush && std::abs(value) < std::numeric_limits<float>::min() ? std::copysign(0.0F, value) : value;
}
double flushed(double value, bool) {
  return value;
}

/// A thread's way to a barrier, or to its end.
enum class State : std::uint8_t { running, at_warp_barrier, at_block_barrier, ended };

struct Warp {
  int first_thread = 0;
  std::array<std::int32_t, lanes_of_warp> next{};
  std::array<State, lanes_of_warp> state{};
  std::uint32_t interval = 1;
  std::vector<Lanes> rows;
  std::vector<std::byte> local;  ///< [lanes, bytes]

  Mask in(State wanted) const {
    Mask mask = 0;
    for (std::size_t lane = 0; lane < state.size(); ++lane)
      mask |= state[lane] == wanted ? Mask{1} << lane : 0;
    return mask;
  }
};

class Block {
 public:
  Block(const Launch& launch, const GlobalMemory& memory, Extent place)
      : launch_(launch),
        function_(*launch.function),
        memory_(memory),
        place_(place),
        shared_(function_.shared_bytes + launch.dynamic_shared_bytes) {
    const int threads = static_cast<int>(launch.block.x * launch.block.y * launch.block.z);
    for (int first = 0; first < threads; first += lanes_of_warp)
      warps_.push_back(make_warp(first, threads));
  }

  void run() {
    for (bool alive = true; alive;) {
      alive = false;
      for (std::size_t i = 0; i < warps_.size(); ++i) {
        warp_number_ = static_cast<int>(i);
        run_warp(warps_[i]);
      }
      for (Warp& warp : warps_) {
        check_same_barrier(warp);
        for (std::size_t lane = 0; lane < warp.state.size(); ++lane) {
          if (warp.state[lane] != State::at_block_barrier) continue;
          warp.state[lane] = State::running;
          ++warp.next[lane];
          alive = true;
        }
      }
      ++interval_;
    }
  }

 private:
  Warp make_warp(int first, int threads) const {
    Warp warp;
    warp.first_thread = first;
    warp.rows.resize(static_cast<std::size_t>(function_.rows));
    warp.local.resize(function_.local_bytes * lanes_of_warp);
    for (const auto& [row, value] : function_.constants)
      warp.rows[static_cast<std::size_t>(row)].fill(value);
    for (int lane = 0; lane < lanes_of_warp; ++lane) {
      if (first + lane >= threads) warp.state[static_cast<std::size_t>(lane)] = State::ended;
      for (const Special& special : function_.specials)
        put(warp.rows[static_cast<std::size_t>(special.row)], lane,
            special_value(special.name, first + lane));
    }
    return warp;
  }

  std::uint64_t special_value(const std::string& name, int thread) const {
    const auto t = static_cast<unsigned>(thread);
    const Extent& b = launch_.block;
    const Extent& g = launch_.grid;
    const std::pair<const char*, unsigned> known[] = {{"%tid.x", t % b.x},
                                                      {"%tid.y", t / b.x % b.y},
                                                      {"%tid.z", t / b.x / b.y},
                                                      {"%ntid.x", b.x},
                                                      {"%ntid.y", b.y},
                                                      {"%ntid.z", b.z},
                                                      {"%ctaid.x", place_.x},
                                                      {"%ctaid.y", place_.y},
                                                      {"%ctaid.z", place_.z},
                                                      {"%nctaid.x", g.x},
                                                      {"%nctaid.y", g.y},
                                                      {"%nctaid.z", g.z},
                                                      {"%laneid", t % lanes_of_warp},
                                                      {"%warpid", t / lanes_of_warp}};
    for (const auto& [special, value] : known) {
      if (name == special) return value;
    }
    if (name == "%globaltimer") {
      return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch() /
                                        std::chrono::nanoseconds(1));
    }
    throw Fault(function_.name + ": unknown register " + name);
  }

  void check_same_barrier(const Warp& warp) const {
    std::int32_t at = -1;
    for (std::size_t lane = 0; lane < warp.state.size(); ++lane) {
      if (warp.state[lane] != State::at_block_barrier) continue;
      if (at >= 0 && warp.next[lane] != at)
        throw Fault(function_.name + ": threads of a warp wait at different barriers");
      at = warp.next[lane];
    }
  }

  void run_warp(Warp& warp) {
    while (const Mask running = warp.in(State::running)) {
      std::int32_t behind = std::numeric_limits<std::int32_t>::max(), ahead = behind;
      Mask group = 0;
      for_lanes(running, [&](int lane) {
        const std::int32_t at = warp.next[static_cast<std::size_t>(lane)];
        if (at < behind) {
          ahead = behind;
          behind = at;
          group = 0;
        } else if (at > behind) {
          ahead = std::min(ahead, at);
        }
        if (at == behind) group |= Mask{1} << lane;
      });
      advance(warp, group, behind, ahead);
    }
    if (warp.in(State::at_warp_barrier) != 0)
      throw Fault(function_.name + ": threads wait for lanes of their warp that do not come");
  }

  /// Runs the lanes of `group` from instruction `at` until they part, wait, end, or meet those that are
  /// `ahead`.
  void advance(Warp& warp, Mask group, std::int32_t at, std::int32_t ahead) {
    const auto leave = [&](Mask mask, std::int32_t next, State state) {
      for_lanes(mask, [&](int lane) {
        warp.next[static_cast<std::size_t>(lane)] = next;
        warp.state[static_cast<std::size_t>(lane)] = state;
      });
    };
    while (true) {
      const Instruction& instruction = function_.instructions[static_cast<std::size_t>(at)];
      Mask mask = group;
      if (instruction.guard != no_row) {
        mask = 0;
        for_lanes(group, [&](int lane) {
          const bool set = get<std::uint8_t>(row(warp, instruction.guard), lane) != 0;
          if (set != instruction.negated_guard) mask |= Mask{1} << lane;
        });
      }
      std::int32_t next = at + 1;
      switch (instruction.opcode) {
        case Opcode::bra:
          if (mask == group) {
            next = instruction.target;
          } else if (mask != 0) {
            leave(mask, instruction.target, State::running);
            leave(group & ~mask, next, State::running);
            return;
          }
          break;
        case Opcode::ret:
          leave(mask, at, State::ended);
          group &= ~mask;
          if (group == 0) return;
          break;
        case Opcode::bar_sync:
          if (instruction.sources.size() != 1 || row(warp, instruction.sources[0])[0] != 0)
            throw Fault(function_.name + ": only barrier 0 of a whole block is known");
          leave(mask, at, State::at_block_barrier);
          leave(group & ~mask, next, State::running);
          return;
        case Opcode::bar_warp:
        case Opcode::shfl:
          leave(mask, at, State::at_warp_barrier);
          leave(group & ~mask, next, State::running);
          meet(warp, instruction, at);
          return;
        default:
          if (mask != 0) perform(warp, instruction, mask, at);
      }
      at = next;
      if (at >= ahead) {
        leave(group, at, State::running);
        return;
      }
    }
  }

  /// Lets the lanes at `at` go on when all that the instruction names have come.
  void meet(Warp& warp, const Instruction& instruction, std::int32_t at) {
    Mask come = 0;
    for (std::size_t lane = 0; lane < warp.state.size(); ++lane) {
      if (warp.state[lane] == State::at_warp_barrier && warp.next[lane] == at) come |= Mask{1} << lane;
    }
    const auto wanted = get<Mask>(row(warp, instruction.sources.back()), std::countr_zero(come));
    const Mask ended = warp.in(State::ended);
    if ((wanted & ~ended & ~come) != 0) return;
    if ((come & ~wanted) != 0)
      throw Fault(function_.name + ": a lane waits for others and does not name itself");
    if (instruction.opcode == Opcode::shfl) {
      if ((wanted & ended) != 0)
        throw Fault(function_.name + ": values of lanes that have ended are asked for");
      exchange(warp, instruction, come);
    } else {
      ++warp.interval;
    }
    for_lanes(come, [&](int lane) {
      ++warp.next[static_cast<std::size_t>(lane)];
      warp.state[static_cast<std::size_t>(lane)] = State::running;
    });
  }

  void exchange(Warp& warp, const Instruction& instruction, Mask mask) {
    const Lanes values = row(warp, instruction.sources[0]);
    const Lanes& distance = row(warp, instruction.sources[1]);
    const Lanes& clamp = row(warp, instruction.sources[2]);
    for_lanes(mask, [&](int lane) {
      const int by = static_cast<int>(get<std::uint32_t>(distance, lane) & 31);
      const auto c = get<std::uint32_t>(clamp, lane);
      const int segment = static_cast<int>(c >> 8 & 31);
      const int last = (lane & segment) | (static_cast<int>(c & 31) & ~segment);
      const int first = lane & segment;
      int from = lane;
      bool valid = true;
      switch (instruction.exchange) {
        case Exchange::butterfly:
          from = lane ^ by;
          valid = from <= last;
          break;
        case Exchange::down:
          from = lane + by;
          valid = from <= last;
          break;
        case Exchange::up:
          from = lane - by;
          valid = from >= last;
          break;
        case Exchange::index:
          from = first | (by & ~segment);
          valid = from <= last;
          break;
      }
      if (!valid) from = lane;
      if ((mask >> from & 1) == 0)
        throw Fault(function_.name + ": the value of a lane that is not there is asked for");
      put(row(warp, instruction.targets[0]), lane, get<std::uint32_t>(values, from));
      if (instruction.targets.size() > 1)
        put(row(warp, instruction.targets[1]), lane, static_cast<std::uint8_t>(valid));
    });
  }

  static Lanes& row(Warp& warp, Row index) { return warp.rows[static_cast<std::size_t>(index)]; }
  static const Lanes& row(const Warp& warp, Row index) { return warp.rows[static_cast<std::size_t>(index)]; }

  [[noreturn]] void unknown(const Instruction& instruction) const {
    throw Fault(function_.name + ": nothing is known of " + instruction.text);
  }

  void perform(Warp& warp, const Instruction& i, Mask mask, std::int32_t at) {
    switch (i.opcode) {
      case Opcode::ld:
      case Opcode::st:
        return access(warp, i, mask, at);
      case Opcode::prefetch:
      case Opcode::nop:
        return;
      case Opcode::mov:
        return move(warp, i, mask);
      case Opcode::cvt:
        return convert(warp, i, mask);
      case Opcode::cvta:
        return convert_address(warp, i, mask);
      case Opcode::setp:
        return compare(warp, i, mask);
      case Opcode::selp:
        return for_lanes(mask, [&](int lane) {
          const bool first = get<std::uint8_t>(row(warp, i.sources[2]), lane) != 0;
          row(warp, i.targets[0])[static_cast<std::size_t>(lane)] =
              row(warp, i.sources[first ? 0 : 1])[static_cast<std::size_t>(lane)];
        });
      default:
        return arithmetic(warp, i, mask);
    }
  }

  void move(Warp& warp, const Instruction& i, Mask mask) {
    const std::size_t bits = 8 * bytes_of(i.type);
    if (i.sources.size() == 1 && i.targets.size() == 1) {
      for_lanes(mask, [&](int lane) {
        std::uint64_t value = row(warp, i.sources[0])[static_cast<std::size_t>(lane)];
        if (function_is_clock(i.sources[0])) value = special_value("%globaltimer", 0);
        row(warp, i.targets[0])[static_cast<std::size_t>(lane)] =
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
        whole = row(warp, i.sources[0])[l];
      } else {
        for (std::size_t part = 0; part < parts; ++part)
          whole |= (row(warp, i.sources[part])[l] & part_mask) << (part * width);
      }
      if (i.targets.size() == 1) {
        row(warp, i.targets[0])[l] = whole;
      } else {
        for (std::size_t part = 0; part < parts; ++part)
          row(warp, i.targets[part])[l] = whole >> (part * width) & part_mask;
      }
    });
  }

  bool function_is_clock(Row wanted) const {
    return std::any_of(function_.specials.begin(), function_.specials.end(),
                       [&](const Special& s) { return s.row == wanted && s.name == "%globaltimer"; });
  }

  void convert_address(Warp& warp, const Instruction& i, Mask mask) {
    const std::uint64_t window = i.space == Space::shared  ? shared_window
                                 : i.space == Space::local ? local_window
                                                           : 0;
    for_lanes(mask, [&](int lane) {
      const std::uint64_t value = row(warp, i.sources[0])[static_cast<std::size_t>(lane)];
      row(warp, i.targets[0])[static_cast<std::size_t>(lane)] = i.to_space ? value - window : value + window;
    });
  }

  void access(Warp& warp, const Instruction& i, Mask mask, std::int32_t at) {
    const bool store = i.opcode == Opcode::st;
    const std::size_t size = bytes_of(i.type);
    const std::size_t count = store ? i.sources.size() - 1 : i.targets.size();
    const bool sign = i.type == Type::s8 || i.type == Type::s16 || i.type == Type::s32;
    for_lanes(mask, [&](int lane) {
      const auto l = static_cast<std::size_t>(lane);
      std::uint64_t address = row(warp, i.sources[0])[l] + static_cast<std::uint64_t>(i.offset);
      Space space = i.space;
      if (space == Space::shared || space == Space::local || space == Space::param)
        address &= window_bytes - 1;
      if (space == Space::generic) {
        space = address >> 48 == shared_window >> 48  ? Space::shared
                : address >> 48 == local_window >> 48 ? Space::local
                                                      : Space::global;
        if (space != Space::global) address &= window_bytes - 1;
      }
      std::byte* place = nullptr;
      try {
        place = located(warp, space, address, size * count, store, lane);
      } catch (const Fault& fault) {
        throw Fault(function_.name + ": instruction " + std::to_string(at) + ", " + i.text + ", block " +
                    std::to_string(place_.x) + "," + std::to_string(place_.y) + "," +
                    std::to_string(place_.z) + ", thread " + std::to_string(warp.first_thread + lane) + ": " +
                    fault.what());
      }
      for (std::size_t element = 0; element < count; ++element) {
        if (store) {
          std::memcpy(place + element * size, &row(warp, i.sources[element + 1])[l], size);
          continue;
        }
        std::uint64_t value = 0;
        std::memcpy(&value, place + element * size, size);
        if (sign) {
          const std::size_t unused = 64 - 8 * size;
          value = static_cast<std::uint64_t>(static_cast<std::int64_t>(value << unused) >> unused);
        }
        row(warp, i.targets[element])[l] = value;
      }
    });
  }

  std::byte* located(Warp& warp, Space space, std::uint64_t address, std::size_t bytes, bool store,
                     int lane) {
    switch (space) {
      case Space::shared: {
        const Moment moment{warp.first_thread + lane, warp_number_, interval_, warp.interval};
        return store ? shared_.write(address, bytes, moment)
                     : const_cast<std::byte*>(shared_.read(address, bytes, moment));
      }
      case Space::local:
        if (address + bytes > function_.local_bytes)
          throw Fault("local memory: byte " + std::to_string(address));
        return warp.local.data() + static_cast<std::size_t>(lane) * function_.local_bytes + address;
      case Space::param:
        if (address + bytes > launch_.parameters.size())
          throw Fault("parameters: byte " + std::to_string(address));
        return const_cast<std::byte*>(launch_.parameters.data()) + address;
      case Space::constant:
        break;
      case Space::generic:
      case Space::global:
        if (address % bytes != 0)
          throw Fault("global memory: an address that is not aligned for " + std::to_string(bytes));
        if (!memory_.holds(address, bytes))
          throw Fault("global memory: " + std::to_string(bytes) + " bytes outside all allocations");
        break;
    }
    return reinterpret_cast<std::byte*>(
        address);  // NOLINT: addresses of the device are addresses of this process
  }

  void compare(Warp& warp, const Instruction& i, Mask mask) {
    switch (i.type) {
      case Type::s16:
        return compare_as<std::int16_t>(warp, i, mask);
      case Type::u16:
      case Type::b16:
        return compare_as<std::uint16_t>(warp, i, mask);
      case Type::s32:
        return compare_as<std::int32_t>(warp, i, mask);
      case Type::u32:
      case Type::b32:
        return compare_as<std::uint32_t>(warp, i, mask);
      case Type::s64:
        return compare_as<std::int64_t>(warp, i, mask);
      case Type::u64:
      case Type::b64:
        return compare_as<std::uint64_t>(warp, i, mask);
      case Type::f32:
        return compare_as<float>(warp, i, mask);
      case Type::f64:
        return compare_as<double>(warp, i, mask);
      default:
        unknown(i);
    }
  }

  template <class Value>
  void compare_as(Warp& warp, const Instruction& i, Mask mask) {
    for_lanes(mask, [&](int lane) {
      Value a = get<Value>(row(warp, i.sources[0]), lane), b = get<Value>(row(warp, i.sources[1]), lane);
      if constexpr (std::is_same_v<Value, float>) {
        a = flushed(a, i.flush);
        b = flushed(b, i.flush);
      }
      bool result = holds(i.comparison, a, b);
      bool opposite = !result;
      if (i.join != Join::none) {
        const bool c = get<std::uint8_t>(row(warp, i.sources[2]), lane) != 0;
        const auto joined = [&](bool value) {
          return i.join == Join::and_ ? value && c : i.join == Join::or_ ? value || c : value != c;
        };
        result = joined(result);
        opposite = joined(opposite);
      }
      put(row(warp, i.targets[0]), lane, static_cast<std::uint8_t>(result));
      if (i.targets.size() > 1) put(row(warp, i.targets[1]), lane, static_cast<std::uint8_t>(opposite));
    });
  }

  template <class Value>
  static bool holds(Comparison comparison, Value a, Value b) {
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

  void arithmetic(Warp& warp, const Instruction& i, Mask mask) {
    switch (i.type) {
      case Type::pred:
        return integers<std::uint8_t, std::uint8_t>(warp, i, mask);
      case Type::u16:
      case Type::b16:
        return integers<std::uint16_t, std::uint32_t>(warp, i, mask);
      case Type::s16:
        return integers<std::int16_t, std::int32_t>(warp, i, mask);
      case Type::u32:
      case Type::b32:
        return integers<std::uint32_t, std::uint64_t>(warp, i, mask);
      case Type::s32:
        return integers<std::int32_t, std::int64_t>(warp, i, mask);
      case Type::u64:
      case Type::b64:
        return integers<std::uint64_t, UnsignedWide>(warp, i, mask);
      case Type::s64:
        return integers<std::int64_t, Wide>(warp, i, mask);
      case Type::f32:
        return floats<float>(warp, i, mask);
      case Type::f64:
        return floats<double>(warp, i, mask);
      case Type::bf16:
      case Type::bf16x2:
      case Type::f16:
      case Type::f16x2:
        return halves(warp, i, mask);
      default:
        unknown(i);
    }
  }

  template <class Value, class Operation>
  void unary(Warp& warp, const Instruction& i, Mask mask, Operation operation) {
    Lanes& target = row(warp, i.targets[0]);
    const Lanes& a = row(warp, i.sources[0]);
    for_lanes(mask, [&](int lane) { put(target, lane, operation(get<Value>(a, lane))); });
  }

  template <class Value, class Operation>
  void binary(Warp& warp, const Instruction& i, Mask mask, Operation operation) {
    Lanes& target = row(warp, i.targets[0]);
    const Lanes& a = row(warp, i.sources[0]);
    const Lanes& b = row(warp, i.sources[1]);
    for_lanes(mask,
              [&](int lane) { put(target, lane, operation(get<Value>(a, lane), get<Value>(b, lane))); });
  }

  template <class Value, class Product>
  void integers(Warp& warp, const Instruction& i, Mask mask) {
    using Bits = std::make_unsigned_t<Value>;
    constexpr unsigned width = 8 * sizeof(Value);
    const auto bits = [](auto value) { return static_cast<Value>(value); };
    switch (i.opcode) {
      case Opcode::add:
        return binary<Value>(warp, i, mask, [&](Value a, Value b) {
          return bits(static_cast<Bits>(a) + static_cast<Bits>(b));
        });
      case Opcode::sub:
        return binary<Value>(warp, i, mask, [&](Value a, Value b) {
          return bits(static_cast<Bits>(a) - static_cast<Bits>(b));
        });
      case Opcode::mul:
      case Opcode::mad:
        return multiply<Value, Product>(warp, i, mask);
      case Opcode::div:
        return binary<Value>(warp, i, mask, [&](Value a, Value b) {
          if (b == 0) throw Fault(function_.name + ": division by zero");
          return bits(a / b);
        });
      case Opcode::rem:
        return binary<Value>(warp, i, mask, [&](Value a, Value b) {
          if (b == 0) throw Fault(function_.name + ": division by zero");
          return bits(a % b);
        });
      case Opcode::min:
        return binary<Value>(warp, i, mask, [](Value a, Value b) { return std::min(a, b); });
      case Opcode::max:
        return binary<Value>(warp, i, mask, [](Value a, Value b) { return std::max(a, b); });
      case Opcode::and_:
        return binary<Value>(warp, i, mask, [&](Value a, Value b) { return bits(a & b); });
      case Opcode::or_:
        return binary<Value>(warp, i, mask, [&](Value a, Value b) { return bits(a | b); });
      case Opcode::xor_:
        return binary<Value>(warp, i, mask, [&](Value a, Value b) { return bits(a ^ b); });
      case Opcode::not_:
        return unary<Value>(warp, i, mask,
                            [&](Value a) { return i.type == Type::pred ? bits(a == 0) : bits(~a); });
      case Opcode::neg:
        return unary<Value>(warp, i, mask, [&](Value a) { return bits(Bits{0} - static_cast<Bits>(a)); });
      case Opcode::abs:
        return unary<Value>(warp, i, mask,
                            [&](Value a) { return a < 0 ? bits(Bits{0} - static_cast<Bits>(a)) : a; });
      case Opcode::popc:
        return unary<Bits>(warp, i, mask,
                           [](Bits a) { return static_cast<std::uint32_t>(std::popcount(a)); });
      case Opcode::clz:
        return unary<Bits>(warp, i, mask,
                           [](Bits a) { return static_cast<std::uint32_t>(std::countl_zero(a)); });
      case Opcode::shl:
      case Opcode::shr:
        return for_lanes(mask, [&](int lane) {
          const auto a = get<Value>(row(warp, i.sources[0]), lane);
          const auto by = get<std::uint32_t>(row(warp, i.sources[1]), lane);
          Value result = 0;
          if (i.opcode == Opcode::shl) {
            result = by >= width ? Value{0} : bits(static_cast<std::uint64_t>(static_cast<Bits>(a)) << by);
          } else {
            result = by >= width ? bits(a < 0 ? -1 : 0) : bits(a >> by);
          }
          put(row(warp, i.targets[0]), lane, result);
        });
      case Opcode::bfi:
        return for_lanes(mask, [&](int lane) {
          const auto a = get<Bits>(row(warp, i.sources[0]), lane),
                     b = get<Bits>(row(warp, i.sources[1]), lane);
          const unsigned start = get<std::uint32_t>(row(warp, i.sources[2]), lane) & 0xff;
          const unsigned count = get<std::uint32_t>(row(warp, i.sources[3]), lane) & 0xff;
          Bits field = 0;
          for (unsigned bit = start; bit < std::min(start + count, width); ++bit)
            field = static_cast<Bits>(field | Bits{1} << bit);
          const Bits moved = start >= width ? Bits{0} : static_cast<Bits>(a << start);
          put(row(warp, i.targets[0]), lane, static_cast<Bits>((b & ~field) | (moved & field)));
        });
      case Opcode::prmt:
        return for_lanes(mask, [&](int lane) {
          const std::uint64_t pool =
              get<std::uint32_t>(row(warp, i.sources[0]), lane) |
              static_cast<std::uint64_t>(get<std::uint32_t>(row(warp, i.sources[1]), lane)) << 32;
          const auto selector = get<std::uint32_t>(row(warp, i.sources[2]), lane);
          std::uint32_t result = 0;
          for (unsigned byte = 0; byte < 4; ++byte) {
            const unsigned choice = selector >> (4 * byte) & 15;
            auto value = static_cast<std::uint32_t>(pool >> (8 * (choice & 7)) & 0xff);
            if ((choice & 8) != 0) value = (value & 0x80) != 0 ? 0xff : 0;
            result |= value << (8 * byte);
          }
          put(row(warp, i.targets[0]), lane, result);
        });
      default:
        unknown(i);
    }
  }

  template <class Value, class Product>
  void multiply(Warp& warp, const Instruction& i, Mask mask) {
    for_lanes(mask, [&](int lane) {
      const Product product =
          static_cast<Product>(static_cast<Product>(get<Value>(row(warp, i.sources[0]), lane)) *
                               static_cast<Product>(get<Value>(row(warp, i.sources[1]), lane)));
      Lanes& target = row(warp, i.targets[0]);
      const bool add = i.opcode == Opcode::mad;
      if (i.part == Part::wide) {
        if constexpr (sizeof(Product) <= 8)
          put(target, lane,
              static_cast<Product>(product +
                                   (add ? get<Product>(row(warp, i.sources[2]), lane) : Product{0})));
        return;
      }
      using Bits = std::make_unsigned_t<Value>;
      const auto kept = static_cast<Bits>(i.part == Part::high ? product >> (8 * sizeof(Value)) : product);
      put(target, lane, static_cast<Bits>(kept + (add ? get<Bits>(row(warp, i.sources[2]), lane) : Bits{0})));
    });
  }

  template <class Value>
  void floats(Warp& warp, const Instruction& i, Mask mask) {
    const bool flush = i.flush;
    const bool saturate = i.saturate;
    const auto in = [flush](Value value) { return flushed(value, flush); };
    const auto out = [flush, saturate](Value value) {
      value = flushed(value, flush);
      return saturate ? (value >= Value{0} ? std::min(value, Value{1}) : Value{0}) : value;
    };
    const auto one = [&](auto operation) {
      unary<Value>(warp, i, mask, [&](Value a) { return out(operation(in(a))); });
    };
    const auto two = [&](auto operation) {
      binary<Value>(warp, i, mask, [&](Value a, Value b) { return out(operation(in(a), in(b))); });
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
        return binary<Value>(warp, i, mask, [](Value a, Value b) { return std::copysign(b, a); });
      case Opcode::fma:
      case Opcode::mad:
        return for_lanes(mask, [&](int lane) {
          put(row(warp, i.targets[0]), lane,
              out(std::fma(in(get<Value>(row(warp, i.sources[0]), lane)),
                           in(get<Value>(row(warp, i.sources[1]), lane)),
                           in(get<Value>(row(warp, i.sources[2]), lane)))));
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

  /// bfloat16 and half precision, one or two in a register: computed in single precision and rounded once.
  void halves(Warp& warp, const Instruction& i, Mask mask) {
    const bool brain = i.type == Type::bf16 || i.type == Type::bf16x2;
    const int parts = i.type == Type::bf16x2 || i.type == Type::f16x2 ? 2 : 1;
    const auto value = [&](Row source, int lane, int part) {
      const auto bits =
          static_cast<std::uint16_t>(row(warp, source)[static_cast<std::size_t>(lane)] >> (16 * part));
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
      row(warp, i.targets[0])[static_cast<std::size_t>(lane)] = result;
    });
  }

  double half_result(const Instruction& i, double a, double b, double c) const {
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

  void convert(Warp& warp, const Instruction& i, Mask mask) {
    // Two values into one register: the first goes to the upper half.
    if (i.type == Type::bf16x2 || i.type == Type::f16x2 || i.type == Type::e4m3x2 || i.type == Type::e5m2x2) {
      if (i.source != Type::f32) unknown(i);
      return for_lanes(mask, [&](int lane) {
        const std::uint64_t high = narrow(i, get<float>(row(warp, i.sources[0]), lane));
        const std::uint64_t low = narrow(i, get<float>(row(warp, i.sources[1]), lane));
        row(warp, i.targets[0])[static_cast<std::size_t>(lane)] = high << (4 * bytes_of(i.type)) | low;
      });
    }
    for_lanes(mask, [&](int lane) {
      Lanes& target = row(warp, i.targets[0]);
      const Lanes& source = row(warp, i.sources[0]);
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

  std::uint16_t narrow(const Instruction& i, double value) const {
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

  template <class Value>
  void convert_integer(const Instruction& i, Lanes& target, int lane, Value value) const {
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
  void convert_real(const Instruction& i, Lanes& target, int lane, Value value) const {
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

  template <class Integer, class Value>
  static Integer clamped(Value value) {
    if (std::isnan(value)) return 0;
    const auto wide = static_cast<long double>(value);
    constexpr auto least = std::numeric_limits<Integer>::min(), most = std::numeric_limits<Integer>::max();
    if (wide <= static_cast<long double>(least)) return least;
    if (wide >= static_cast<long double>(most)) return most;
    return static_cast<Integer>(value);
  }

  const Launch& launch_;
  const Function& function_;
  const GlobalMemory& memory_;
  Extent place_;
  SharedMemory shared_;
  std::vector<Warp> warps_;
  int warp_number_ = 0;
  std::uint32_t interval_ = 1;
};

}  // namespace

void execute(const Launch& launch, const GlobalMemory& memory) {
  for (unsigned z = 0; z < launch.grid.z; ++z) {
    for (unsigned y = 0; y < launch.grid.y; ++y) {
      for (unsigned x = 0; x < launch.grid.x; ++x)
        Block(launch, memory, {x, y, z}).run();
    }
  }
}

}  // namespace software_gpu
