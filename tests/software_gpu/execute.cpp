#include "execute.h"

#include "warp.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstring>
#include <limits>

namespace software_gpu {

namespace {

class Block {
 public:
  Block(const Launch& launch, const GlobalMemory& memory, Extent place)
      : launch_(launch),
        function_(*launch.function),
        memory_(memory),
        place_(place),
        shared_(function_.shared_bytes + launch.dynamic_shared_bytes) {
    for (const Special& special : function_.specials) {
      if (special.name == "%globaltimer") clock_row_ = special.row;
    }
    const int threads = static_cast<int>(launch.block.x * launch.block.y * launch.block.z);
    for (int first = 0; first < threads; first += lanes_of_warp)
      warps_.push_back(make_warp(first, threads));
  }

  Traffic run() {
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
    return traffic_;
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
      ++traffic_.instructions;
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

  static Lanes& row(Warp& warp, Row index) { return software_gpu::row(warp.rows, index); }

  void perform(Warp& warp, const Instruction& i, Mask mask, std::int32_t at) {
    switch (i.opcode) {
      case Opcode::ld:
      case Opcode::st:
        return access(warp, i, mask, at);
      case Opcode::cvta:
        return convert_address(warp, i, mask);
      default:
        break;
    }
    if (i.opcode == Opcode::mov && i.sources[0] == clock_row_)
      row(warp, clock_row_).fill(special_value("%globaltimer", 0));
    try {
      operate(warp.rows, i, mask);
    } catch (const Fault& fault) {
      throw Fault(function_.name + ": instruction " + std::to_string(at) + ", " + i.text + ": " +
                  fault.what());
    }
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
    Addresses addresses;
    Mask global = 0, shared = 0;
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
      addresses[l] = address;
      if (space == Space::global) global |= Mask{1} << lane;
      if (space == Space::shared) shared |= Mask{1} << lane;
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
    if (global != 0) count_global(traffic_, addresses, global, size * count);
    if (shared != 0) count_shared(traffic_, addresses, shared, size * count);
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

  const Launch& launch_;
  const Function& function_;
  const GlobalMemory& memory_;
  Extent place_;
  SharedMemory shared_;
  std::vector<Warp> warps_;
  Traffic traffic_;
  int warp_number_ = 0;
  Row clock_row_ = no_row;
  std::uint32_t interval_ = 1;
};

}  // namespace

Traffic execute(const Launch& launch, const GlobalMemory& memory) {
  Traffic traffic;
  for (unsigned z = 0; z < launch.grid.z; ++z) {
    for (unsigned y = 0; y < launch.grid.y; ++y) {
      for (unsigned x = 0; x < launch.grid.x; ++x)
        traffic += Block(launch, memory, {x, y, z}).run();
    }
  }
  return traffic;
}

}  // namespace software_gpu
