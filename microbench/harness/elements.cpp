#include "harness/elements.h"

#include "portable/bfloat16.h"

#include <cstring>

namespace trainbudget::microbench {

namespace {

template <class Element, class Convert>
std::vector<std::byte> pack(const std::vector<double>& values, Convert convert) {
  std::vector<std::byte> bytes(values.size() * sizeof(Element));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Element element = convert(values[i]);
    std::memcpy(&bytes[i * sizeof(Element)], &element, sizeof element);
  }
  return bytes;
}

template <class Element, class Convert>
std::vector<double> unpack(const std::vector<std::byte>& bytes, Convert convert) {
  std::vector<double> values(bytes.size() / sizeof(Element));
  for (std::size_t i = 0; i < values.size(); ++i) {
    Element element{};
    std::memcpy(&element, &bytes[i * sizeof(Element)], sizeof element);
    values[i] = convert(element);
  }
  return values;
}

}  // namespace

std::vector<std::byte> encode(const Tensor& tensor, const std::vector<double>& values) {
  switch (tensor.type) {
    case ElementType::bfloat16:
      return pack<Bfloat16>(values, [](double x) { return from_float<Bfloat16>(static_cast<float>(x)); });
    case ElementType::int32:
      return pack<std::int32_t>(values, [](double x) { return static_cast<std::int32_t>(x); });
    case ElementType::float32:
      break;
  }
  return pack<float>(values, [](double x) { return static_cast<float>(x); });
}

std::vector<double> decode(const Tensor& tensor, const std::vector<std::byte>& bytes) {
  switch (tensor.type) {
    case ElementType::bfloat16:
      return unpack<Bfloat16>(bytes, [](Bfloat16 x) { return static_cast<double>(to_float(x)); });
    case ElementType::int32:
      return unpack<std::int32_t>(bytes, [](std::int32_t x) { return static_cast<double>(x); });
    case ElementType::float32:
      break;
  }
  return unpack<float>(bytes, [](float x) { return static_cast<double>(x); });
}

std::vector<double> draw(const Tensor& tensor, std::uint64_t stream) {
  std::vector<double> values(static_cast<std::size_t>(tensor.count));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<double>(tensor.fill.value(stream, i));
  return decode(tensor, encode(tensor, values));
}

}  // namespace trainbudget::microbench
