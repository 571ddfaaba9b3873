// The priors of efficiency by the recipe that hardware_profiles/efficiency/prior.yaml states, from the
// published measurements, step by step.
#include "catch.h"
#include "core/quantile.h"
#include "io/accelerator_file.h"
#include "io/csv.h"
#include "io/efficiency_prior_file.h"
#include "io/measured_run_file.h"
#include "profiles.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

using namespace trainbudget;

namespace {

struct Row {
  std::string publisher, model, gpu;
  const Accelerator* accelerator = nullptr;
  double gpus = 0.0, sequence = 0.0;
  double tokens_per_second = 0.0;    ///< of one accelerator
  double six_n = 0.0, causal = 0.0;  ///< FLOP/s of one accelerator
  bool at_eight_bit = false, is_mixture = false;
};

/// A value and whose it is.
using Published = std::pair<double, std::string>;

class Table {
 public:
  explicit Table(const std::string& name)
      : table_(io::read_csv_file(profiles::folder().path("../published_runs/" + name))) {}

  std::size_t rows() const { return table_.rows(); }
  std::string text(std::size_t row, const char* column) const {
    return std::string(table_.field(row, table_.column(column)));
  }
  double number(std::size_t row, const char* column) const {
    try {
      return std::stod(text(row, column));
    } catch (const std::invalid_argument&) {
      return 0.0;
    }
  }

