#include "calibration/fit.h"

#include "core/quantile.h"

#include <algorithm>
#include <cmath>

#include <Eigen/Dense>

namespace trainbudget {
namespace {

std::string key(Level level, std::string_view owner, Parameter parameter) {
  std::string text(1, static_cast<char>('0' + static_cast<int>(level)));
  text += static_cast<char>('A' + static_cast<int>(parameter));
  return text += owner;
}

/// Who owns what a profile adds to a parameter, by level.
std::array<std::string, level_count> owners_of(const ProfileKey& profile) {
  const std::string stack(profile.stack);
  return {"", std::string(profile.accelerator), stack, stack + '@' + std::string(profile.date),
          std::string(profile.accelerator) + '/' + stack};
}

ProfileKey key_of(const MeasuredRun& run) {
  return {run.accelerator, run.stack, run.date};
}

constexpr std::array<Level, level_count> levels{Level::common, Level::accelerator, Level::stack,
                                                Level::release, Level::pair};

Efficiency efficiency_at(const std::array<double, parameter_count>& coordinates) {
  Efficiency efficiency;
  for (const ParameterRow& row : parameter_table())
    efficiency[row.parameter] = value_at(row, coordinates[index_of(row.parameter)]);
  return efficiency;
}

/// Four fifths of rows are to lie inside P10–P90: their distance, scaled to a standard deviation of a normal
/// distribution.
constexpr double covered = 0.8;

/// Covers four fifths of `all` residuals and of `own` ones, those of one stack: together the former count as
/// much as `shrinkage` of the latter, so that a stack with few rows scatters as all do. Expects the absolute
/// values of both in order.
double covering_spread(const std::vector<double>& all, const std::vector<double>& own, double shrinkage) {
  if (all.empty()) return 0.0;
  const double weight_of_all = shrinkage / static_cast<double>(all.size());
  const double wanted = covered * (shrinkage + static_cast<double>(own.size()));
  double sum = 0.0;
  double residual = 0.0;
  for (std::size_t a = 0, o = 0; sum < wanted && (a < all.size() || o < own.size());) {
    const bool from_own = o < own.size() && (a >= all.size() || own[o] < all[a]);
    residual = from_own ? own[o++] : all[a++];
    sum += from_own ? 1.0 : weight_of_all;
  }
  return residual / p90_deviations;
}

/// J·D·Jᵀ, lower half: what any two rows share of their unknowns.
Eigen::MatrixXd kernel_of(const std::vector<Unknown>& unknowns,
                          const std::vector<std::vector<Fit::Slope>>& slopes) {
  struct Entry {
    Eigen::Index row;
    double slope;
  };
  std::vector<std::vector<Entry>> columns(unknowns.size());
  for (std::size_t i = 0; i < slopes.size(); ++i) {
    for (const Fit::Slope& slope : slopes[i])
      columns[static_cast<std::size_t>(slope.unknown)].push_back({static_cast<Eigen::Index>(i), slope.value});
  }
  const auto count = static_cast<Eigen::Index>(slopes.size());
  Eigen::MatrixXd kernel = Eigen::MatrixXd::Zero(count, count);
  for (std::size_t u = 0; u < columns.size(); ++u) {
    for (std::size_t b = 0; b < columns[u].size(); ++b) {
      const Entry& column = columns[u][b];
      const double scaled = unknowns[u].variance() * column.slope;
      for (std::size_t a = b; a < columns[u].size(); ++a)
        kernel(columns[u][a].row, column.row) += scaled * columns[u][a].slope;
    }
  }
  return kernel;
}

}  // namespace

double Fit::spread_at(const ParameterRow& row, Level level) const {
  if (is_of_memory(row.parameter) != (options_.target == Target::memory)) return 0.0;
  if (options_.population && (level == Level::stack || level == Level::pair)) return 0.0;
  switch (level) {
    case Level::common:
      return row.common_spread;
    case Level::accelerator:
      return row.accelerator_spread;
    case Level::stack:
      return row.stack_spread;
    case Level::release:
      return row.release_spread;
    case Level::pair:
      return row.pair_spread;
  }
  return 0.0;
}

int Fit::find(Level level, std::string_view owner, Parameter parameter) const {
  const auto found = index_.find(key(level, owner, parameter));
  return found == index_.end() ? -1 : found->second;
}

int Fit::intern(Level level, std::string_view owner, Parameter parameter, double spread) {
  const auto [place, fresh] =
      index_.emplace(key(level, owner, parameter), static_cast<int>(unknowns_.size()));
  if (fresh) unknowns_.push_back({level, std::string(owner), parameter, spread});
  return place->second;
}

Fit::Addresses Fit::addresses(const ProfileKey& profile) const {
  Addresses addresses;
  const auto owners = owners_of(profile);
  for (const ParameterRow& row : parameter_table()) {
    for (std::size_t i = 0; i < levels.size(); ++i)
      addresses[index_of(row.parameter)].unknown[i] = find(levels[i], owners[i], row.parameter);
  }
  return addresses;
}

std::array<double, parameter_count> Fit::coordinates(const Addresses& addresses) const {
  std::array<double, parameter_count> result{};
  for (const ParameterRow& row : parameter_table()) {
    double coordinate = coordinate_of(row, row.typical);
    for (const int unknown : addresses[index_of(row.parameter)].unknown) {
      if (unknown >= 0) coordinate += values_[static_cast<std::size_t>(unknown)];
    }
    result[index_of(row.parameter)] = coordinate;
  }
  return result;
}

std::array<double, parameter_count> Fit::gradient(const Observation& row,
                                                  const std::array<double, parameter_count>& coordinates,
                                                  double& log_value) const {
  constexpr double step = 1e-4;
  Efficiency efficiency = efficiency_at(coordinates);
  log_value = row.log_predicted(options_.target, efficiency);
  std::array<double, parameter_count> result{};
  for (const ParameterRow& parameter : parameter_table()) {
    const std::size_t i = index_of(parameter.parameter);
    if (is_of_memory(parameter.parameter) != (options_.target == Target::memory)) continue;
    const double value = efficiency.values[i];
    efficiency.values[i] = value_at(parameter, coordinates[i] + step);
    const double up = row.log_predicted(options_.target, efficiency);
    efficiency.values[i] = value;
    result[i] = (up - log_value) / step;
  }
  return result;
}

Fit::Fit(std::span<const Observation* const> rows, const FitOptions& options) : options_(options) {
  std::vector<Addresses> places;
  places.reserve(rows.size());
  for (const ParameterRow& row : parameter_table()) {
    const double spread = spread_at(row, Level::common);
    if (spread > 0.0) intern(Level::common, "", row.parameter, spread);
  }
  for (const Observation* row : rows) {
    const auto owners = owners_of(key_of(*row->run));
    for (const ParameterRow& parameter : parameter_table()) {
      for (std::size_t i = 1; i < levels.size(); ++i) {
        const double spread = spread_at(parameter, levels[i]);
        if (spread > 0.0) intern(levels[i], owners[i], parameter.parameter, spread);
      }
    }
    places.push_back(addresses(key_of(*row->run)));
  }

  values_.assign(unknowns_.size(), 0.0);
  const double variance = options.row_spread * options.row_spread;
  const auto scatter_of = [&](const Observation& row) {
    return std::pow(row.scatter, options.weight_exponent);
  };
  const auto residual_of = [&](std::size_t row) {
    return rows[row]->log_predicted(options.target, efficiency_at(coordinates(places[row]))) -
           rows[row]->log_measured_of(options.target);
  };
  const auto cost_at = [&](const std::vector<double>& trial) {
    values_ = trial;
    double cost = 0.0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double residual = residual_of(i);
      const double scaled = residual * residual / scatter_of(*rows[i]);
      cost += 0.5 * (options.tail + 1.0) * std::log1p(scaled / (options.tail * variance));
    }
    for (std::size_t u = 0; u < trial.size(); ++u)
      cost += 0.5 * trial[u] * trial[u] / unknowns_[u].variance();
    return cost;
  };

