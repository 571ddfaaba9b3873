// Numbers of a profile: `{value: 312 TFLOPS, from: compute, note: …, disputed: […]}`, where `from` names an
// entry of the file's `sources`.
#pragma once

#include "core/hardware.h"
#include "core/provenance.h"
#include "core/uncertainty.h"
#include "io/map_reader.h"
#include "io/usual_magnitude.h"

#include <map>
#include <string>
#include <vector>

namespace trainbudget::io {

class SourcedReader {
 public:
  /// `sources` maps names to `{origin, source, date}`. Throws InputError.
  explicit SourcedReader(const YamlNode& sources);

  /// A number with its provenance. What other sources say is appended to `disputes` under `field`, where one
  /// is given. Throws InputError, also for a number that is not `usual`.
  template <class Q>
  Sourced<Q> read(const YamlNode& node, const std::string& field = {},
                  std::vector<Dispute>* disputes = nullptr, Magnitude usual = magnitude::any) {
    const Sourced<double> number = read_number(node, kind_of<Q>(), field, disputes, usual);
    return {Q(number.value), number.provenance};
  }

  /// Whether numbers that are not usual are refused, as they are at first, and what the hint then says of a
  /// way out.
  void expect_usual(bool expected, std::string way_out = {}) {
    expects_usual_ = expected;
    way_out_ = std::move(way_out);
  }

  /// The source that `node`, the value of a key `from`, names. Throws for an unknown one.
  Provenance named(const YamlNode& node) const;

 private:
  Sourced<double> read_number(const YamlNode& node, QuantityKind kind, const std::string& field,
                              std::vector<Dispute>* disputes, Magnitude usual);

  bool expects_usual_ = true;
  std::string way_out_;
  std::map<std::string, Provenance, std::less<>> sources_;
};

/// `{origin, source, date}` from an open mapping.
Provenance read_provenance(MapReader& map);
/// The keys p10, p50 and p90 of an open mapping. Throws when they are out of order.
Range read_quantiles(MapReader& map, QuantityKind kind);
/// Throws unless the key `schema` is `wanted`.
void check_schema(MapReader& map, std::string_view wanted);

}  // namespace trainbudget::io
