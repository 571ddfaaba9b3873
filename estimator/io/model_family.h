// Families of models by name: their public members, and members of any size in their manner.
#pragma once

#include "core/model_ladder.h"
#include "core/model_profile.h"
#include "io/profile_folder.h"

#include <string>
#include <vector>

namespace trainbudget::io {

/// The public models whose names begin with the family's, or where none does those that it labels, that have
/// the vocabulary which most of them have and, where any of them scales, that scale. From the smallest to the
/// largest.
struct ModelFamily {
  std::string name;
  std::vector<ModelProfile> members;
  std::vector<std::string> left_out;  ///< names: another vocabulary, or another kind of model
  bool scales = false;                ///< whether there are models between the members
};

/// Throws at `where` for a family without a model, naming those that exist.
ModelFamily read_family(const ProfileFolder& profiles, const std::string& name, const Location& where);

/// The labels of all families with the number of their public models.
std::vector<std::pair<std::string, int>> all_families(const ProfileFolder& profiles);

/// "rwkv-7@l28-d2816": 28 layers of width 2816.
std::string family_model_name(const std::string& family, ModelShape shape);
/// Whether `name` is written so.
bool is_family_model(const std::string& name);
/// The model of that name, in the manner of the member that is nearest in width, of those whose heads
/// divide it. Throws at `where` for a shape that cannot be.
ModelProfile read_family_model(const ProfileFolder& profiles, const std::string& name, const Location& where);

}  // namespace trainbudget::io
