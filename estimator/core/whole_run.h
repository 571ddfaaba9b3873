// A whole training run as published: what it took from the first to the last paid hour.
#pragma once

#include <string>

namespace trainbudget {

struct WholeRun {
  std::string id;
  std::string publisher;  ///< who ran it
  std::string source;
  std::string model;
  std::string architecture;
  std::string accelerator;           ///< profile name; empty where it has none
  double active_parameters = 0.0;    ///< that one token uses
  double tokens = 0.0;               ///< all epochs
  std::string profile;               ///< of the model; empty where it has none
  double sequence_length = 0.0;      ///< tokens; 0: not said
  double global_batch_tokens = 0.0;  ///< a step; 0: not said
  std::string precision;             ///< empty: not said
  double accelerators = 0.0;         ///< 0: not said
  double gpu_hours = 0.0;            ///< 0: not said
  std::string gpu_hours_kind;        ///< published, derived, upper bound
  double days = 0.0;                 ///< 0: not said
  std::string check;                 ///< what is strange about it; empty where nothing is
  std::string inexpressible;         ///< why it cannot be predicted; empty where it can

  /// Whether enough is said to compute its steps.
  bool has_steps() const {
    return inexpressible.empty() && !profile.empty() && accelerators > 0.0 && sequence_length > 0.0 &&
           global_batch_tokens > 0.0;
  }
};

}  // namespace trainbudget
