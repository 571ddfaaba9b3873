// What an accelerator with a software stack achieves: few physical numbers, the same for every model, layout
// and batch. They are fitted (core/calibration.h), measured (microbench) or assumed, and come from
// hardware_profiles/efficiency/.
#pragma once

#include "core/hardware.h"
#include "core/model_kind.h"
#include "core/provenance.h"
#include "core/uncertainty.h"
#include "core/wkv_time.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget {

enum class Parameter : std::uint8_t {
  // Of an accelerator.
  matmul,
  matmul_8_bit,
  matmul_4_bit,
  half_dimension,
  attention,
  attention_half_length,
  memory,
  scale_up,
  scale_out,
  recurrence_step,
  recurrence_slots,
  // Of a software stack.
  time_factor,
  elementwise,
  launch,
  latency,
  tensor_exposed,
  data_exposed,
  gather_exposed,
  expert_exposed,
  expert_overlapped,
  context_exposed,
  pipeline_exposed,
  straggler,
  host_bandwidth,
  unstated_recompute,
  // Of memory.
  activation_factor,
  memory_reserve,
  fixed_memory,
};
inline constexpr int parameter_count = 28;

/// How a parameter is moved without leaving its bounds: on a straight or a logarithmic scale between them.
enum class ParameterScale : std::uint8_t { linear, logarithmic };

/// The physical bounds of a parameter and what is believed of it before any measurement. Spreads are standard
/// deviations of the unbounded coordinate (coordinate_of); 0: the parameter does not vary there.
struct ParameterRow {
  Parameter parameter;
  std::string_view name;  ///< as in files
  double lower, upper;
  double typical;
  ParameterScale scale;
  double common_spread;       ///< of what all profiles have in common
  double accelerator_spread;  ///< between accelerators
  double stack_spread;        ///< between software stacks
  double release_spread;      ///< between dates of one stack
  double pair_spread;         ///< of one stack on one accelerator
  std::string_view meaning;
};

/// Rows in the order of Parameter.
const std::array<ParameterRow, parameter_count>& parameter_table();

constexpr std::size_t index_of(Parameter parameter) {
  return static_cast<std::size_t>(parameter);
}

/// Unbounded coordinate of a value inside a row's bounds: the logit of its place between them.
double coordinate_of(const ParameterRow& row, double value);
double value_at(const ParameterRow& row, double coordinate);

/// Values of all parameters. Plain data.
struct Efficiency {
  std::array<double, parameter_count> values = {};

  constexpr double operator[](Parameter parameter) const { return values[index_of(parameter)]; }
  constexpr double& operator[](Parameter parameter) { return values[index_of(parameter)]; }
};

/// Every parameter at its typical value.
Efficiency typical_efficiency();

/// One parameter of a profile.
struct ProfileParameter {
  double value = 0.0;
  double spread = 0.0;  ///< standard deviation of its unbounded coordinate
  Provenance provenance;
};

/// The stack of a profile that holds for no stack in particular: what is taken where the
/// software is unknown.
inline constexpr std::string_view generic_stack = "generic";
/// An accelerator with a software stack at a date.
struct EfficiencyProfile {
  std::string name;  ///< "h100-sxm-80gb/megatron-bridge"; "h100-sxm-80gb/generic" where the stack is unknown
  std::string accelerator;
  std::string stack;
  std::string date;
  std::array<ProfileParameter, parameter_count> parameters = {};
  double step_time_spread =
      0.0;                     ///< standard deviation of ln(measured ÷ predicted) that no parameter explains
  double row_spread = 0.0;     ///< of it, what one row scatters around any fit
  double memory_spread = 0.0;  ///< the same of peak memory
  int rows = 0;                ///< measured configurations behind it, 0 for a generic profile
  std::vector<ModelKind> seen;        ///< among the rows of its stack on any accelerator; empty: not known
  std::vector<WkvTable> recurrences;  ///< measured times of recurrences, beside their parameters

  Efficiency efficiency() const;
  /// Whether measurements of this accelerator with this software stand behind it: rows, or a microbenchmark.
  bool is_calibrated() const;
};

}  // namespace trainbudget
