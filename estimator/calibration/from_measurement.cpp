#include "calibration/from_measurement.h"

#include "core/quantile.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

namespace trainbudget {
namespace {

constexpr double least_spread = 0.02;  ///< of one GPU to the next of its kind

class Builder {
 public:
  Builder(const EfficiencyProfile& generic, const MeasuredEfficiency& measured, const std::string& source)
      : profile_(generic), measured_(measured) {
    provenance_ = {.origin = Origin::measured, .source = source, .date = measured.date};
  }

  EfficiencyProfile operator()() {
    profile_.name = profile_.accelerator + "/" + std::string(measured_stack);
    profile_.stack = measured_stack;
    profile_.date = measured_.date;
    set_products();
    if (measured_.memory_fraction) set(Parameter::memory, measured_.memory_fraction->value);
    if (measured_.memory_fraction && measured_.elementwise_fraction) {
      const Range ratio =
          quotient(exactly(measured_.memory_fraction->value.p50), measured_.elementwise_fraction->value);
      set(Parameter::elementwise, ratio);
    }
    if (measured_.eager_launch_seconds) set(Parameter::launch, measured_.eager_launch_seconds->value);
    set_recurrence();
    profile_.recurrences = measured_.wkv;
    return std::move(profile_);
  }

 private:
  /// Values beyond the bounds of a parameter become the bound.
  void set(Parameter parameter, Range range) {
    const ParameterRow& row = parameter_table()[index_of(parameter)];
    const auto inside = [&](double value) { return std::clamp(value, row.lower, row.upper); };
    const double low = coordinate_of(row, inside(range.p10));
    const double high = coordinate_of(row, inside(range.p90));
    profile_.parameters[index_of(parameter)] = {
        inside(range.p50), std::max(least_spread, (high - low) / (2.0 * p90_deviations)), provenance_};
  }

  std::optional<Range> ceiling(Precision precision) const {
    for (const GemmCeiling& found : measured_.gemm_ceilings) {
      if (found.precision == precision) return found.fraction_of_peak.value;
    }
    return std::nullopt;
  }

  void set_products() {
    const std::optional<Range> wide =
        ceiling(Precision::bf16) ? ceiling(Precision::bf16) : ceiling(Precision::fp16);
    if (!wide) return;
    set(Parameter::matmul, *wide);
    if (const auto narrow = ceiling(Precision::fp8))
      set(Parameter::matmul_8_bit, quotient(*narrow, exactly(wide->p50)));
    if (const auto narrow = ceiling(Precision::fp4))
      set(Parameter::matmul_4_bit, quotient(*narrow, exactly(wide->p50)));
    // ceiling ÷ fraction = 1 + d·(1/m + 1/n + 1/k), each product by itself; the median of them.
    std::vector<double> dimensions;
    for (const GemmPoint& point : measured_.gemm_points) {
      if (point.precision != Precision::bf16 || point.fraction_of_peak <= 0.0) continue;
      const double corners = 1.0 / point.tokens + 1.0 / point.n + 1.0 / point.k;
      dimensions.push_back(std::max(0.0, wide->p50 / point.fraction_of_peak - 1.0) / corners);
    }
    if (dimensions.empty()) return;
    std::sort(dimensions.begin(), dimensions.end());
    set(Parameter::half_dimension, quantiles(dimensions));
  }

  void set_recurrence() {
    std::vector<double> steps;
    double slots = 0.0;
    for (const WkvTable& table : measured_.wkv) {
      // The parameters are of heads with a matrix of state; RWKV-4's are channels.
      const bool of_heads = !table.kernel.starts_with("wkv4");
      if (!of_heads || !table.kernel.ends_with("forward") || table.resident_heads <= 0.0) continue;
      slots = std::max(slots, table.resident_heads);
      for (const WkvPoint& point : table.points)
        steps.push_back(point.seconds / (wkv_waves(table, point.heads) * point.sequence));
    }
    if (steps.empty()) return;
    set(Parameter::recurrence_slots, exactly(slots));
    const double middle = upper_median(steps);
    set(Parameter::recurrence_step, {*std::min_element(steps.begin(), steps.end()), middle,
                                     *std::max_element(steps.begin(), steps.end())});
  }

  EfficiencyProfile profile_;
  const MeasuredEfficiency& measured_;
  Provenance provenance_;
};

}  // namespace

EfficiencyProfile measured_profile(const EfficiencyProfile& generic, const MeasuredEfficiency& measured,
                                   const std::string& source) {
  return Builder(generic, measured, source)();
}

}  // namespace trainbudget
