#include "calibration/fit.h"

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

double spread_at(const ParameterRow& row, Level level) {
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

constexpr std::array<Level, level_count> levels{Level::common, Level::accelerator, Level::stack,
                                                Level::release, Level::pair};

Efficiency efficiency_at(const std::array<double, parameter_count>& coordinates) {
  Efficiency efficiency;
  for (const ParameterRow& row : parameter_table())
    efficiency[row.parameter] = value_at(row, coordinates[index_of(row.parameter)]);
  return efficiency;
}

/// Median of absolute values, scaled to a standard deviation of a normal distribution.
double robust_spread(std::vector<double> residuals) {
  if (residuals.empty()) return 0.0;
  for (double& r : residuals)
    r = std::abs(r);
  const auto middle = residuals.begin() + static_cast<std::ptrdiff_t>(residuals.size() / 2);
  std::nth_element(residuals.begin(), middle, residuals.end());
  return 1.4826 * *middle;
}

}  // namespace

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
                                                  double& log_seconds) const {
  constexpr double step = 1e-4;
  Efficiency efficiency = efficiency_at(coordinates);
  log_seconds = std::log(row.predicted_seconds(efficiency));
  std::array<double, parameter_count> result{};
  for (const ParameterRow& parameter : parameter_table()) {
    const std::size_t i = index_of(parameter.parameter);
    if (parameter.parameter >= Parameter::activation_factor) continue;  // of memory
    const double value = efficiency.values[i];
    efficiency.values[i] = value_at(parameter, coordinates[i] + step);
    const double up = std::log(row.predicted_seconds(efficiency));
    efficiency.values[i] = value;
    result[i] = (up - log_seconds) / step;
  }
  return result;
}

Fit::Fit(std::span<const Observation* const> rows, const FitOptions& options) : options_(options) {
  std::vector<Addresses> places;
  places.reserve(rows.size());
  for (const ParameterRow& row : parameter_table()) {
    if (row.common_spread > 0.0) intern(Level::common, "", row.parameter, spread_at(row, Level::common));
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

  const auto size = static_cast<Eigen::Index>(unknowns_.size());
  Eigen::VectorXd values = Eigen::VectorXd::Zero(size);
  Eigen::VectorXd prior(size);
  for (Eigen::Index i = 0; i < size; ++i) {
    const double spread = unknowns_[static_cast<std::size_t>(i)].prior_spread;
    prior[i] = 1.0 / (spread * spread);
  }

  const double variance = options.row_spread * options.row_spread;
  const auto loss_of = [&](const Observation& row, double residual) {
    const double scaled = residual * residual / std::pow(row.scatter, options.weight_exponent);
    return 0.5 * (options.tail + 1.0) * std::log1p(scaled / (options.tail * variance));
  };
  const auto cost_at = [&](const Eigen::VectorXd& trial) {
    values_.assign(trial.begin(), trial.end());
    double cost = 0.0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double residual =
          std::log(rows[i]->predicted_seconds(efficiency_at(coordinates(places[i])))) - rows[i]->log_measured;
      cost += loss_of(*rows[i], residual);
    }
    return cost + 0.5 * trial.cwiseAbs2().dot(prior);
  };

  Eigen::MatrixXd hessian(size, size);
  Eigen::VectorXd slope(size);
  double damping = 1e-3;
  double cost = cost_at(values);
  for (iterations_ = 0; iterations_ < options.most_iterations; ++iterations_) {
    hessian.setZero();
    hessian.diagonal() = prior;
    slope = prior.cwiseProduct(values);
    values_.assign(values.begin(), values.end());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      double log_seconds = 0.0;
      const auto row_gradient = gradient(*rows[i], coordinates(places[i]), log_seconds);
      const double residual = log_seconds - rows[i]->log_measured;
      const double weight = (options.tail + 1.0) /
                            (options.tail * variance * std::pow(rows[i]->scatter, options.weight_exponent) +
                             residual * residual);
      std::array<std::pair<int, double>, level_count * parameter_count> entries;
      std::size_t count = 0;
      for (std::size_t p = 0; p < row_gradient.size(); ++p) {
        if (row_gradient[p] == 0.0) continue;
        for (const int unknown : places[i][p].unknown) {
          if (unknown >= 0) entries[count++] = {unknown, row_gradient[p]};
        }
      }
      for (std::size_t a = 0; a < count; ++a) {
        slope[entries[a].first] += weight * residual * entries[a].second;
        for (std::size_t b = 0; b < count; ++b)
          hessian(entries[a].first, entries[b].first) += weight * entries[a].second * entries[b].second;
      }
    }
    bool moved = false;
    double change = 0.0;
    for (int attempt = 0; attempt < 12; ++attempt) {
      Eigen::MatrixXd damped = hessian;
      damped.diagonal() *= 1.0 + damping;
      const Eigen::VectorXd trial = values - damped.ldlt().solve(slope);
      const double trial_cost = cost_at(trial);
      if (trial_cost < cost) {
        change = cost - trial_cost;
        values = trial;
        cost = trial_cost;
        damping = std::max(1e-9, damping * 0.2);
        moved = true;
        break;
      }
      damping *= 5.0;
    }
    if (!moved || change < 1e-5 * (1.0 + std::abs(cost))) {
      converged_ = true;
      break;
    }
  }
  values_.assign(values.begin(), values.end());
  const Eigen::MatrixXd covariance = hessian.ldlt().solve(Eigen::MatrixXd::Identity(size, size));
  covariance_.assign(covariance.data(), covariance.data() + covariance.size());

  std::vector<double> residuals;
  for (std::size_t i = 0; i < rows.size(); ++i)
    residuals.push_back((std::log(rows[i]->predicted_seconds(efficiency_at(coordinates(places[i])))) -
                         rows[i]->log_measured) /
                        rows[i]->scatter);
  residual_spread_ = robust_spread(residuals);
}