 private:
  io::CsvTable table_;
};

const Accelerator& accelerator(const std::string& name) {
  static std::map<std::string, Accelerator> known;
  const auto [at, is_new] = known.try_emplace(name);
  if (is_new) at->second = io::find_accelerator(profiles::folder(), name, {});
  return at->second;
}

double peak(const Accelerator& gpu) {
  const auto* bf16 = find_peak(gpu.peak, Precision::bf16);
  return (bf16 != nullptr ? bf16 : find_peak(gpu.peak, Precision::fp16))->value.value;
}

/// Whether it was fp8; nothing for what was neither that nor 16 bits, or is not told.
std::optional<bool> at_eight_bit(const std::string& precision) {
  const auto has = [&](const char* text) { return precision.find(text) != std::string::npos; };
  if (has("int8")) return std::nullopt;
  if (has("8") && !has("4")) return true;
  const bool sixteen = precision.starts_with("bf16") || precision.starts_with("fp16");
  if (sixteen && !has("/") && !has("%")) return false;
  return std::nullopt;
}

void add_measurements(const Table& table, std::vector<Row>& rows) {
  const io::RunNames names = io::read_run_names(profiles::folder());
  for (std::size_t i = 0; i < table.rows(); ++i) {
    const std::string phase = table.text(i, "phase");
    const auto eight_bit = at_eight_bit(table.text(i, "precision"));
    const io::AcceleratorNames* gpu =
        names.find_accelerator(table.text(i, "gpu"), table.number(i, "gpu_mem_gb"));
    if ((phase != "pretrain" && phase != "bench") || table.number(i, "doubtful") != 0.0 || !eight_bit ||
        gpu == nullptr)
      continue;
    Row row{.publisher = table.text(i, "group"),
            .model = table.text(i, "model"),
            .gpu = table.text(i, "gpu"),
            .accelerator = &accelerator(gpu->accelerator),
            .gpus = table.number(i, "n_gpus"),
            .sequence = table.number(i, "seq_len"),
            .tokens_per_second = table.number(i, "tok_s_gpu"),
            .at_eight_bit = *eight_bit};
    const double step = table.number(i, "step_time_s");
    if (row.tokens_per_second == 0.0 && step > 0.0 && row.gpus > 0.0)
      row.tokens_per_second = table.number(i, "global_batch") * row.sequence / step / row.gpus;
    const double active = table.number(i, "n_active");
    if (!(row.tokens_per_second > 0.0) || !(active > 0.0) || !(row.gpus > 0.0)) continue;
    const double heads = table.number(i, "heads") * table.number(i, "head_dim");
    const double width = heads > 0.0 ? heads : table.number(i, "hidden");
    row.six_n = 6.0 * active * row.tokens_per_second;
    row.causal = row.six_n + 6.0 * table.number(i, "layers") * width * row.sequence * row.tokens_per_second;
    row.is_mixture = table.text(i, "arch").find("moe") != std::string::npos;
    rows.push_back(std::move(row));
  }
}

std::vector<Row> measurements() {
  std::vector<Row> rows;
  add_measurements(Table("steps.csv"), rows);
  add_measurements(Table("unseen_steps.csv"), rows);
  return rows;
}

double quantile_of(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return quantile(values, share);
}

/// Medians of what has the same key.
template <class Key>
std::vector<std::pair<Key, double>> medians(const std::map<Key, std::vector<double>>& groups) {
  std::vector<std::pair<Key, double>> result;
  for (const auto& [key, values] : groups)
    result.emplace_back(key, quantile_of(values, 0.5));
  return result;
}

/// Publishers count alike: each value stands in the middle of its share of the whole, with a straight line
/// from one to the next.
double quantile_of_publishers(std::vector<Published> values, double share) {
  std::sort(values.begin(), values.end());
  std::map<std::string, double> count;
  for (const Published& value : values)
    count[value.second] += 1.0;
  double done = 0.0, last_at = 0.0, last = values.front().first;
  for (const auto& [value, publisher] : values) {
    const double weight = 1.0 / count[publisher] / static_cast<double>(count.size());
    const double at = done + 0.5 * weight;
    if (share <= at)
      return at == last_at ? value : last + (value - last) * (share - last_at) / (at - last_at);
    done += weight;
    last_at = at;
    last = value;
  }
  return last;
}

Range range_of_publishers(const std::vector<Published>& values) {
  return {quantile_of_publishers(values, 0.1), quantile_of_publishers(values, 0.5),
          quantile_of_publishers(values, 0.9)};
}

std::size_t publishers_of(const std::vector<Published>& values) {
  std::set<std::string> names;
  for (const Published& value : values)
    names.insert(value.second);
  return names.size();
}

/// Speed at fp8 ÷ speed at 16 bits, of each publisher, model and accelerator.
std::vector<Published> eight_bit_speeds(const std::vector<Row>& rows) {
  using Place = std::tuple<std::string, std::string, std::string, double, double>;
  std::map<Place, std::map<bool, std::vector<double>>> places;
  for (const Row& row : rows)
    places[{row.publisher, row.model, row.accelerator->name, row.gpus, row.sequence}][row.at_eight_bit]
        .push_back(row.tokens_per_second);
  std::map<std::array<std::string, 3>, std::vector<double>> pairs;
  for (const auto& [place, speeds] : places) {
    if (speeds.size() == 2)
      pairs[{std::get<0>(place), std::get<1>(place), std::get<2>(place)}].push_back(
          quantile_of(speeds.at(true), 0.5) / quantile_of(speeds.at(false), 0.5));
  }
  const Table table("fp8_gains.csv");
  for (std::size_t i = 0; i < table.rows(); ++i) {
    const double ratio = table.number(i, "fp8") / table.number(i, "bf16");
    pairs[{table.text(i, "publisher"), table.text(i, "model"), table.text(i, "gpu")}].push_back(
        table.text(i, "unit") == "s/step" ? 1.0 / ratio : ratio);
  }
  std::vector<Published> speeds;
  for (const auto& [key, speed] : medians(pairs))
    speeds.emplace_back(speed, key[0]);
  return speeds;
}

/// Utilisation of mixtures ÷ that of dense models by the same publisher on the same accelerator.
std::vector<Published> mixture_shares(const std::vector<Row>& rows, double Row::*flops) {
  using Place = std::tuple<std::string, std::string, bool>;
  std::map<Place, std::map<std::pair<std::string, double>, std::vector<double>>> dense;
  std::map<std::pair<Place, std::string>, std::vector<double>> mixtures;
  for (const Row& row : rows) {
    const Place place{row.publisher, row.accelerator->name, row.at_eight_bit};
    if (row.is_mixture)
      mixtures[{place, row.model}].push_back(row.*flops);
    else
      dense[place][{row.model, row.gpus}].push_back(row.*flops);
  }
  std::vector<Published> shares;
  for (const auto& [key, reached] : medians(mixtures)) {
    const auto beside = dense.find(key.first);
    if (beside == dense.end()) continue;
    std::vector<double> configurations;
    for (const auto& entry : medians(beside->second))
      configurations.push_back(entry.second);
    shares.emplace_back(reached / quantile_of(configurations, 0.5), std::get<0>(key.first));
  }
  return shares;
}

void check(const Range& shipped, const Range& computed, double margin) {
  CHECK(shipped.p10 == Approx(computed.p10).margin(margin));
  CHECK(shipped.p50 == Approx(computed.p50).margin(margin));
  CHECK(shipped.p90 == Approx(computed.p90).margin(margin));
}

}  // namespace

