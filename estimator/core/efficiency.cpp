#include "core/efficiency.h"

#include <algorithm>
#include <cmath>

namespace trainbudget {
namespace {

constexpr ParameterScale linear = ParameterScale::linear;
constexpr ParameterScale logarithmic = ParameterScale::logarithmic;

// Typical values and bounds: GEMM ceilings of 0.87 (A100), 0.80 (H100), 0.78 (B200) and 0.51 (MI300X) of the
// datasheet peak were measured by stas00/ml-engineering (compute/accelerator/benchmarks); NCCL reaches
// 0.7–0.9 of NVLink. The others are assumptions with the spread beside them, until a fit or a measurement
// replaces them.
constexpr std::array<ParameterRow, parameter_count> table{{
    {Parameter::matmul, "matmul", 0.2, 0.98, 0.75, linear, 0.3, 0.4, 0.0, 0.0, 0.0,
     "fraction of the 16-bit peak that large matrix products reach"},
    {Parameter::matmul_8_bit, "matmul_8_bit", 0.3, 1.02, 0.85, linear, 0.4, 0.3, 0.0, 0.0, 0.0,
     "what 8-bit products reach of their peak, relative to matmul"},
    {Parameter::matmul_4_bit, "matmul_4_bit", 0.2, 1.02, 0.6, linear, 0.5, 0.3, 0.0, 0.0, 0.0,
     "what 4-bit products reach of their peak, relative to matmul"},
    {Parameter::half_dimension, "half_dimension", 2.0, 1500.0, 80.0, logarithmic, 0.5, 0.4, 0.0, 0.0, 0.0,
     "a matrix product takes (1 + d/m + d/n + d/k) times its ideal time"},
    {Parameter::attention, "attention", 0.04, 0.9, 0.45, linear, 0.4, 0.4, 0.3, 0.0, 0.0,
     "fraction of the 16-bit peak that fused attention reaches on long sequences"},
    {Parameter::attention_half_length, "attention_half_length", 10.0, 3000.0, 350.0, logarithmic, 0.4, 0.0,
     0.0, 0.0, 0.0, "fused attention over s tokens takes (1 + this/s) times as long"},
    {Parameter::memory, "memory", 0.4, 0.97, 0.82, linear, 0.3, 0.2, 0.0, 0.0, 0.0,
     "fraction of the memory bandwidth that streams reach"},
    {Parameter::scale_up, "scale_up", 0.15, 0.97, 0.75, linear, 0.3, 0.3, 0.0, 0.0, 0.0,
     "fraction of the link bandwidth inside a node or scale-up domain"},
    {Parameter::scale_out, "scale_out", 0.08, 0.97, 0.5, linear, 0.4, 0.3, 0.25, 0.5, 0.0,
     "fraction of the network bandwidth between nodes"},
    {Parameter::recurrence_step, "recurrence_step", 0.05e-6, 20.0e-6, 0.8e-6, logarithmic, 0.6, 0.3, 0.0, 0.0,
     0.0, "seconds of one time step of a recurrence kernel, one wave of blocks"},
    {Parameter::recurrence_slots, "recurrence_slots", 32.0, 8192.0, 432.0, logarithmic, 0.5, 0.3, 0.0, 0.0,
     0.0, "blocks (batch × heads) of a recurrence that are resident at once"},
    {Parameter::time_factor, "time_factor", 0.6, 4.0, 1.15, logarithmic, 0.2, 0.0, 0.2, 0.4, 0.3,
     "time of all kernels relative to the accelerator's own fractions, which no stack raises above the peak"},
    {Parameter::elementwise, "elementwise", 0.4, 3.0, 1.1, logarithmic, 0.3, 0.0, 0.2, 0.4, 0.0,
     "memory traffic of element-wise work relative to the counted one: fusion or its lack"},
    {Parameter::launch, "launch", 0.3e-6, 150.0e-6, 8.0e-6, logarithmic, 0.6, 0.0, 0.5, 1.0, 0.0,
     "seconds of host time to launch one operation"},
    {Parameter::latency, "latency", 0.1, 10.0, 1.0, logarithmic, 0.5, 0.0, 0.25, 0.5, 0.0,
     "hop latency relative to the cluster's"},
    {Parameter::tensor_exposed, "tensor_exposed", 0.02, 1.0, 0.7, linear, 0.6, 0.0, 0.5, 1.0, 0.0,
     "part of tensor-parallel communication that nothing hides"},
    {Parameter::data_exposed, "data_exposed", 0.01, 1.0, 0.3, linear, 0.6, 0.0, 0.5, 1.0, 0.0,
     "part of gradient communication that nothing hides"},
    {Parameter::gather_exposed, "gather_exposed", 0.01, 1.0, 0.25, linear, 0.6, 0.0, 0.5, 1.0, 0.0,
     "part of the communication of sharded weights that nothing hides"},
    {Parameter::expert_exposed, "expert_exposed", 0.02, 1.0, 0.7, linear, 0.6, 0.0, 0.5, 1.0, 0.0,
     "part of expert-parallel communication that nothing hides"},
    {Parameter::expert_overlapped, "expert_overlapped", 0.02, 1.0, 0.2, linear, 0.6, 0.0, 0.25, 0.5, 0.0,
     "the same where it is overlapped with the work on another micro-batch"},
    {Parameter::context_exposed, "context_exposed", 0.02, 1.0, 0.3, linear, 0.6, 0.0, 0.25, 0.5, 0.0,
     "part of context-parallel communication that nothing hides"},
    {Parameter::pipeline_exposed, "pipeline_exposed", 0.02, 1.0, 0.5, linear, 0.6, 0.0, 0.25, 0.5, 0.0,
     "part of the transfers between pipeline stages that nothing hides"},
    {Parameter::straggler, "straggler", 0.0, 0.04, 0.006, linear, 0.6, 0.0, 0.35, 0.7, 0.0,
     "slowdown for each doubling of the number of nodes"},
    {Parameter::host_bandwidth, "host_bandwidth", 1.0e9, 450.0e9, 20.0e9, logarithmic, 0.6, 0.5, 0.0, 0.0,
     0.0, "bytes/s between an accelerator and host memory, each way"},
    {Parameter::unstated_recompute, "unstated_recompute", 0.0, 1.0, 0.12, linear, 0.6, 0.0, 0.3, 0.6, 0.0,
     "fraction of a forward pass recomputed where a source does not say"},
    {Parameter::activation_factor, "activation_factor", 0.4, 2.5, 1.0, logarithmic, 0.3, 0.0, 0.2, 0.4, 0.0,
     "activations kept relative to the counted ones"},
    {Parameter::memory_reserve, "memory_reserve", 0.0, 0.35, 0.06, linear, 0.5, 0.0, 0.25, 0.5, 0.0,
     "what the allocator holds on top of what is in use, as a fraction"},
    {Parameter::fixed_memory, "fixed_memory", 0.2e9, 10.0e9, 1.5e9, logarithmic, 0.5, 0.0, 0.25, 0.5, 0.0,
     "bytes of contexts, communication buffers and workspaces"},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (index_of(table[i].parameter) != i) return false;
  }
  return true;
}
static_assert(in_order());

}  // namespace

const std::array<ParameterRow, parameter_count>& parameter_table() {
  return table;
}

double coordinate_of(const ParameterRow& row, double value) {
  const double place = row.scale == ParameterScale::linear
                           ? (value - row.lower) / (row.upper - row.lower)
                           : std::log(value / row.lower) / std::log(row.upper / row.lower);
  const double inside = std::clamp(place, 1e-9, 1.0 - 1e-9);
  return std::log(inside / (1.0 - inside));
}

double value_at(const ParameterRow& row, double coordinate) {
  const double place = 1.0 / (1.0 + std::exp(-coordinate));
  return row.scale == ParameterScale::linear ? row.lower + (row.upper - row.lower) * place
                                             : row.lower * std::pow(row.upper / row.lower, place);
}

Efficiency typical_efficiency() {
  Efficiency efficiency;
  for (const ParameterRow& row : table)
    efficiency[row.parameter] = row.typical;
  return efficiency;
}

bool EfficiencyProfile::is_calibrated() const {
  return rows > 0 || std::any_of(parameters.begin(), parameters.end(), [](const ProfileParameter& parameter) {
           return parameter.provenance.origin == Origin::measured;
         });
}

Efficiency EfficiencyProfile::efficiency() const {
  Efficiency efficiency;
  for (std::size_t i = 0; i < parameters.size(); ++i)
    efficiency.values[i] = parameters[i].value;
  return efficiency;
}

}  // namespace trainbudget
