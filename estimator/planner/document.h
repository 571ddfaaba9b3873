// What a plan asks of a scenario's document, and writes into it.
#pragma once

#include "io/yaml_node.h"

#include <string>
#include <string_view>

namespace trainbudget::planner {

/// The document with `path` set to `text`.
void put(io::YamlNode& document, std::string_view path, const std::string& text);
/// Whether the value of `price` says what an hour costs, where others say how to look it up.
bool gives_amount(const io::YamlNode& price);
/// Whether `price`, which may be null, leaves open which offer is taken.
bool is_price_lookup(const io::YamlNode* price);
/// Whether the bill is GPU-hours × price or more: not where the price falls, nor where some of the hours are
/// paid on demand at another price. Where it may be less, no plan is passed over for its cost.
bool is_bounded(const io::YamlNode& document);
/// A whole number, all digits.
std::string whole(double number);
/// Whether `text` is one.
bool is_number(const std::string& text);

}  // namespace trainbudget::planner
