// Fits the parameters of efficiency profiles to measured step times, or those of memory to measured memory,
// all profiles at once. A profile's parameter, on its unbounded coordinate, is what all have in common, plus
// what its accelerator, its software stack and the pair of them add: each is drawn to zero by its prior
// spread (parameter_table), so that a stack with few rows keeps close to the others and an unknown one starts
// from them, with the uncertainty that this leaves. Rows that no value explains are pulled less (Student's
// t). Maximum a posteriori by Gauss–Newton; the posterior is its Gaussian approximation (Bishop, Pattern
// Recognition and Machine Learning, §4.4).
#pragma once

#include "calibration/observation.h"
#include "core/efficiency.h"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget {

enum class Level : std::uint8_t { common, accelerator, stack, release, pair };
inline constexpr std::size_t level_count = 5;

/// Which profile: an accelerator with a software stack of a date.
struct ProfileKey {
  std::string_view accelerator;
  std::string_view stack;
  std::string_view date;
};

/// One unknown: what `owner` (an accelerator, a stack, "stack@date", "accelerator/stack", nothing for common)
/// adds to a parameter.
struct Unknown {
  Level level = Level::common;
  std::string owner;
  Parameter parameter = Parameter::matmul;
  double prior_spread = 0.0;

  double variance() const { return prior_spread * prior_spread; }
};

struct FitOptions {
  Target target = Target::step_time;
  double row_spread = usual_row_spread;  ///< of ln(measured ÷ predicted) that parameters cannot explain
  double tail = 4.0;                     ///< degrees of freedom of Student's t
  double weight_exponent = 1.0;          ///< rows weigh as scatter^−this; 2 is by their variance
  double spread_shrinkage = 15.0;  ///< rows of a stack that weigh as much as all others in what it scatters
  int most_iterations = 60;
  /// For a stack of which no row tells: each release of each stack is then one draw from the population, and
  /// neither a stack's other releases nor its other accelerators say anything of it. With them, one stack
  /// that was measured often (and was slow) would draw all that is believed of an accelerator.
  bool population = false;
};
inline constexpr FitOptions of_unknown_stacks{.population = true};
inline constexpr FitOptions of_memory{.target = Target::memory, .row_spread = 0.02};
inline constexpr FitOptions of_memory_in_unknown_stacks{
    .target = Target::memory, .row_spread = 0.02, .population = true};

class Fit {
 public:
  /// Fits `rows`; the pointers need not stay valid.
  Fit(std::span<const Observation* const> rows, const FitOptions& options);

  /// The parameters of an accelerator with a stack, known to the fit or not.
  Efficiency efficiency(const ProfileKey& profile) const;

  struct Prediction {
    double value = 0.0;  ///< median: seconds, or bytes
    /// Standard deviation of its logarithm: what is not known of the parameters, and the scatter of rows.
    double spread = 0.0;
    double parameter_spread = 0.0;  ///< the first of the two alone
  };
  Prediction predict(const Observation& row) const;
  /// As if the row were of another profile.
  Prediction predict(const Observation& row, const ProfileKey& profile) const;

  /// Standard deviation of the unbounded coordinate of one parameter of a profile.
  double coordinate_spread(const ProfileKey& profile, Parameter parameter) const;

  /// The same before any row.
  double prior_spread(const ParameterRow& row) const;

  int iterations() const { return iterations_; }
  bool converged() const { return converged_; }
  /// How far the rows that were fitted lie from the fit, for a scatter of 1: four fifths are within the
  /// P10–P90 of a normal distribution of this standard deviation.
  double residual_spread() const { return residual_spread_; }
  /// The same of the rows of one stack: some are measured with more care, some run on busier networks.
  double residual_spread(std::string_view stack) const;

  /// How a prediction's logarithm moves with an unknown.
  struct Slope {
    int unknown;
    double value;
  };

 private:
  struct Address {
    std::array<int, level_count> unknown = {-1, -1, -1, -1,
                                            -1};  ///< by level; -1: unknown to the fit or does not vary
  };
  using Addresses = std::array<Address, parameter_count>;

  double spread_at(const ParameterRow& row, Level level) const;
  int find(Level level, std::string_view owner, Parameter parameter) const;
  int intern(Level level, std::string_view owner, Parameter parameter, double spread);
  Addresses addresses(const ProfileKey& profile) const;
  std::array<double, parameter_count> coordinates(const Addresses& addresses) const;
  std::array<double, parameter_count> gradient(const Observation& row,
                                               const std::array<double, parameter_count>& coordinates,
                                               double& log_value) const;

  std::vector<Slope> slopes_of(const Addresses& places,
                               const std::array<double, parameter_count>& gradient) const;
  /// Posterior variance of a combination of unknowns.
  double variance_along(const std::vector<Slope>& slopes) const;

  FitOptions options_;
  std::vector<Unknown> unknowns_;
  std::map<std::string, int, std::less<>> index_;
  std::vector<double> values_;
  std::vector<std::vector<Slope>> slopes_;  ///< of the rows that were fitted
  std::vector<double> factor_;              ///< Cholesky factor of their covariance, by columns
  double residual_spread_ = 0.0;
  std::map<std::string, double, std::less<>> stack_spread_;
  int iterations_ = 0;
  bool converged_ = false;
};

}  // namespace trainbudget