Efficiency Fit::efficiency(const ProfileKey& profile) const {
  return efficiency_at(coordinates(addresses(profile)));
}

Fit::Prediction Fit::predict(const Observation& row) const {
  return predict(row, key_of(*row.run));
}

Fit::Prediction Fit::predict(const Observation& row, const ProfileKey& profile) const {
  const Addresses places = addresses(profile);
  double log_seconds = 0.0;
  const auto row_gradient = gradient(row, coordinates(places), log_seconds);
  const auto size = static_cast<Eigen::Index>(values_.size());
  const Eigen::Map<const Eigen::MatrixXd> covariance(covariance_.data(), size, size);
  Eigen::VectorXd known = Eigen::VectorXd::Zero(size);
  double variance = 0.0;
  for (const ParameterRow& parameter : parameter_table()) {
    const std::size_t p = index_of(parameter.parameter);
    for (std::size_t i = 0; i < levels.size(); ++i) {
      const int unknown = places[p].unknown[i];
      if (unknown >= 0) {
        known[unknown] += row_gradient[p];
      } else {
        const double spread = spread_at(parameter, levels[i]);
        variance += row_gradient[p] * row_gradient[p] * spread * spread;
      }
    }
  }
  variance += known.dot(covariance * known);
  const double scatter = residual_spread_ * row.scatter;
  return {.seconds = std::exp(log_seconds),
          .spread = std::sqrt(variance + scatter * scatter),
          .parameter_spread = std::sqrt(variance)};
}

double Fit::coordinate_spread(const ProfileKey& profile, Parameter parameter) const {
  const Addresses places = addresses(profile);
  const ParameterRow& row = parameter_table()[index_of(parameter)];
  double variance = 0.0;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const int a = places[index_of(parameter)].unknown[i];
    if (a < 0) {
      variance += spread_at(row, levels[i]) * spread_at(row, levels[i]);
      continue;
    }
    for (std::size_t j = 0; j < levels.size(); ++j) {
      const int b = places[index_of(parameter)].unknown[j];
      if (b >= 0)
        variance += covariance_[static_cast<std::size_t>(a) * values_.size() + static_cast<std::size_t>(b)];
    }
  }
  return std::sqrt(std::max(0.0, variance));
}

}  // namespace trainbudget
