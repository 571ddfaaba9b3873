// A whole training run as published: what it took from the first to the last paid hour.
#pragma once

#include <string>

namespace trainbudget {

struct WholeRun {
  std::string id;
  std::string source;
  std::string model;
  std::string architecture;
  std::string accelerator;         ///< profile name; empty where it has none
  double active_parameters = 0.0;  ///< that one token uses
  double tokens = 0.0;             ///< all epochs
  double accelerators = 0.0;       ///< 0: not said
  double gpu_hours = 0.0;          ///< 0: not said
  std::string gpu_hours_kind;      ///< published, derived, upper bound
  double days = 0.0;               ///< 0: not said
  std::string check;               ///< what is strange about it; empty where nothing is
  std::string inexpressible;       ///< why it cannot be predicted; empty where it can
};

}  // namespace trainbudget
