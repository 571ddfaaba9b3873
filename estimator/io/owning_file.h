// What owning costs: hardware_profiles/owning.yaml.
#pragma once

#include "core/own.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget::io {

struct OwningDefaults {
  template <class T>
  struct Entry {
    std::vector<std::string> accelerators;
    Sourced<T> value;
  };
  std::vector<Entry<Range>> capex_usd;
  std::vector<Entry<double>> rated_watts;
  OwnedHardware common;  ///< all but capex and rated power

  /// The entry for `accelerator`; nullptr where there is none.
  const Sourced<Range>* capex_of(std::string_view accelerator) const;
  const Sourced<double>* rated_watts_of(std::string_view accelerator) const;
};

/// Throws InputError.
OwningDefaults read_owning_defaults(const std::string& path);

}  // namespace trainbudget::io
