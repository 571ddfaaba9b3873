#include "io/usual_magnitude.h"

namespace trainbudget::io {
namespace {

/// `value` in another unit, where a slip by one or two prefixes (thousands) explains it; 0 where none does.
double probably_meant(double value, Magnitude usual) {
  for (const double slip : {1e3, 1e6}) {
    for (const double other : {value / slip, value * slip}) {
      if (other >= usual.least && other <= usual.most) return other;
    }
  }
  return 0.0;
}

}  // namespace

void require_usual(const YamlNode& node, double value, QuantityKind kind, Magnitude usual,
                   const std::string& way_out) {
  if (value >= usual.least && value <= usual.most) return;
  std::string hint;
  if (const double other = probably_meant(value, usual); other > 0.0)
    hint = "did you mean " + format_quantity(other, kind, 4) + "?";
  if (!way_out.empty()) hint += (hint.empty() ? "" : " ") + way_out;
  throw InputError(node.location,
                   "'" + node.text +
                       "' is far from anything that was built: " + format_quantity(usual.least, kind) +
                       " to " + format_quantity(usual.most, kind) + " is taken",
                   hint);
}

}  // namespace trainbudget::io
