#include "kernel_file/interface.h"

#include <algorithm>
#include <cstdlib>

namespace trainbudget::microbench {

namespace {

using Tensors = std::vector<FileTensor>;
constexpr ElementType single = ElementType::float32;
constexpr std::int64_t checkpoint = 16;

Tensors rwkv4_tensors(ElementType type) {
  return {{"w", "w", Extent::channels, single, false, Form::negated_exponential},
          {"u", "u", Extent::channels, type},
          {"k", "k", Extent::tokens, type},
          {"v", "v", Extent::tokens, type},
          {"y", "y", Extent::tokens, type, true},
          {"gy", "d_y", Extent::tokens, type},
          {"gw", "d_w", Extent::per_sequence, type, true},
          {"gu", "d_u", Extent::per_sequence, type, true},
          {"gk", "d_k", Extent::tokens, type, true},
          {"gv", "d_v", Extent::tokens, type, true}};
}

Tensors linear_tensors(bool decay_per_token) {
  Tensors tensors{
      {"r", "r"},
      {"k", "k"},
      {"v", "v"},
      {"u", "u", Extent::channels},
      {"y", "y", Extent::tokens, ElementType::bfloat16, true},
      {"gy", "d_y"},
      {"gr", "d_r", Extent::tokens, ElementType::bfloat16, true},
      {"gk", "d_k", Extent::tokens, ElementType::bfloat16, true},
      {"gv", "d_v", Extent::tokens, ElementType::bfloat16, true},
      {"gw", "d_w", decay_per_token ? Extent::tokens : Extent::per_sequence, ElementType::bfloat16, true},
      {"gu", "d_u", Extent::per_sequence, ElementType::bfloat16, true}};
  if (decay_per_token) {
    tensors.push_back({"w", "w"});
  } else {
    tensors.push_back({"w", "w", Extent::channels, single, false, Form::decay});
    tensors.push_back({"ww", "w", Extent::channels, single, false, Form::negated_exponential});
  }
  return tensors;
}

Tensors rwkv7_tensors() {
  Tensors tensors;
  for (const std::string_view name : {"r", "w", "k", "v", "a", "b"})
    tensors.push_back({name, name});
  tensors.push_back({"y", "y", Extent::tokens, ElementType::bfloat16, true});
  // Saved for the gradient in an order of the file's own.
  tensors.push_back({"s", "", Extent::checkpoints, single, true});
  tensors.push_back({"sa", "", Extent::tokens, single, true});
  tensors.push_back({"dy", "d_y"});
  for (const std::string_view name : {"d_r", "d_w", "d_k", "d_v", "d_a", "d_b"})
    tensors.push_back({name, name, Extent::tokens, ElementType::bfloat16, true});
  return tensors;
}

KernelInterface clamped(std::string_view name, std::string_view summary, std::string_view forward,
                        std::string_view backward, std::int64_t head_size) {
  return {
      .name = name,
      .summary = summary,
      .forward_kernel = "wkv7_forward",
      .backward_kernel = "wkv7_backward",
      .forward_symbol = forward,
      .backward_symbol = backward,
      .integers = Integers::batch_time_heads,
      .tensors = rwkv7_tensors(),
      .forward = {"r", "w", "k", "v", "a", "b", "y", "s", "sa"},
      .backward = {"r", "w", "k", "v", "a", "b", "dy", "s", "sa", "d_r", "d_w", "d_k", "d_v", "d_a", "d_b"},
      .macros = {{"_N_", head_size}, {"_CHUNK_LEN_", checkpoint}},
      .head_size = head_size,
      .time_multiple = checkpoint};
}

#define TB_WKV7_FORWARD "iiiP13__nv_bfloat16S0_S0_S0_S0_S0_S0_PfS1_"
#define TB_WKV7_BACKWARD "iiiP13__nv_bfloat16S0_S0_S0_S0_S0_S0_PfS1_S0_S0_S0_S0_S0_S0_"

std::vector<KernelInterface> make_interfaces() {
  return {
      {.name = "wkv4",
       .summary = "RWKV-4, fp32: cuda_forward(B,T,C, w,u,k,v,y)",
       .forward_kernel = "wkv4_fp32_forward",
       .backward_kernel = "wkv4_fp32_backward",
       .forward_symbol = "_Z12cuda_forwardiiiPfS_S_S_S_",
       .backward_symbol = "_Z13cuda_backwardiiiPfS_S_S_S_S_S_S_S_S_",
       .integers = Integers::batch_time_channels,
       .tensors = rwkv4_tensors(single),
       .forward = {"w", "u", "k", "v", "y"},
       .backward = {"w", "u", "k", "v", "y", "gy", "gw", "gu", "gk", "gv"},
       .macros = {{"Tmax", 0}},
       .flags = {"--maxrregcount", "60"},
       .head_size = 1},
      {.name = "wkv4_bf16",
       .summary = "RWKV-4, bf16 with w in fp32: cuda_forward(B,T,C, w,u,k,v,y)",
       .forward_kernel = "wkv4_forward",
       .backward_kernel = "wkv4_backward",
       .forward_symbol = "_Z12cuda_forwardiiiPfP13__nv_bfloat16S1_S1_S1_",
       .backward_symbol = "_Z13cuda_backwardiiiPfP13__nv_bfloat16S1_S1_S1_S1_S1_S1_S1_S1_",
       .integers = Integers::batch_time_channels,
       .tensors = rwkv4_tensors(ElementType::bfloat16),
       .forward = {"w", "u", "k", "v", "y"},
       .backward = {"w", "u", "k", "v", "y", "gy", "gw", "gu", "gk", "gv"},
       .macros = {{"Tmax", 0}},
       .flags = {"--maxrregcount", "60"},
       .head_size = 1},
      {.name = "wkv5",
       .summary = "RWKV-5.2: cuda_forward(B,T,C,H, r,k,v,w,u,y)",
       .forward_kernel = "wkv5_forward",
       .backward_kernel = "wkv5_backward",
       .forward_symbol = "_Z12cuda_forwardiiiiP13__nv_bfloat16S0_S0_PfS0_S0_",
       .backward_symbol = "_Z13cuda_backwardiiiiP13__nv_bfloat16S0_S0_PfS1_S0_S0_S0_S0_S0_S0_S0_",
       .integers = Integers::batch_time_channels_heads,
       .tensors = linear_tensors(false),
       .forward = {"r", "k", "v", "w", "u", "y"},
       .backward = {"r", "k", "v", "w", "ww", "u", "gy", "gr", "gk", "gv", "gw", "gu"},
       .macros = {{"_N_", 64}}},
      {.name = "wkv6",
       .summary = "RWKV-6: cuda_forward(B,T,C,H, r,k,v,w,u,y)",
       .forward_kernel = "wkv6_forward",
       .backward_kernel = "wkv6_backward",
       .forward_symbol = "_Z12cuda_forwardiiiiP13__nv_bfloat16S0_S0_S0_S0_S0_",
       .backward_symbol = "_Z13cuda_backwardiiiiP13__nv_bfloat16S0_S0_S0_S0_S0_S0_S0_S0_S0_S0_",
       .integers = Integers::batch_time_channels_heads,
       .tensors = linear_tensors(true),
       .forward = {"r", "k", "v", "w", "u", "y"},
       .backward = {"r", "k", "v", "w", "u", "gy", "gr", "gk", "gv", "gw", "gu"},
       .macros = {{"_N_", 64}, {"_T_", 0}},
       .least_time = 3},
      {.name = "wkv7",
       .summary = "RWKV-7, w first and not clamped: cuda_forward(B,T,H, w,q,k,v,z,a,y,s,sa)",
       .forward_kernel = "wkv7_exponential_forward",
       .backward_kernel = "wkv7_exponential_backward",
       .forward_symbol = "_Z12cuda_forward" TB_WKV7_FORWARD,
       .backward_symbol = "_Z13cuda_backward" TB_WKV7_BACKWARD,
       .integers = Integers::batch_time_heads,
       .tensors = rwkv7_tensors(),
       .forward = {"w", "r", "k", "v", "a", "b", "y", "s", "sa"},
       .backward = {"w", "r", "k", "v", "a", "b", "dy", "s", "sa", "d_w", "d_r", "d_k", "d_v", "d_a", "d_b"},
       .macros = {{"_C_", 64}, {"_CHUNK_LEN_", checkpoint}},
       .time_multiple = checkpoint},
      clamped("wkv7_clampw", "RWKV-7, r first, w clamped inside: cuda_forward(B,T,H, r,w,k,v,a,b,y,s,sa)",
              "_Z12cuda_forward" TB_WKV7_FORWARD, "_Z13cuda_backward" TB_WKV7_BACKWARD, 64),
      clamped("wkv7_clampw_v3", "the same as cuda_forward_v3 and cuda_backward_v3",
              "_Z15cuda_forward_v3" TB_WKV7_FORWARD, "_Z16cuda_backward_v3" TB_WKV7_BACKWARD, 64),
      clamped("wkv7_clampw_128", "the same for heads of 128: cuda_forward_128_v2 and cuda_backward_128_v2",
              "_Z19cuda_forward_128_v2" TB_WKV7_FORWARD, "_Z20cuda_backward_128_v2" TB_WKV7_BACKWARD, 128),
  };
}

/// The number that `definitions` give to `name`, or 0.
std::int64_t defined(const std::vector<std::string>& definitions, std::string_view name) {
  for (const std::string& definition : definitions) {
    if (definition.size() > name.size() && definition.compare(0, name.size(), name) == 0 &&
        definition[name.size()] == '=') {
      return std::strtoll(definition.c_str() + name.size() + 1, nullptr, 10);
    }
  }
  return 0;
}

bool defines(const std::vector<std::string>& definitions, std::string_view name) {
  return std::any_of(definitions.begin(), definitions.end(), [&](const std::string& definition) {
    return definition.substr(0, definition.find('=')) == name;
  });
}

}  // namespace

const std::vector<KernelInterface>& kernel_interfaces() {
  static const std::vector<KernelInterface> interfaces = make_interfaces();
  return interfaces;
}

const KernelInterface* find_interface(std::string_view name) {
  for (const KernelInterface& interface : kernel_interfaces()) {
    if (interface.name == name) return &interface;
  }
  return nullptr;
}

std::vector<std::string> definitions_for(const KernelInterface& interface, const Shape& shape,
                                         const std::vector<std::string>& given) {
  std::vector<std::string> all = given;
  for (const Macro& macro : interface.macros) {
    if (!defines(given, macro.name))
      all.push_back(std::string(macro.name) + "=" +
                    std::to_string(macro.value == 0 ? shape.sequence : macro.value));
  }
  return all;
}

std::string shape_problem(const KernelInterface& interface, const Shape& shape,
                          const std::vector<std::string>& definitions) {
  const std::string name(interface.name);
  const auto number = [](std::int64_t value) { return std::to_string(value); };
  if (shape.sequence < interface.least_time)
    return name + " takes sequences of " + number(interface.least_time) + " tokens or more";
  if (shape.sequence % interface.time_multiple != 0)
    return name + " takes sequences that are a multiple of " + number(interface.time_multiple);
  if (interface.head_size > 1 && shape.head_size != interface.head_size)
    return name + " takes heads of " + number(interface.head_size);
  for (const Macro& macro : interface.macros) {
    const std::int64_t value = defined(definitions, macro.name);
    if (value <= 0) return "macro " + std::string(macro.name) + " must be a whole number above zero";
    if (macro.value == 0 && shape.sequence > value)
      return "a sequence of " + number(shape.sequence) + " is longer than " + std::string(macro.name) + "=" +
             number(value) + " allows";
    if (macro.value > 1 && value != macro.value)
      return name + " is called with " + std::string(macro.name) + "=" + number(macro.value) + ", not " +
             number(value);
  }
  if (interface.integers == Integers::batch_time_channels &&
      shape.batch * shape.channels % std::min<std::int64_t>(shape.channels, 32) != 0)
    return name + " takes batch × channels that is a multiple of min(channels, 32)";
  // The files index in 32 bit.
  constexpr std::int64_t most = std::int64_t{1} << 31;
  for (const FileTensor& tensor : interface.tensors) {
    if (elements_of(tensor, shape) >= most)
      return "tensor " + std::string(tensor.name) + " has 2^31 elements or more, which the file cannot index";
  }
  return {};
}

std::int64_t elements_of(const FileTensor& tensor, const Shape& shape) {
  switch (tensor.extent) {
    case Extent::tokens:
      return shape.tokens() * shape.channels;
    case Extent::channels:
      return shape.channels;
    case Extent::per_sequence:
      return shape.batch * shape.channels;
    case Extent::checkpoints:
      return shape.tokens() / checkpoint * shape.channels * shape.head_size;
  }
  return 0;
}

}  // namespace trainbudget::microbench
