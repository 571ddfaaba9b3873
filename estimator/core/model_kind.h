// Kinds of models, as far as it tells what software has to do well: what their layers are made of.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace trainbudget {

struct ModelKind {
  bool attention = false;
  bool experts = false;
  bool recurrence = false;

  friend bool operator==(const ModelKind&, const ModelKind&) = default;
};

struct Ingredient {
  bool ModelKind::*has;
  std::string_view word;
};
inline constexpr std::array<Ingredient, 3> ingredients{{{&ModelKind::attention, "attention"},
                                                        {&ModelKind::experts, "experts"},
                                                        {&ModelKind::recurrence, "recurrence"}}};

/// "attention+experts"; "none" for a model that has nothing of all.
inline std::string name_of(const ModelKind& kind) {
  std::string name;
  for (const Ingredient& each : ingredients) {
    if (kind.*each.has) name.append(name.empty() ? "" : "+").append(each.word);
  }
  return name.empty() ? "none" : name;
}

/// All kinds, in the order of their bits.
inline constexpr std::array<ModelKind, 8> all_model_kinds = [] {
  std::array<ModelKind, 8> kinds;
  for (unsigned i = 0; i < kinds.size(); ++i)
    kinds[i] = {.attention = (i & 1u) != 0, .experts = (i & 2u) != 0, .recurrence = (i & 4u) != 0};
  return kinds;
}();

}  // namespace trainbudget
