// The interfaces of the public WKV kernels (BlinkDL/RWKV-LM): which functions a file has, what they take, and
// which reference says what they must compute.
#pragma once

#include "kernels/specification.h"

#include <string>
#include <string_view>
#include <vector>

namespace trainbudget::microbench {

/// How a file wants a value that the reference has in another form.
enum class Form : std::uint8_t {
  same,
  negated_exponential,  ///< -exp(x): the logarithm of a decay
  decay,                ///< exp(-exp(x))
};

/// Sizes of a tensor.
enum class Extent : std::uint8_t {
  tokens,        ///< [B, T, C]
  channels,      ///< [C]
  per_sequence,  ///< [B, C]
  checkpoints,   ///< [B, H, T/16, N, N]
};

struct FileTensor {
  std::string_view name;       ///< in the argument lists below
  std::string_view reference;  ///< the reference's name; empty for what only the file itself reads
  Extent extent = Extent::tokens;
  ElementType type = ElementType::bfloat16;
  bool output = false;  ///< written by the file
  Form form = Form::same;
};

enum class Integers : std::uint8_t { batch_time_channels, batch_time_channels_heads, batch_time_heads };

/// A macro that the file wants; `value` 0 stands for the length of the sequence.
struct Macro {
  std::string_view name;
  std::int64_t value;
};

struct KernelInterface {
  std::string_view name, summary;
  std::string_view forward_kernel, backward_kernel;  ///< whose references count
  std::string_view forward_symbol, backward_symbol;  ///< mangled
  Integers integers;
  std::vector<FileTensor> tensors;
  std::vector<std::string_view> forward, backward;  ///< tensors in the order of the arguments
  std::vector<Macro> macros;
  std::vector<std::string_view> flags;  ///< of the compiler
  std::int64_t head_size = 64;
  std::int64_t time_multiple = 1, least_time = 1;
};

const std::vector<KernelInterface>& kernel_interfaces();
/// Null for an unknown name.
const KernelInterface* find_interface(std::string_view name);

/// `given` and the interface's own macros where `given` does not define them.
std::vector<std::string> definitions_for(const KernelInterface& interface, const Shape& shape,
                                         const std::vector<std::string>& given);

/// Why the interface cannot take `shape` under these definitions, in one sentence, or nothing.
std::string shape_problem(const KernelInterface& interface, const Shape& shape,
                          const std::vector<std::string>& definitions);

std::int64_t elements_of(const FileTensor& tensor, const Shape& shape);

}  // namespace trainbudget::microbench
