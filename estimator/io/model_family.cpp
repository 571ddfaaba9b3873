#include "io/model_family.h"

#include "core/model_ops.h"
#include "core/model_summary.h"
#include "io/model_file.h"
#include "io/profile_names.h"
#include "io/suggest.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace trainbudget::io {
namespace {

constexpr int most_width = 1 << 20;

bool is_called(const std::string& model, const std::string& family) {
  return model == family || model.starts_with(family + "-") || model.starts_with(family + ".");
}

/// The models whose names begin with the family's; where none does, those that carry it as their label.
std::vector<ModelProfile> members_of(const ProfileFolder& profiles, const std::string& family) {
  std::vector<ModelProfile> found;
  for (const std::string& name : profiles.names(model_profiles)) {
    if (!is_called(name, family)) continue;
    const std::string file = profiles.file(model_profiles, name);
    found.push_back(*profiles.once<ModelProfile>("file " + file, [&] { return read_model_file(file); }));
  }
  if (!found.empty()) return found;
  for (ModelProfile& profile : read_all_models(profiles))
    if (profile.model.family == family) found.push_back(std::move(profile));
  return found;
}

[[noreturn]] void refuse_family(const ProfileFolder& profiles, const std::string& name,
                                const Location& where) {
  std::vector<std::string> labels;
  for (const auto& [label, count] : all_families(profiles))
    labels.push_back(label);
  const std::vector<std::string_view> views(labels.begin(), labels.end());
  std::string hint = did_you_mean(name, views);
  if (hint.empty()) hint = "'trainbudget plan --family' lists them";
  throw InputError(where, "no public model is of a family '" + name + "'", hint);
}

/// Of equally common ones the larger.
int commonest_vocabulary(const std::vector<ModelProfile>& models) {
  std::map<int, int> counts;
  for (const ModelProfile& profile : models)
    ++counts[profile.model.vocabulary];
  return std::max_element(
             counts.begin(), counts.end(),
             [](const auto& a, const auto& b) { return a.second <= b.second && a.first < b.first; })
      ->first;
}

/// The number after `letter` in `text`, which must be all of it.
std::optional<int> number_after(std::string_view text, char letter, int most) {
  if (text.size() < 2 || text.front() != letter) return std::nullopt;
  text.remove_prefix(1);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1 || value > most)
    return std::nullopt;
  return value;
}

std::optional<ModelShape> shape_named(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto layers = number_after(text.substr(0, dash), 'l', most_layers);
  const auto width = number_after(text.substr(dash + 1), 'd', most_width);
  if (!layers || !width) return std::nullopt;
  return ModelShape{*layers, *width};
}

/// The nearest in width, and among those that can have this width where there are any.
const ModelProfile& nearest_member(const ModelFamily& family, ModelShape shape) {
  const auto distance = [&](const ModelProfile& profile) {
    const ModelShape known = shape_of(profile.model);
    return std::pair(shape.hidden_size % width_unit(profile.model) != 0,
                     std::abs(std::log(static_cast<double>(known.hidden_size) / shape.hidden_size)) +
                         1e-3 * std::abs(std::log(static_cast<double>(known.layers) / shape.layers)));
  };
  return *std::min_element(
      family.members.begin(), family.members.end(),
      [&](const ModelProfile& a, const ModelProfile& b) { return distance(a) < distance(b); });
}

}  // namespace

ModelFamily read_family(const ProfileFolder& profiles, const std::string& text, const Location& where) {
  ModelFamily family{.name = lower_case(text)};
  std::vector<ModelProfile> found = members_of(profiles, family.name);
  if (family.name.empty() || found.empty()) refuse_family(profiles, text, where);
  family.scales =
      std::any_of(found.begin(), found.end(), [](const ModelProfile& p) { return is_resizable(p.model); });
  std::vector<ModelProfile> kin;
  for (ModelProfile& profile : found) {
    if (family.scales && !is_resizable(profile.model)) {
      family.left_out.push_back(profile.model.name);
    } else {
      kin.push_back(std::move(profile));
    }
  }
  const int vocabulary = commonest_vocabulary(kin);
  for (ModelProfile& profile : kin) {
    if (family.scales && profile.model.vocabulary != vocabulary) {
      family.left_out.push_back(profile.model.name);
    } else {
      family.members.push_back(std::move(profile));
    }
  }
  std::stable_sort(family.members.begin(), family.members.end(),
                   [](const ModelProfile& a, const ModelProfile& b) {
                     return parameters_of(a.model) < parameters_of(b.model);
                   });
  std::sort(family.left_out.begin(), family.left_out.end());
  return family;
}

std::vector<std::pair<std::string, int>> all_families(const ProfileFolder& profiles) {
  std::map<std::string, int> counts;
  for (const ModelProfile& profile : read_all_models(profiles))
    ++counts[profile.model.family];
  return {counts.begin(), counts.end()};
}

std::string family_model_name(const std::string& family, ModelShape shape) {
  return family + "@l" + std::to_string(shape.layers) + "-d" + std::to_string(shape.hidden_size);
}

bool is_family_model(const std::string& name) {
  return name.find('@') != std::string::npos;
}

ModelProfile read_family_model(const ProfileFolder& profiles, const std::string& text,
                               const Location& where) {
  const std::string name = lower_case(text);
  const std::size_t at = name.find('@');
  const std::optional<ModelShape> shape = shape_named(std::string_view(name).substr(at + 1));
  if (!shape)
    throw InputError(where, "'" + text + "' names no model",
                     "a size of a family is written rwkv-7@l28-d2816: layers, width");
  const auto family = profiles.once<ModelFamily>(
      "family " + name.substr(0, at), [&] { return read_family(profiles, name.substr(0, at), where); });
  if (!family->scales)
    throw InputError(where, "how " + family->name + " scales is not known",
                     "take a public model: 'trainbudget models list'");
  const Model& like = nearest_member(*family, *shape).model;
  const int unit = width_unit(like);
  if (shape->hidden_size % unit != 0) {
    const int below = std::max(1, shape->hidden_size / unit) * unit;
    throw InputError(where, "widths of " + family->name + " are multiples of " + std::to_string(unit),
                     family_model_name(family->name, {shape->layers, below}) + " is near");
  }
  ModelProfile profile{.model = resized(like, *shape, family_model_name(family->name, *shape))};
  if (const std::string wrong = problem(profile.model); !wrong.empty()) throw InputError(where, wrong);
  profile.title = family->name + " with " + std::to_string(shape->layers) + " layers of width " +
                  std::to_string(shape->hidden_size);
  profile.source = "no public model: the shape of " + like.name + " scaled";
  profile.notes.push_back("scaled from " + like.name + ": " + like.name +
                          "'s head size and proportions at another depth and width");
  return profile;
}

}  // namespace trainbudget::io
