// Any bytes are a tree or a located error.
#include "io/map_reader.h"
#include "io/yaml_node.h"

#include <cstdint>
#include <limits>

namespace {

using namespace trainbudget::io;

/// Reads every scalar as everything; what does not fit is an InputError.
void read_all(const YamlNode& node) {
  const auto attempt = [&](auto read) {
    try {
      read(node);
    } catch (const InputError& error) {
      describe(error);
    }
  };
  attempt([](const YamlNode& value) { read_bool(value); });
  attempt([](const YamlNode& value) { read_integer(value, std::numeric_limits<long long>::min(), 1000); });
  attempt([](const YamlNode& value) { read_number(value, -1.0, 1e300); });
  attempt([](const YamlNode& value) { read_quantity_value(value, QuantityKind::seconds); });
  for (const YamlNode& item : node.items)
    read_all(item);
  for (const YamlNode::Entry& entry : node.entries)
    read_all(entry.value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    read_all(parse_yaml({reinterpret_cast<const char*>(data), size}, "input"));
  } catch (const InputError& error) {
    describe(error);
  }
  return 0;
}
