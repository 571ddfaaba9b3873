// What nvcc leaves in a program for the driver to translate: PTX, read into instructions that execute.h runs.
// After NVIDIA's "Parallel Thread Execution ISA", of which this knows what the kernels here and those they
// are compared with consist of; anything else is an error that names it.
#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace software_gpu {

class PtxError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class Type : std::uint8_t {
  none,
  pred,
  b8,
  u8,
  s8,
  b16,
  u16,
  s16,
  f16,
  bf16,
  b32,
  u32,
  s32,
  f32,
  f16x2,
  bf16x2,
  b64,
  u64,
  s64,
  f64,
  e4m3x2,
  e5m2x2,
  b128
};

enum class Space : std::uint8_t { generic, global, constant, shared, local, param };

enum class Opcode : std::uint8_t {
  abs,
  add,
  and_,
  bar_sync,
  bar_warp,
  bfi,
  bra,
  clz,
  copysign,
  cos,
  cvt,
  cvta,
  div,
  ex2,
  fma,
  ld,
  lg2,
  mad,
  max,
  min,
  mov,
  mul,
  neg,
  nop,
  not_,
  or_,
  popc,
  prefetch,
  prmt,
  rcp,
  rem,
  ret,
  rsqrt,
  selp,
  setp,
  shfl,
  shl,
  shr,
  sin,
  sqrt,
  st,
  sub,
  tanh,
  xor_
};

enum class Comparison : std::uint8_t { eq, ne, lt, le, gt, ge, equ, neu, ltu, leu, gtu, geu, num, nan };
enum class Part : std::uint8_t { whole, low, high, wide };
enum class Rounding : std::uint8_t {
  none,
  nearest,
  zero,
  down,
  up,
  nearest_integer,
  zero_integer,
  down_integer,
  up_integer
};
enum class Exchange : std::uint8_t { butterfly, down, up, index };
enum class Join : std::uint8_t { none, and_, or_, xor_ };

/// A row of the register file: one value per lane. Constants have rows as well.
using Row = std::int32_t;
inline constexpr Row no_row = -1;

struct Instruction {
  Opcode opcode = Opcode::nop;
  Type type = Type::none;    ///< of the result
  Type source = Type::none;  ///< of what `cvt` and `setp` read
  Space space = Space::generic;
  Comparison comparison = Comparison::eq;
  Part part = Part::whole;
  Rounding rounding = Rounding::none;
  Exchange exchange = Exchange::butterfly;
  Join join = Join::none;
  bool approximate = false;  ///< a fast function of the GPU, with an error of its own
  bool flush = false, saturate = false, to_space = false, negated_guard = false, relu = false;
  Row guard = no_row;                 ///< a predicate without which a lane passes
  std::vector<Row> targets, sources;  ///< in the order of the text; elements of vectors one by one
  std::int64_t offset = 0;            ///< of an address
  std::int32_t target = -1;           ///< of a branch, an index of Function::instructions
  std::string text;                   ///< for messages
};

struct Parameter {
  std::string name;
  std::size_t offset = 0, bytes = 0;
};

/// A special register that differs by thread or block, and the row it is in.
struct Special {
  std::string name;
  Row row;
};

struct Function {
  std::string name;
  std::vector<Parameter> parameters;
  std::size_t parameter_bytes = 0;
  std::vector<Instruction> instructions;
  Row rows = 0;
  std::vector<std::pair<Row, std::uint64_t>> constants;
  std::vector<Special> specials;
  std::size_t shared_bytes = 0;  ///< declared in it; what a launch adds comes after
  std::size_t local_bytes = 0;
  int most_threads = 1024;
};

struct Module {
  std::map<std::string, Function, std::less<>> functions;
  std::map<std::string, std::vector<std::byte>, std::less<>>
      globals;  ///< moved nowhere: addresses are in constants
};

/// Throws PtxError.
Module read_ptx(std::string_view text);

/// Bytes of one value.
std::size_t bytes_of(Type type);

}  // namespace software_gpu
