#include "io/accelerator_file.h"

#include "io/map_reader.h"
#include "io/sourced_reader.h"
#include "io/suggest.h"

#include <algorithm>

namespace trainbudget::io {
namespace {

/// Rule that a profile declares an exception from where its numbers are far from all others, and meant.
constexpr std::string_view usual_magnitudes = "usual_magnitudes";

Magnitude usual_peak(Precision precision) {
  switch (precision) {
    case Precision::fp64:
    case Precision::fp64_tensor:
    case Precision::fp32:
    case Precision::tf32:
      return magnitude::peak_of_wide;
    default:
      return magnitude::peak_of_narrow;
  }
}

PeakTable read_peaks(const YamlNode& node, const std::string& field, SourcedReader& numbers,
                     std::vector<Dispute>& disputes) {
  PeakTable table;
  MapReader map(node, field);
  for (const Precision precision : all_precisions) {
    const std::string_view word = name_of(precision);
    if (const YamlNode* peak = map.find(word)) {
      std::string path = field;
      path.append(".").append(word);
      table[static_cast<std::size_t>(precision)] =
          numbers.read<FlopsPerSecond>(*peak, path, &disputes, usual_peak(precision));
    }
  }
  map.finish();
  return table;
}

ScaleUpLink read_scale_up(const YamlNode& node, SourcedReader& numbers, std::vector<Dispute>& disputes) {
  MapReader map(node, "scale_up");
  ScaleUpLink link{.name = read_string(map.require("name")),
                   .bandwidth = numbers.read<BytesPerSecond>(map.require("bandwidth"), "scale_up.bandwidth",
                                                             &disputes, magnitude::link_bandwidth),
                   .domain = numbers.read<double>(map.require("domain"), "scale_up.domain", &disputes)};
  link.note = link.domain.provenance.note;
  map.finish();
  return link;
}

template <class Q>
std::optional<Sourced<Q>> read_optional(MapReader& map, const std::string& key, SourcedReader& numbers,
                                        std::vector<Dispute>& disputes, Magnitude usual = magnitude::any) {
  const YamlNode* node = map.find(key);
  if (node == nullptr) return std::nullopt;
  return numbers.read<Q>(*node, key, &disputes, usual);
}

std::vector<DeclaredException> read_exceptions(const YamlNode& node) {
  std::vector<DeclaredException> exceptions;
  for (const YamlNode& item : node.items) {
    MapReader map(item, "exception");
    exceptions.push_back(
        {.rule = read_string(map.require("rule")), .note = read_string(map.require("note"))});
    map.finish();
  }
  return exceptions;
}

}  // namespace

Accelerator read_accelerator_file(const std::string& path) {
  const YamlNode root = read_yaml_file(path);
  MapReader map(root, "accelerator profile");
  check_schema(map, "trainbudget/accelerator/1");
  SourcedReader numbers(map.require("sources"));
  Accelerator gpu{.name = read_string(map.require("name")),
                  .title = read_string(map.require("title")),
                  .vendor = read_string(map.require("vendor")),
                  .year = static_cast<int>(read_integer(map.require("year"), 2006, 2100)),
                  .status = read_string(map.require("status"))};
  if (const YamlNode* exceptions = map.find("exceptions")) gpu.exceptions = read_exceptions(*exceptions);
  numbers.expect_usual(std::none_of(gpu.exceptions.begin(), gpu.exceptions.end(),
                                    [](const DeclaredException& e) { return e.rule == usual_magnitudes; }),
                       "Where it is meant, say why: exceptions: [{rule: usual_magnitudes, note: …}]");
  if (const YamlNode* aliases = map.find("aliases")) gpu.aliases = read_strings(*aliases);
  gpu.peak = read_peaks(map.require("peak"), "peak", numbers, gpu.disputes);
  if (const YamlNode* sparse = map.find("sparse_peak"))
    gpu.sparse_peak = read_peaks(*sparse, "sparse_peak", numbers, gpu.disputes);
  gpu.peak_clock =
      read_optional<Hertz>(map, "peak_clock", numbers, gpu.disputes, magnitude::accelerator_clock);
  gpu.devices = read_optional<double>(map, "devices", numbers, gpu.disputes);

  MapReader memory(map.require("memory"), "memory");
  gpu.memory_type = read_string(memory.require("type"));
  gpu.memory_capacity = numbers.read<Bytes>(memory.require("capacity"), "memory.capacity", &gpu.disputes,
                                            magnitude::memory_capacity);
  if (const YamlNode* offered = memory.find("offered"))
    gpu.memory_offered =
        numbers.read<Bytes>(*offered, "memory.offered", &gpu.disputes, magnitude::memory_capacity);
  gpu.memory_bandwidth = numbers.read<BytesPerSecond>(memory.require("bandwidth"), "memory.bandwidth",
                                                      &gpu.disputes, magnitude::memory_bandwidth);
  memory.finish();

  gpu.scale_up = read_scale_up(map.require("scale_up"), numbers, gpu.disputes);
  gpu.accelerators_per_node = read_optional<double>(map, "accelerators_per_node", numbers, gpu.disputes);
  gpu.scale_out_bandwidth =
      read_optional<BytesPerSecond>(map, "scale_out", numbers, gpu.disputes, magnitude::link_bandwidth);
  gpu.tdp = read_optional<Watts>(map, "tdp", numbers, gpu.disputes, magnitude::accelerator_power);
  gpu.average_power =
      read_optional<Watts>(map, "average_power", numbers, gpu.disputes, magnitude::accelerator_power);
  gpu.list_price = read_optional<Usd>(map, "list_price", numbers, gpu.disputes, magnitude::accelerator_price);
  if (const YamlNode* notes = map.find("notes")) gpu.notes = read_strings(*notes);
  map.finish();
  return gpu;
}

Accelerator find_accelerator(const ProfileFolder& profiles, const std::string& name, const Location& where) {
  const std::string path = profiles.find("accelerators", name, where);
  Accelerator found = read_accelerator_file(path);
  check_file_name(path, found.name);
  return found;
}

Precision precision_named(const std::string& word, const Location& where) {
  std::vector<std::string_view> words;
  for (const Precision precision : all_precisions) {
    if (name_of(precision) == word) return precision;
    words.push_back(name_of(precision));
  }
  throw InputError(where, "unknown precision '" + word + "'", did_you_mean_or_list(word, words));
}

}  // namespace trainbudget::io