  // There are about twice as many unknowns as rows, and a row sees few of them: the step is solved for in the
  // space of rows, (J·D·Jᵀ + W⁻¹)·a = J·x − r and x' = D·Jᵀ·a, with D the prior variances and W the weights.
  const auto count = static_cast<Eigen::Index>(rows.size());
  std::vector<double> values = values_;
  double cost = cost_at(values);
  for (iterations_ = 0; iterations_ < options.most_iterations && !converged_; ++iterations_) {
    values_ = values;
    slopes_.assign(rows.size(), {});
    Eigen::VectorXd target(count);
    Eigen::VectorXd noise(count);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      double log_value = 0.0;
      slopes_[i] = slopes_of(places[i], gradient(*rows[i], coordinates(places[i]), log_value));
      const double residual = log_value - rows[i]->log_measured_of(options.target);
      const auto place = static_cast<Eigen::Index>(i);
      target[place] = -residual;
      for (const Slope& slope : slopes_[i])
        target[place] += slope.value * values[static_cast<std::size_t>(slope.unknown)];
      noise[place] =
          (options.tail * variance * scatter_of(*rows[i]) + residual * residual) / (options.tail + 1.0);
    }
    Eigen::MatrixXd kernel = kernel_of(unknowns_, slopes_);
    kernel.diagonal() += noise;
    const Eigen::LLT<Eigen::MatrixXd> factor(kernel);
    const Eigen::VectorXd pull = factor.solve(target);
    std::vector<double> goal(values.size(), 0.0);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (const Slope& slope : slopes_[i]) {
        const auto u = static_cast<std::size_t>(slope.unknown);
        goal[u] += unknowns_[u].variance() * slope.value * pull[static_cast<Eigen::Index>(i)];
      }
    }
    const Eigen::MatrixXd lower = factor.matrixL();
    factor_.assign(lower.data(), lower.data() + lower.size());

    double change = 0.0;
    double part = 1.0;
    for (int attempt = 0; attempt < 12 && change <= 0.0; ++attempt, part *= 0.4) {
      std::vector<double> trial = values;
      for (std::size_t u = 0; u < trial.size(); ++u)
        trial[u] += part * (goal[u] - values[u]);
      const double trial_cost = cost_at(trial);
      if (trial_cost >= cost) continue;
      change = cost - trial_cost;
      cost = trial_cost;
      values = std::move(trial);
    }
    converged_ = change < 1e-5 * (1.0 + std::abs(cost));
  }
  values_ = values;

  std::vector<double> residuals;
  std::map<std::string, std::vector<double>, std::less<>> by_stack;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i]->noise > 0.0) continue;  // their scatter is their source's
    residuals.push_back(std::abs(residual_of(i)) / rows[i]->scatter);
    if (!options.population) by_stack[rows[i]->run->stack].push_back(residuals.back());
  }
  std::sort(residuals.begin(), residuals.end());
  residual_spread_ = covering_spread(residuals, {}, 1.0);
  for (auto& [stack, own] : by_stack) {
    std::sort(own.begin(), own.end());
    stack_spread_[stack] = covering_spread(residuals, own, options.spread_shrinkage);
  }
}

