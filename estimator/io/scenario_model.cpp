#include "io/scenario_model.h"

#include "core/model_ops.h"
#include "core/model_summary.h"
#include "io/hf_config.h"
#include "io/model_family.h"
#include "io/model_file.h"
#include "io/quantity_text.h"
#include "io/recipe_text.h"
#include "io/scenario_price.h"

#include <cmath>

namespace trainbudget::io {
namespace {

constexpr double most_parameters = 1e17;
constexpr double most_sequence_tokens = 1e9;
constexpr double usual_sequence_tokens = 4096.0;

/// The key that says what is trained; throws unless there is exactly one.
const YamlNode& only_one(MapReader& map) {
  const YamlNode* chosen = nullptr;
  for (const char* key : {"params", "model", "config"}) {
    const YamlNode* node = map.find(key);
    if (node != nullptr && chosen != nullptr) {
      throw InputError(node->location,
                       "'" + std::string(key) + "' is given beside another of params, model and config",
                       "what is trained is said once; leave one of them out");
    }
    if (node != nullptr) chosen = node;
  }
  if (chosen == nullptr) {
    throw InputError(map.node().location, "scenario lacks 'params'",
                     "say what is trained: params: 14B, model: rwkv-7-7.2b, or config: config.json");
  }
  return *chosen;
}

Sequence read_sequence(const YamlNode* node, const Model& model, Scenario& scenario) {
  Sequence sequence{.length = usual_sequence_tokens};
  const double positions = most_positions(model);
  if (node != nullptr) {
    sequence.length = read_count(*node, QuantityKind::count, most_sequence_tokens, "tokens").value;
    if (positions > 0.0 && sequence.length > positions) {
      throw InputError(node->location, model.name + " has positions for " +
                                           format_quantity(positions, QuantityKind::count, 6) +
                                           " tokens, not for " + node->text);
    }
  } else if (positions > 0.0) {
    sequence.length = std::fmin(sequence.length, positions);
  }
  if (!model.encoder_layers.empty()) {
    sequence.encoder_length = sequence.length;
    scenario.assumptions.push_back("the encoder reads as many tokens as the decoder");
  }
  return sequence;
}

/// The keys that say how a model is trained.
struct TrainingKeys {
  const YamlNode* sequence = nullptr;
  const YamlNode* recipe = nullptr;
};

Recipe read_recipe_of(const YamlNode& node, const Model& model) {
  const Recipe recipe = read_recipe(node);
  const auto layers = static_cast<int>(model.layers.size());
  if (recipe.frozen_layers > layers)
    throw InputError(node.location, std::to_string(recipe.frozen_layers) + " layers are frozen, but " +
                                        model.name + " has " + std::to_string(layers));
  return recipe;
}

/// `file` is where the model was read.
void count_flops(const Model& model, const std::string& file, const TrainingKeys& keys,
                 const Provenance& provenance, const ProfileFolder& profiles, Scenario& scenario) {
  const YamlNode* sequence_node = keys.sequence;
  const Sequence sequence = read_sequence(sequence_node, model, scenario);
  const Recipe recipe = keys.recipe != nullptr ? read_recipe_of(*keys.recipe, model) : Recipe{};
  const std::string tokens = std::to_string(sequence.length);
  const auto known = profiles.once<ModelSummary>(
      "summary of " + tokens + " tokens of " + file + " by " + recipe_text(recipe),
      [&] { return summarize(apply(recipe, expand(model)), sequence); });
  const ModelSummary& summary = *known;
  if (!(summary.total.trained_parameters > 0.0))
    throw InputError(keys.recipe->location, "this recipe trains nothing of " + model.name,
                     "lora_on=all adapts every matrix of its layers");
  scenario.model = TrainedModel{model, sequence, recipe, summary.total.trained_parameters};
  scenario.parameters = {summary.total.active_parameters, provenance};
  if (summary.total.active_parameters != summary.total.parameters) {
    scenario.parameters.provenance.note = "active for one token, of " +
                                          format_quantity(summary.total.parameters, QuantityKind::count, 4) +
                                          " in all";
  }
  scenario.counted = CountedFlops{.model = model.name,
                                  .forward = FlopsPerToken(summary.total.forward_flops),
                                  .backward = FlopsPerToken(summary.total.backward_flops),
                                  .provenance = provenance};
  scenario.assumptions.push_back("FLOPs: counted over the operations of " + model.name +
                                 " with causal attention; efficiency is measured in these");
  if (freezes_weights(recipe))
    scenario.assumptions.push_back(format_quantity(summary.total.trained_parameters, QuantityKind::count, 4) +
                                   " weights are trained; frozen ones have no gradients of their own");
  if (sequence_node == nullptr && summary.attention_flops > 0.0) {
    scenario.assumptions.push_back("sequences of " +
                                   format_quantity(sequence.length, QuantityKind::count, 6) +
                                   " tokens (not given: --sequence-length)");
  }
}

}  // namespace

Sourced<double> read_count(const YamlNode& node, QuantityKind kind, double most, const char* what) {
  const double value = read_quantity_value(node, kind);
  if (!(value >= 1.0) || value > most || value != std::floor(value)) {
    throw InputError(node.location, "a whole number of " + std::string(what) + " from 1 to " +
                                        format_quantity(most, QuantityKind::count) + " is wanted, not '" +
                                        node.text + "'");
  }
  return {value, given_by_user(node.location)};
}

void read_trained_model(MapReader& map, const ProfileFolder& profiles, Scenario& scenario,
                        ScenarioSources& sources) {
  const YamlNode& chosen = only_one(map);
  const YamlNode* sequence = map.find("sequence_length");
  const TrainingKeys keys{.sequence = sequence, .recipe = map.find("recipe")};
  if (&chosen == map.find("params")) {
    if (sequence != nullptr) {
      throw InputError(sequence->location, "a number of parameters alone does not say what a sequence costs",
                       "name the model: --model, or --config config.json; or leave the sequence length out");
    }
    if (keys.recipe != nullptr) {
      throw InputError(keys.recipe->location,
                       "a number of parameters alone does not say what a recipe trains",
                       "name the model: --model, or --config config.json; or leave the recipe out");
    }
    scenario.parameters = read_count(chosen, QuantityKind::count, most_parameters, "parameters");
    return;
  }
  if (&chosen == map.find("model") && is_family_model(read_string(chosen))) {
    const std::string name = read_string(chosen);
    const auto profile = profiles.once<ModelProfile>(
        "model " + name, [&] { return read_family_model(profiles, name, chosen.location); });
    count_flops(profile->model, profile->model.name, keys,
                {.origin = Origin::assumed, .source = profile->model.name + ": " + profile->source}, profiles,
                scenario);
    scenario.assumptions.push_back(profile->model.name + " is " + profile->source);
    return;
  }
  if (&chosen == map.find("model")) {
    const std::string file = profiles.find(model_profiles, read_string(chosen), chosen.location);
    sources.files.push_back(file);
    const auto profile = profiles.once<ModelProfile>("file " + file, [&] { return read_model_file(file); });
    count_flops(profile->model, file, keys,
                {.origin = Origin::derived,
                 .source = "model_profiles/" + profile->model.name + ".yaml: " + profile->source},
                profiles, scenario);
    return;
  }
  const std::string file = read_string(chosen);
  sources.files.push_back(file);
  const auto known = profiles.once<HfModel>("file " + file, [&] { return read_hf_config_file(file); });
  const HfModel& read = *known;
  Model model = read.model;
  if (model.name.empty()) model.name = file;
  const std::string place = file + ": ";
  for (const std::string& note : read.notes)
    scenario.warnings.push_back(place + note);
  const std::string by_default = place + "default of its model type, ";
  for (const std::string& field : read.defaults)
    scenario.assumptions.push_back(by_default + field);
  count_flops(model, file, keys, {.origin = Origin::user, .source = file}, profiles, scenario);
}

std::string what_is_trained(const Scenario& scenario) {
  if (scenario.counted) return scenario.counted->model;
  return format_quantity(scenario.parameters.value, QuantityKind::count, 4) + " parameters";
}

}  // namespace trainbudget::io
