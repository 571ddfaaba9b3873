// What is asked of a plan, and what comes out.
#pragma once

#include "core/estimate.h"
#include "core/offer.h"
#include "core/plan/best_first.h"
#include "core/plan/rules.h"
#include "core/quantile.h"
#include "core/scaling_law.h"
#include "io/yaml_node.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace trainbudget::planner {

/// What a plan must keep to, and against which quantile: P50 or P90, below which no bound holds. The budget
/// is for the whole bill (bill_of()).
struct Limits {
  std::optional<double> budget_usd;
  std::optional<double> deadline_seconds;
  Quantile quantile = Quantile::p50;
};

/// A scenario of which parts are left open: hardware, its number, its price, the layout, and the model's size
/// or the tokens. What the document gives is kept.
struct Request {
  io::YamlNode document;
  std::string family;  ///< of which any size will do; empty: the document says what is trained, or any number
                       ///< of parameters will do
  io::Location family_at;
  std::vector<std::string>
      hardware;  ///< accelerators and clusters; empty: all that have a price and a known network
  io::Location hardware_at;
  Limits limits;
  bool any_pricing = false;  ///< not on-demand prices alone
  double most_gpus = 1024.0;
  std::vector<double> tokens_per_parameter;  ///< over-trained options
  double served_tokens = 0.0;                ///< that the budget must pay as well, once the model is trained
  BestFirst search;
};

/// The law that decides; the others are shown.
inline constexpr std::size_t preferred_law = 2;
static_assert(scaling_laws[preferred_law].name == "besiroglu-2024");

/// One way to train, as estimate() sees it.
struct Way {
  std::string problem;  ///< why it is none; nothing else is then set but what was chosen
  std::string model;
  std::string accelerator;
  std::string cluster;  ///< empty where no step is computed
  std::string offer;    ///< "lambda on_demand, us-east-1"; empty where the price is given
  std::string provider;
  double gpus = 0.0;
  double parameters = 0.0;
  double tokens = 0.0;
  double global_batch = 0.0;  ///< sequences; 0 where no step is computed
  std::string layout;
  Range wall_time_seconds;
  std::optional<Range> cost_usd;
  std::optional<Range> bill_usd;  ///< what the budget pays: bill_of() the estimate
  std::optional<Range> price_usd_per_gpu_hour;
  double gpu_hours = 0.0;
  double paid_gpu_hours = 0.0;  ///< not fewer: a minimum term is paid to its end
  double model_flops_utilization = 0.0;
  std::optional<double> memory_bytes;
  double serving_usd = 0.0;  ///< of the served tokens, at the quantile of the limits
  std::array<double, scaling_laws.size()> loss = {};

  double tokens_per_parameter() const { return tokens / parameters; }
};

/// A plan that was asked for by an aim of its own.
struct Option {
  std::string title;
  Way way;
};

/// What did not win, and why.
struct Loser {
  std::string kind;  ///< "hardware", "gpus", "offer", "pricing"
  std::string what;
  std::optional<Way> way;
  std::string reason;
};

enum class Aim { cheapest, fastest, least_loss };

struct Plan {
  Limits limits;
  Aim aim = Aim::cheapest;
  bool steps = false;  ///< layouts were searched and memory checked
  bool free_size = false;
  bool free_tokens = false;
  double served_tokens = 0.0;
  double candidates = 0.0;  ///< ways that were compared
  std::optional<Way> winner;
  io::YamlNode document;             ///< the winner's scenario, complete
  std::optional<Estimate> estimate;  ///< of that scenario
  std::vector<Option> options;       ///< the winner first, where size or tokens were free
  std::vector<Option> misses;        ///< where nothing keeps to the limits: what comes nearest
  std::vector<Loser> losers;
  std::vector<std::string> reasons;  ///< why the winner won
  std::vector<std::string> assumptions;
  std::vector<std::string> warnings;
  std::vector<std::string> files;  ///< that were read
};

}  // namespace trainbudget::planner
