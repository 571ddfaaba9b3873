#include "planner/sizes.h"

#include "io/model_family.h"
#include "io/recipe_text.h"
#include "io/scenario_document.h"
#include "planner/document.h"

#include <algorithm>
#include <cmath>

namespace trainbudget::planner {
namespace {

constexpr double largest_step_between_sizes = 1.2;
/// Sizes beyond a family's largest public model, by layers × width²: a guess, but one that says when money is
/// left.
constexpr double beyond_public_sizes = 4.0;

/// The laws that choose sizes and tokens tell of models that are trained as a whole.
void refuse_frozen_weights(const Request& request, const Space& space) {
  const io::YamlNode* recipe = io::value_of(request.document, "recipe");
  if (recipe == nullptr || !(space.free_tokens || !request.family.empty())) return;
  if (!freezes_weights(io::read_recipe(*recipe))) return;
  throw io::InputError(recipe->location,
                       "no law tells what a model learns where some of its weights are frozen",
                       "give the model and its tokens, and the plan says where it is trained best");
}

void add_family(const io::ModelFamily& family, Space& space) {
  std::vector<ModelShape> known;
  for (const ModelProfile& profile : family.members) {
    const ModelShape shape = shape_of(profile.model);
    if (std::find(known.begin(), known.end(), shape) != known.end()) continue;
    known.push_back(shape);
    space.sizes.push_back({.model = profile.model.name});
  }
  if (!family.left_out.empty()) {
    std::string names;
    for (const std::string& name : family.left_out)
      names += (names.empty() ? "" : ", ") + name;
    space.assumptions.push_back(family.name + " without " + names +
                                " (another vocabulary or another kind of model)");
  }
  if (!family.scales) {
    space.warnings.push_back(
        "how " + family.name +
        " scales is not known: only its public models are compared; the scaling laws are of dense models");
    return;
  }
  for (const ModelShape& shape : shapes_between(known, width_unit(family.members.back().model),
                                                largest_step_between_sizes, beyond_public_sizes))
    space.sizes.push_back({.model = io::family_model_name(family.name, shape)});
}

}  // namespace

void choose_sizes(const Request& request, const io::ProfileFolder& profiles, Space& space) {
  refuse_frozen_weights(request, space);
  if (!request.family.empty()) {
    const io::ModelFamily family = io::read_family(profiles, request.family, request.family_at);
    space.free_size = true;
    add_family(family, space);
  } else if (std::any_of(request.document.entries.begin(), request.document.entries.end(),
                         [](const io::YamlNode::Entry& entry) { return io::is_model_key(entry.key); })) {
    space.sizes.push_back({});
  } else {
    space.free_size = true;
    // Any number of parameters: three digits, 32 to a decade, from 10 million to 10 trillion.
    for (int i = 7 * 32; i <= 13 * 32; ++i) {
      const double exact = std::pow(10.0, i / 32.0);
      const double digits = std::pow(10.0, std::floor(i / 32.0) - 2.0);
      space.sizes.push_back({.model = whole(std::round(exact / digits) * digits)});
    }
  }
}

}  // namespace trainbudget::planner
