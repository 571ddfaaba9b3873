// How a run trains its weights, as people write it: "lora=16,weights=nf4,optimizer=adamw_8_bit".
#pragma once

#include "core/recipe.h"
#include "io/yaml_node.h"

#include <string>

namespace trainbudget::io {

/// Reads a mapping, or a list of `key=value` separated by commas: optimizer (see optimizer_words), lora
/// (rank), lora_on (attention, feed_forward, all), weights (bf16, fp8; nf4 under lora), gradients (fp32,
/// bf16: as accumulated), master_weights (true, false), frozen_layers (a number, from the input). Throws
/// InputError at the key or value for anything else, and for what cannot be together.
Recipe read_recipe(const YamlNode& node);

/// The recipe in the same words; what is as usual is left out but for the optimizer.
std::string recipe_text(const Recipe& recipe);

/// The same in a sentence for a report.
std::string recipe_description(const Recipe& recipe);

}  // namespace trainbudget::io
