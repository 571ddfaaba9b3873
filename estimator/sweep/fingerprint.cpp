#include "sweep/fingerprint.h"

#include "sweep/sweep_csv.h"

#include <array>

#include <sha256.h>
#include <sys/types.h>

namespace trainbudget::sweep {
namespace {

/// Every text with its length, so that no two trees read alike.
void append(std::string& all, const std::string& text) {
  all += std::to_string(text.size()) + ":" + text;
}

void append(std::string& all, const io::YamlNode& node) {
  all += std::to_string(static_cast<int>(node.kind)) + (node.quoted ? "q" : "p");
  append(all, node.text);
  for (const io::YamlNode& item : node.items)
    append(all, item);
  for (const io::YamlNode::Entry& entry : node.entries) {
    append(all, entry.key);
    append(all, entry.value);
  }
  all += ';';
}

}  // namespace

std::string fingerprint(const Sweep& sweep, const std::string& version) {
  std::string all;
  append(all, version);
  append(all, csv_header(sweep));
  for (const Variant& variant : sweep.variants) {
    append(all, variant.name);
    append(all, variant.document);
  }
  for (const Axis& axis : sweep.axes) {
    append(all, axis.path);
    for (const io::YamlNode& value : axis.values)
      append(all, value);
  }
  const Constraints& wanted = sweep.constraints;
  all += wanted.fits ? "fits" : "";
  all += std::to_string(wanted.deadline_seconds.value_or(0.0)) + " " +
         std::to_string(wanted.budget_usd.value_or(0.0)) + " " +
         std::to_string(static_cast<int>(wanted.quantile));
  std::array<char, SHA256_DIGEST_STRING_LENGTH> digest{};
  SHA256Data(reinterpret_cast<const std::uint8_t*>(all.data()), all.size(), digest.data());
  return digest.data();
}

}  // namespace trainbudget::sweep
