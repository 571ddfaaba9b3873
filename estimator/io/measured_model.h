// The model of a measured row: a profile where one is meant, else what the row's shape columns describe.
#pragma once

#include "core/model.h"
#include "io/profile_folder.h"
#include "io/run_names.h"

#include <map>
#include <string>
#include <vector>

namespace trainbudget::io {

/// What a row says of its model; 0 or empty where it says nothing.
struct ModelColumns {
  std::string name;
  std::string architecture;
  double parameters = 0.0;
  int layers = 0, hidden = 0, heads = 0, kv_heads = 0, head_size = 0, feed_forward = 0, vocabulary = 0;
  int experts = 0, active_experts = 0;
  int tensor = 1;  ///< tensor parallelism of the row: assumed heads divide over it
};

struct MeasuredModel {
  Model model;
  std::vector<std::string> assumptions;
  bool shape_stated = true;   ///< false: layers or width were guessed from the size
  std::string inexpressible;  ///< why there is no model; empty where there is one
};

class MeasuredModels {
 public:
  /// Both must outlive the object.
  MeasuredModels(const ProfileFolder& profiles, const RunNames& names);

  MeasuredModel find(const ModelColumns& columns);

 private:
  const Model* profile(const ModelColumns& columns);

  const ProfileFolder& profiles_;
  const RunNames& names_;
  std::vector<std::string> known_;
  std::map<std::string, Model> read_;
};

}  // namespace trainbudget::io