double Fit::residual_spread(std::string_view stack) const {
  const auto found = stack_spread_.find(stack);
  return found == stack_spread_.end() ? residual_spread_ : found->second;
}

std::vector<Fit::Slope> Fit::slopes_of(const Addresses& places,
                                       const std::array<double, parameter_count>& gradient) const {
  std::vector<Slope> slopes;
  for (std::size_t p = 0; p < gradient.size(); ++p) {
    if (gradient[p] == 0.0) continue;
    for (const int unknown : places[p].unknown) {
      if (unknown >= 0) slopes.push_back({unknown, gradient[p]});
    }
  }
  return slopes;
}

double Fit::variance_along(const std::vector<Slope>& slopes) const {
  std::vector<double> direction(unknowns_.size(), 0.0);
  double variance = 0.0;
  for (const Slope& slope : slopes) {
    const auto u = static_cast<std::size_t>(slope.unknown);
    direction[u] = unknowns_[u].variance() * slope.value;
    variance += direction[u] * slope.value;
  }
  const auto count = static_cast<Eigen::Index>(slopes_.size());
  Eigen::VectorXd shared(count);
  for (std::size_t i = 0; i < slopes_.size(); ++i) {
    double sum = 0.0;
    for (const Slope& slope : slopes_[i])
      sum += slope.value * direction[static_cast<std::size_t>(slope.unknown)];
    shared[static_cast<Eigen::Index>(i)] = sum;
  }
  const Eigen::Map<const Eigen::MatrixXd> factor(factor_.data(), count, count);
  factor.triangularView<Eigen::Lower>().solveInPlace(shared);
  return std::max(0.0, variance - shared.squaredNorm());
}

Efficiency Fit::efficiency(const ProfileKey& profile) const {
  return efficiency_at(coordinates(addresses(profile)));
}

Fit::Prediction Fit::predict(const Observation& row) const {
  return predict(row, key_of(*row.run));
}

Fit::Prediction Fit::predict(const Observation& row, const ProfileKey& profile) const {
  const Addresses places = addresses(profile);
  double log_value = 0.0;
  const auto row_gradient = gradient(row, coordinates(places), log_value);
  double variance = variance_along(slopes_of(places, row_gradient));
  for (const ParameterRow& parameter : parameter_table()) {
    const std::size_t p = index_of(parameter.parameter);
    for (std::size_t i = 0; i < levels.size(); ++i) {
      if (places[p].unknown[i] >= 0) continue;
      const double spread = spread_at(parameter, levels[i]);
      variance += row_gradient[p] * row_gradient[p] * spread * spread;
    }
  }
  const double scatter = residual_spread(profile.stack) * row.total_scatter();
  return {.value = std::exp(log_value),
          .spread = std::sqrt(variance + scatter * scatter),
          .parameter_spread = std::sqrt(variance)};
}

double Fit::prior_spread(const ParameterRow& row) const {
  double variance = 0.0;
  for (const Level level : levels)
    variance += spread_at(row, level) * spread_at(row, level);
  return std::sqrt(variance);
}

double Fit::coordinate_spread(const ProfileKey& profile, Parameter parameter) const {
  const Addresses places = addresses(profile);
  const ParameterRow& row = parameter_table()[index_of(parameter)];
  std::array<double, parameter_count> direction{};
  direction[index_of(parameter)] = 1.0;
  double variance = variance_along(slopes_of(places, direction));
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (places[index_of(parameter)].unknown[i] < 0)
      variance += spread_at(row, levels[i]) * spread_at(row, levels[i]);
  }
  return std::sqrt(variance);
}

}  // namespace trainbudget
