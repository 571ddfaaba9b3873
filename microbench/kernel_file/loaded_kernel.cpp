#include "kernel_file/loaded_kernel.h"

#include "harness/elements.h"
#include "kernel_file/compiler.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <dlfcn.h>

namespace trainbudget::microbench {

namespace {

// Rounding to bfloat16 of results, and of what such a kernel keeps in between; fast exponentials in fp32.
constexpr double bfloat16_tolerance = 8e-3;
constexpr double float_tolerance = 1e-3;

double in_form(double value, Form form) {
  switch (form) {
    case Form::same:
      return value;
    case Form::negated_exponential:
      return -std::exp(value);
    case Form::decay:
      return std::exp(-std::exp(value));
  }
  return value;
}

std::vector<double> in_form(std::vector<double> values, Form form) {
  for (double& value : values)
    value = in_form(value, form);
  return values;
}

std::size_t bytes_of(const Tensor& tensor) {
  return static_cast<std::size_t>(tensor.count) * size_of(tensor.type);
}

Tensor described(const FileTensor& tensor, const Shape& shape) {
  return {.name = std::string(tensor.name),
          .type = tensor.type,
          .role = tensor.output ? Role::output : Role::input,
          .count = elements_of(tensor, shape),
          .tolerance = tensor.type == ElementType::bfloat16 ? bfloat16_tolerance : float_tolerance};
}

/// Calls a function of `ints` whole numbers and then pointers.
template <std::size_t... ints, std::size_t... pointers>
void call_with(void* function, const int* numbers, void* const* data, std::index_sequence<ints...>,
               std::index_sequence<pointers...>) {
  using Function = void(decltype(ints, int{})..., decltype(pointers, static_cast<void*>(nullptr))...);
  reinterpret_cast<Function*>(function)(numbers[ints]..., data[pointers]...);
}

template <std::size_t ints>
void call_with(void* function, const int* numbers, const std::vector<void*>& data) {
  constexpr auto numbered = std::make_index_sequence<ints>{};
  switch (data.size()) {
    case 5:
      return call_with(function, numbers, data.data(), numbered, std::make_index_sequence<5>{});
    case 6:
      return call_with(function, numbers, data.data(), numbered, std::make_index_sequence<6>{});
    case 9:
      return call_with(function, numbers, data.data(), numbered, std::make_index_sequence<9>{});
    case 10:
      return call_with(function, numbers, data.data(), numbered, std::make_index_sequence<10>{});
    case 11:
      return call_with(function, numbers, data.data(), numbered, std::make_index_sequence<11>{});
    case 12:
      return call_with(function, numbers, data.data(), numbered, std::make_index_sequence<12>{});
    case 15:
      return call_with(function, numbers, data.data(), numbered, std::make_index_sequence<15>{});
    default:
      throw std::logic_error("no call with " + std::to_string(data.size()) + " tensors");
  }
}

void* function_named(void* handle, std::string_view symbol, const KernelInterface& interface) {
  void* found = dlsym(handle, std::string(symbol).c_str());
  if (found == nullptr) {
    throw KernelFileError(
        "the file has no function " + std::string(symbol) + ", which interface " +
            std::string(interface.name) + " calls: " + std::string(interface.summary),
        "'trainbudget-microbench list' shows all interfaces; extern \"C\" functions have other names");
  }
  return found;
}

}  // namespace

Values draw_inputs(const KernelInterface& interface, const Shape& shape, std::uint64_t seed) {
  Values inputs;
  std::uint64_t stream = seed * 1000;
  for (const Tensor& tensor : find_kernel(interface.backward_kernel)->specification().tensors(shape)) {
    ++stream;
    if (tensor.role != Role::input && tensor.role != Role::unread) continue;
    Tensor drawn = tensor;
    for (const FileTensor& file_tensor : interface.tensors) {
      if (file_tensor.reference == tensor.name && file_tensor.form == Form::same)
        drawn.type = file_tensor.type;
    }
    inputs[tensor.name] = draw(drawn, stream);
  }
  return inputs;
}

Values expected_results(const KernelInterface& interface, const Shape& shape, const Values& inputs) {
  Values values = inputs;
  for (const std::string_view kernel : {interface.forward_kernel, interface.backward_kernel})
    find_kernel(kernel)->specification().reference(shape, values);
  return values;
}

LoadedKernel::LoadedKernel(const KernelInterface& interface, const std::string& library)
    : interface_(interface), handle_(dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ == nullptr)
    throw KernelFileError(std::string("the compiled file cannot be loaded: ") + dlerror());
  try {
    forward_ = function_named(handle_, interface.forward_symbol, interface);
    backward_ = function_named(handle_, interface.backward_symbol, interface);
  } catch (...) {
    dlclose(handle_);
    throw;
  }
}

LoadedKernel::~LoadedKernel() {
  dlclose(handle_);
}

void LoadedKernel::Bound::add_buffer(const std::vector<std::byte>& bytes) {
  buffers_.emplace_back(device_.machine(), bytes.size());
  device_.machine().copy_in(buffers_.back().data(), bytes.data(), bytes.size());
}

