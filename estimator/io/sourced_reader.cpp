#include "io/sourced_reader.h"

#include "io/suggest.h"

#include <array>

namespace trainbudget::io {
namespace {

constexpr std::array origins = {Origin::datasheet, Origin::measured, Origin::fitted, Origin::published,
                                Origin::assumed,   Origin::user,     Origin::derived};

Origin read_origin(const YamlNode& node) {
  std::array<std::string_view, origins.size()> words{};
  for (std::size_t i = 0; i < origins.size(); ++i)
    words[i] = name_of(origins[i]);
  return origins[read_word(node, "origin", words)];
}

}  // namespace

Provenance read_provenance(MapReader& map) {
  Provenance provenance{.origin = read_origin(map.require("origin"))};
  provenance.source = read_string(map.require("source"));
  if (const YamlNode* date = map.find("date")) provenance.date = read_string(*date);
  return provenance;
}

Range read_quantiles(MapReader& map, QuantityKind kind) {
  const Range range{read_quantity_value(map.require("p10"), kind),
                    read_quantity_value(map.require("p50"), kind),
                    read_quantity_value(map.require("p90"), kind)};
  if (range.p10 > range.p50 || range.p50 > range.p90) {
    throw InputError(map.node().location, "the quantiles are out of order: p10 ≤ p50 ≤ p90 is wanted");
  }
  return range;
}

void check_schema(MapReader& map, std::string_view wanted) {
  const YamlNode& schema = map.require("schema");
  if (read_string(schema) != wanted) {
    throw InputError(schema.location, "this is a file of the kind '" + schema.text + "', '" +
                                          std::string(wanted) + "' is wanted");
  }
}

SourcedReader::SourcedReader(const YamlNode& sources) {
  if (sources.kind != YamlNode::Kind::mapping)
    throw InputError(sources.location, "a mapping (sources) is wanted");
  for (const YamlNode::Entry& entry : sources.entries) {
    MapReader map(entry.value, "source");
    sources_[entry.key] = read_provenance(map);
    map.finish();
  }
}

Provenance SourcedReader::named(const YamlNode& node) const {
  const auto found = sources_.find(read_string(node));
  if (found != sources_.end()) return found->second;
  std::vector<std::string_view> names;
  for (const auto& [name, provenance] : sources_)
    names.push_back(name);
  throw InputError(node.location, "no source is called '" + node.text + "'",
                   did_you_mean_or_list(node.text, names));
}

Sourced<double> SourcedReader::read_number(const YamlNode& node, QuantityKind kind, const std::string& field,
                                           std::vector<Dispute>* disputes, Magnitude usual) {
  MapReader map(node, "number");
  const YamlNode& value = map.require("value");
  Sourced<double> number{read_quantity_value(value, kind), named(map.require("from"))};
  if (!(number.value > 0.0)) throw InputError(value.location, "a number above zero is wanted");
  if (expects_usual_) require_usual(value, number.value, kind, usual, way_out_);
  if (const YamlNode* note = map.find("note")) number.provenance.note = read_string(*note);
  const YamlNode* disputed = disputes == nullptr ? nullptr : map.find("disputed");
  if (disputed != nullptr) {
    if (disputed->kind != YamlNode::Kind::sequence) throw InputError(disputed->location, "a list is wanted");
    for (const YamlNode& item : disputed->items) {
      MapReader other(item, "disputed value");
      Dispute dispute{.field = field};
      if (const YamlNode* text = other.find("value")) {
        read_quantity_value(*text, kind);
        dispute.other = text->text;
      }
      dispute.note = read_string(other.require("note"));
      other.finish();
      if (!number.provenance.note.empty()) number.provenance.note += "; ";
      number.provenance.note +=
          "disputed: " + (dispute.other.empty() ? "" : dispute.other + ", ") + dispute.note;
      disputes->push_back(std::move(dispute));
    }
  }
  map.finish();
  return number;
}

}  // namespace trainbudget::io