TEST_CASE("the priors that come with the program are what their recipe makes of the published measurements") {
  const EfficiencyPriors priors =
      io::read_efficiency_priors(profiles::folder().path("efficiency/prior.yaml"));
  const std::vector<Row> rows = measurements();
  for (const EfficiencyPrior& prior : priors.steady_state) {
    using Configuration = std::array<std::string, 3>;
    std::map<Configuration, std::vector<double>> six_n, causal;
    std::set<std::string> publishers;
    int count = 0;
    for (const Row& row : rows) {
      const bool fits = prior.is_pooled() || std::find(prior.accelerators.begin(), prior.accelerators.end(),
                                                       row.accelerator->name) != prior.accelerators.end();
      if (!fits || row.is_mixture) continue;
      if (row.at_eight_bit || row.gpus < prior.least_gpus ||
          (prior.most_gpus > 0.0 && row.gpus > prior.most_gpus))
        continue;
      const Configuration key{row.publisher, row.model, row.gpu};
      const double all = peak(*row.accelerator);
      six_n[key].push_back(row.six_n / all);
      causal[key].push_back(row.causal / all);
      publishers.insert(row.publisher);
      ++count;
    }
    const std::string family = prior.is_pooled() ? "pool" : prior.accelerators.front();
    INFO(family << " from " << prior.least_gpus);
    CHECK(prior.rows == count);
    CHECK(prior.publishers == static_cast<int>(publishers.size()));
    CHECK(six_n.size() >= 4);
    const double edge = prior.is_pooled() ? 0.05 : 0.1;
    for (const auto& [shipped, groups] : {std::pair{prior.six_n, six_n}, std::pair{prior.causal, causal}}) {
      std::vector<double> configurations;
      for (const auto& entry : medians(groups))
        configurations.push_back(entry.second);
      check(shipped,
            {quantile_of(configurations, edge), quantile_of(configurations, 0.5),
             quantile_of(configurations, 1.0 - edge)},
            0.00051);
    }
  }
}

TEST_CASE("what fp8 and mixtures of experts make of a prior is what published pairs tell") {
  const EfficiencyPriors priors =
      io::read_efficiency_priors(profiles::folder().path("efficiency/prior.yaml"));
  const std::vector<Row> rows = measurements();
  const std::vector<Published> speeds = eight_bit_speeds(rows);
  check(priors.eight_bit.six_n, range_of_publishers(speeds), 0.0051);
  CHECK(priors.eight_bit.configurations == static_cast<int>(speeds.size()));
  CHECK(priors.eight_bit.publishers == static_cast<int>(publishers_of(speeds)));

  const std::vector<Published> six_n = mixture_shares(rows, &Row::six_n);
  check(priors.mixtures.six_n, range_of_publishers(six_n), 0.0051);
  check(priors.mixtures.causal, range_of_publishers(mixture_shares(rows, &Row::causal)), 0.0051);
  CHECK(priors.mixtures.configurations == static_cast<int>(six_n.size()));
  CHECK(priors.mixtures.publishers == static_cast<int>(publishers_of(six_n)));
}