LoadedKernel::Bound LoadedKernel::Bound::to_verify(const LoadedKernel& kernel, Device& device,
                                                   const Shape& shape, std::uint64_t seed) {
  Bound bound(kernel, device, shape);
  bound.inputs_ = draw_inputs(kernel.interface_, shape, seed);
  for (const FileTensor& tensor : kernel.interface_.tensors) {
    const Tensor as_drawn = described(tensor, shape);
    if (tensor.output) {
      bound.add_buffer(std::vector<std::byte>(bytes_of(as_drawn), std::byte{0xff}));
    } else {
      bound.add_buffer(
          encode(as_drawn, in_form(bound.inputs_.at(std::string(tensor.reference)), tensor.form)));
    }
  }
  return bound;
}

LoadedKernel::Bound LoadedKernel::Bound::to_time(const LoadedKernel& kernel, Device& device,
                                                 const Shape& shape, std::uint64_t seed) {
  const std::vector<Tensor> references =
      find_kernel(kernel.interface_.backward_kernel)->specification().tensors(shape);
  Bound bound(kernel, device, shape);
  std::uint64_t stream = seed * 1000;
  for (const FileTensor& tensor : kernel.interface_.tensors) {
    Tensor as_drawn = described(tensor, shape);
    ++stream;
    const auto reference = std::find_if(references.begin(), references.end(),
                                        [&](const Tensor& each) { return each.name == tensor.reference; });
    if (!tensor.output) as_drawn.fill = reference->fill;
    // Only decays of whole channels, which are few, come in other forms.
    if (tensor.form != Form::same) {
      bound.add_buffer(encode(as_drawn, in_form(draw(as_drawn, stream), tensor.form)));
      continue;
    }
    bound.buffers_.emplace_back(device.machine(), bytes_of(as_drawn));
    device.fill(bound.buffers_.back().data(), as_drawn.type, as_drawn.count, as_drawn.fill, stream);
  }
  return bound;
}

void* LoadedKernel::Bound::data_of(std::string_view name) const {
  const auto& tensors = kernel_.interface_.tensors;
  const auto found =
      std::find_if(tensors.begin(), tensors.end(), [&](const FileTensor& t) { return t.name == name; });
  return buffers_[static_cast<std::size_t>(found - tensors.begin())].data();
}

void LoadedKernel::Bound::call(void* function, const std::vector<std::string_view>& arguments) const {
  std::vector<void*> data;
  data.reserve(arguments.size());
  for (const std::string_view name : arguments)
    data.push_back(data_of(name));
  const auto number = [](std::int64_t value) { return static_cast<int>(value); };
  const int batch = number(shape_.batch), time = number(shape_.sequence);
  const int channels = number(shape_.channels), heads = number(shape_.heads);
  switch (kernel_.interface_.integers) {
    case Integers::batch_time_channels: {
      const int numbers[] = {batch, time, channels};
      return call_with<3>(function, numbers, data);
    }
    case Integers::batch_time_channels_heads: {
      const int numbers[] = {batch, time, channels, heads};
      return call_with<4>(function, numbers, data);
    }
    case Integers::batch_time_heads: {
      const int numbers[] = {batch, time, heads};
      return call_with<3>(function, numbers, data);
    }
  }
}

void LoadedKernel::Bound::forward() const {
  call(kernel_.forward_, kernel_.interface_.forward);
}

void LoadedKernel::Bound::backward() const {
  call(kernel_.backward_, kernel_.interface_.backward);
}

Verification LoadedKernel::Bound::compare() const {
  device_.machine().synchronize();
  const Values expected = expected_results(kernel_.interface_, shape_, inputs_);
  Verification verification;
  const auto& tensors = kernel_.interface_.tensors;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (!tensors[i].output || tensors[i].reference.empty()) continue;
    const Tensor tensor = described(tensors[i], shape_);
    std::vector<std::byte> bytes(buffers_[i].bytes());
    device_.machine().copy_out(bytes.data(), buffers_[i].data(), bytes.size());
    verification.tensors.push_back(
        microbench::compare(tensor, decode(tensor, bytes), expected.at(std::string(tensors[i].reference))));
  }
  return verification;
}

double file_bytes(const KernelInterface& interface, const Shape& shape) {
  double bytes = 0.0;
  for (const FileTensor& tensor : interface.tensors)
    bytes += static_cast<double>(bytes_of(described(tensor, shape)));
  return bytes;
}

std::vector<Shape> file_test_shapes(const KernelInterface& interface) {
  const std::int64_t size = interface.head_size;
  if (size == 1)
    return {{.batch = 2, .sequence = 13, .channels = 64}, {.batch = 1, .sequence = 40, .channels = 32}};
  const auto shape = [&](std::int64_t batch, std::int64_t sequence, std::int64_t heads) {
    return Shape{
        .batch = batch, .sequence = sequence, .heads = heads, .head_size = size, .channels = heads * size};
  };
  return {shape(1, 16, 1), shape(2, 48, 3)};
}

}  // namespace trainbudget::microbench
