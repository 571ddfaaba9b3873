// A public model: its hyper-parameters, and what its makers say of its size.
#pragma once

#include "core/model_summary.h"
#include "core/provenance.h"

#include <optional>
#include <string>
#include <vector>

namespace trainbudget {

/// A published number of parameters, and how it relates to what is trained.
struct PublishedParameters {
  double count = 0.0;
  double rounded_to = 1.0;      ///< 1 for an exact count; 1e7 for "7.52 B"
  double difference = 0.0;      ///< count − trained, where the published figure counts something else
  std::string reason;           ///< what else it counts; empty exactly where `difference` is 0
  bool with_prediction = true;  ///< whether it includes the multi-token prediction modules
  Provenance provenance;        ///< assumed where nobody looked the figure up: it is quoted, and agrees
};

struct ModelProfile {
  Model model;
  std::string title;
  std::string source;  ///< where the hyper-parameters come from
  std::vector<std::string> aliases;
  std::optional<PublishedParameters> published;
  std::vector<std::string> notes;
};

/// Computed minus published parameters, after the documented difference; within ± rounded_to/2 is agreement.
double parameter_error(const PublishedParameters& published, const ModelSummary& summary);

}  // namespace trainbudget
