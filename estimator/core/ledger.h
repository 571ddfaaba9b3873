// The ledger: every line of an estimate with its value, the formula behind it, and what went into the
// formula.
#pragma once

#include "core/provenance.h"
#include "core/uncertainty.h"

#include <string>
#include <string_view>
#include <vector>

namespace trainbudget {

/// The unit of a ledger value. Values are SI base units, except `gpu_hours`, `usd_per_gpu_hour` and what
/// is counted by kilowatt-hours, which are how this field counts: a GPU-hour is one accelerator held for one
/// hour.
enum class Unit {
  count,
  fraction,
  flops,
  flops_per_second,
  bytes,
  bytes_per_second,
  tokens,
  tokens_per_second,
  seconds,
  gpu_hours,
  usd,
  usd_per_gpu_hour,
  watts,
  hertz,
  joules,
  grams,          ///< of CO2e
  grams_per_kwh,  ///< as grids are compared
  usd_per_kwh,
};

/// The word for `unit` in files: the suffix of a key that names it.
constexpr std::string_view name_of(Unit unit) {
  switch (unit) {
    case Unit::count:
      return "count";
    case Unit::fraction:
      return "fraction";
    case Unit::flops:
      return "flops";
    case Unit::flops_per_second:
      return "flops_per_second";
    case Unit::bytes:
      return "bytes";
    case Unit::bytes_per_second:
      return "bytes_per_second";
    case Unit::tokens:
      return "tokens";
    case Unit::tokens_per_second:
      return "tokens_per_second";
    case Unit::seconds:
      return "seconds";
    case Unit::gpu_hours:
      return "gpu_hours";
    case Unit::usd:
      return "usd";
    case Unit::usd_per_gpu_hour:
      return "usd_per_gpu_hour";
    case Unit::watts:
      return "watts";
    case Unit::hertz:
      return "hertz";
    case Unit::joules:
      return "joules";
    case Unit::grams:
      return "grams";
    case Unit::grams_per_kwh:
      return "grams_per_kwh";
    case Unit::usd_per_kwh:
      return "usd_per_kwh";
  }
  return "unknown";
}

/// A named number that a formula used.
struct LedgerInput {
  std::string name;  ///< as the formula writes it
  Range value;
  Unit unit = Unit::count;
  Provenance provenance;
};

struct LedgerLine {
  std::string id;     ///< stable, snake_case: the key in JSON and CSV
  std::string title;  ///< for people
  Range value;
  Unit unit = Unit::count;
  std::string formula;  ///< id of the formula: an anchor in docs/formulas.md and a row of core/formulas.h
  std::vector<LedgerInput> inputs;
};

}  // namespace trainbudget
