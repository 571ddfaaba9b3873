#include "planner/document.h"

#include "io/scenario_document.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace trainbudget::planner {
namespace {

/// Whether every hour costs at least the first price: not where the price falls.
bool never_falls(const io::YamlNode& price) {
  return std::none_of(price.entries.begin(), price.entries.end(), [](const io::YamlNode::Entry& entry) {
    return entry.key == "falls_per_year" || entry.key == "schedule";
  });
}

}  // namespace

void put(io::YamlNode& document, std::string_view path, const std::string& text) {
  if (io::is_model_key(path))
    std::erase_if(document.entries,
                  [](const io::YamlNode::Entry& entry) { return io::is_model_key(entry.key); });
  io::YamlNode value = io::option_value("plan", text);
  const io::Location where = value.location;
  io::set_at_path(document, path, std::move(value), where);
}

bool gives_amount(const io::YamlNode& price) {
  return price.kind != io::YamlNode::Kind::mapping || io::value_of(price, "amount") != nullptr ||
         io::value_of(price, "schedule") != nullptr;
}

std::string whole(double number) {
  return fmt::format("{:.0f}", number);
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

bool is_price_lookup(const io::YamlNode* price) {
  if (price == nullptr) return true;
  if (price->kind != io::YamlNode::Kind::mapping) return false;
  return std::all_of(price->entries.begin(), price->entries.end(), [](const io::YamlNode::Entry& entry) {
    return entry.key == "provider" || entry.key == "pricing" || entry.key == "region" ||
           entry.key == "gpus_per_instance";
  });
}

bool is_bounded(const io::YamlNode& document) {
  constexpr std::string_view plain[] = {
      "schema",      "name",         "params",      "model",          "config",  "sequence_length",
      "recipe",      "tokens",       "gpu",         "cluster",        "gpus",    "precision",
      "efficiency",  "global_batch", "fit",         "layout",         "stack",   "price",
      "prices",      "as_of",        "energy",      "commitment",     "storage", "egress",
      "development", "staff",        "contingency", "used_gpu_hours", "start",   "reliability",
      "start_delay", "simulation",   "spot"};
  return std::all_of(document.entries.begin(), document.entries.end(), [&](const io::YamlNode::Entry& entry) {
    return std::find(std::begin(plain), std::end(plain), entry.key) != std::end(plain) &&
           (entry.key != "price" || never_falls(entry.value)) &&
           (entry.key != "spot" || io::value_of(entry.value, "on_demand_share") == nullptr);
  });
}

}  // namespace trainbudget::planner
