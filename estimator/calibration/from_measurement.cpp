#include "calibration/from_measurement.h"

#include "calibration/product_fit.h"
#include "core/quantile.h"
#include "core/roofline.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

namespace trainbudget {
namespace {

constexpr double least_spread = 0.02;  ///< of one GPU to the next of its kind
constexpr double step_agreement =
    0.05;  ///< of a step with its kernels, as trainbudget-microbench step checks

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
    set_time_factor();
    if (measured_.memory_fraction) set(Parameter::memory, measured_.memory_fraction->value);
    set_products();
    if (measured_.memory_fraction && measured_.elementwise_fraction) {
      const Range ratio =
          quotient(exactly(measured_.memory_fraction->value.p50), measured_.elementwise_fraction->value);
      set(Parameter::elementwise, ratio);
    }
    set_launch();
    set_recurrence();
    profile_.recurrences = measured_.wkv;
    return std::move(profile_);
  }

 private:
  /// Values at the bounds of a parameter or beyond become what is just inside: at a bound itself no spread
  /// would move them.
  void set(Parameter parameter, Range range) {
    const ParameterRow& row = parameter_table()[index_of(parameter)];
    const auto inside = [&](double value) {
      constexpr double most_place = 0.995;  // of the way from one bound to the other
      const double edge = std::log(most_place / (1.0 - most_place));
      return value_at(row, std::clamp(coordinate_of(row, value), -edge, edge));
    };
    const double low = coordinate_of(row, inside(range.p10));
    const double high = coordinate_of(row, inside(range.p90));
    profile_.parameters[index_of(parameter)] = {
        inside(range.p50), std::max(least_spread, (high - low) / (2.0 * p90_deviations)), provenance_};
  }

  /// The products in `precision`, which read operands of so many bytes.
  std::vector<MeasuredProduct> products(Precision precision, double operand_bytes) const {
    const double memory_rate =
        measured_.memory_bandwidth * profile_.parameters[index_of(Parameter::memory)].value;
    std::vector<MeasuredProduct> result;
    for (const GemmPoint& point : measured_.gemm_points) {
      if (point.precision != precision) continue;
      const double traffic = point.count * product_traffic(point.tokens, point.n, point.k, operand_bytes);
      result.push_back({.m = point.tokens,
                        .n = point.n,
                        .k = point.k,
                        .ideal_seconds = point.seconds * point.fraction_of_peak,
                        .traffic_seconds = traffic / memory_rate,
                        .seconds = point.seconds,
                        .half_dimensions = operand_bytes < 2.0 ? 2.0 : 1.0});
    }
    return result;
  }

  /// The median over the products in `precision` of what endless ones would reach, and its quantiles.
  std::optional<Range> endless(Precision precision, double operand_bytes) const {
    std::vector<double> fractions;
    for (const MeasuredProduct& product : products(precision, operand_bytes)) {
      const double d = profile_.parameters[index_of(Parameter::half_dimension)].value;
      if (const auto fraction = fraction_of_endless(product, d)) fractions.push_back(*fraction);
    }
    if (fractions.empty()) return std::nullopt;
    std::sort(fractions.begin(), fractions.end());
    return quantiles(fractions);
  }

  void set_products() {
    Precision wide = Precision::bf16;
    if (products(wide, 2.0).empty()) wide = Precision::fp16;
    const std::optional<ProductFit> fit = fit_products(products(wide, 2.0));
    // A fall that these products hardly tell stays that of the generic profile.
    constexpr double most_unsure = 5.0;
    if (fit && fit->half_dimension.p90 <= most_unsure * fit->half_dimension.p10) {
      set(Parameter::half_dimension, fit->half_dimension);
      set(Parameter::matmul, fit->fraction_of_peak);
    } else if (const std::optional<Range> fraction = endless(wide, 2.0)) {
      set(Parameter::matmul, *fraction);
    } else {
      return;
    }
    const Range reached = exactly(profile_.parameters[index_of(Parameter::matmul)].value);
    if (const auto narrow = endless(Precision::fp8, 1.0))
      set(Parameter::matmul_8_bit, quotient(*narrow, reached));
    if (const auto narrow = endless(Precision::fp4, 0.5))
      set(Parameter::matmul_4_bit, quotient(*narrow, reached));
  }

  /// An empty kernel from C++ is the least that a launch costs; what a framework adds was not measured.
  void set_launch() {
    if (!measured_.eager_launch_seconds) return;
    const Range& least = measured_.eager_launch_seconds->value;
    if (least.p50 > profile_.parameters[index_of(Parameter::launch)].value) set(Parameter::launch, least);
  }

  /// Times of kernels need no factor to become times. What is not measured keeps its time: its fraction, or
  /// its seconds, take in the factor that the generic profile has.
  void set_time_factor() {
    if (!measured_.memory_fraction && measured_.gemm_points.empty() && measured_.wkv.empty()) return;
    const double factor = profile_.parameters[index_of(Parameter::time_factor)].value;
    const auto scale = [&](Parameter parameter, double by) {
      const ParameterRow& row = parameter_table()[index_of(parameter)];
      double& value = profile_.parameters[index_of(parameter)].value;
      value = std::clamp(value * by, row.lower, row.upper);
    };
    for (const Parameter fraction : {Parameter::matmul, Parameter::attention, Parameter::memory})
      scale(fraction, 1.0 / factor);
    scale(Parameter::recurrence_step, factor);
    set(Parameter::time_factor, {1.0 - step_agreement, 1.0, 1.0 + step_agreement});
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
