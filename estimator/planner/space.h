// The ways that a plan chooses from: hardware × offers × numbers of accelerators × sizes.
#pragma once

#include "core/efficiency.h"
#include "core/machine.h"
#include "io/profile_folder.h"
#include "planner/plan.h"

#include <cstdint>
#include <map>
#include <memory>

namespace trainbudget::planner {

struct Hardware {
  std::string accelerator;
  std::string cluster;  ///< empty where no step is computed
  double node = 1.0;
  double peak = 0.0;       ///< at the run's precision
  bool measured = true;    ///< is_measured(), at the smallest number of them
  double whole_run = 1.0;  ///< what at most of the paid hours makes progress
  Machine machine;         ///< these two only where steps are computed
  Efficiency efficiency;
  double memory_share = 1.0;             ///< of the accelerator's, that a layout's median need may take
  std::map<double, double> utilization;  ///< by number, P50; only where no step is computed
};

/// Hardware and who is paid for it.
struct Site {
  std::size_t hardware = 0;
  io::YamlNode price;  ///< to be set; null where the document's own stays
  std::string label;
  std::string provider;
  PricingModel pricing = PricingModel::on_demand;
  double least_usd_per_hour = 0.0;  ///< no cost is below GPU-hours × this
  int gpus_per_instance = 0;        ///< 0 where it is not known
  bool one_server = false;          ///< no network joins two of them, as far as is known
  bool marketplace = false;         ///< is_marketplace()
};

struct Size {
  std::string model;  ///< to be set as `model`, or as `params` where it is digits; empty where the document's
                      ///< own stays
  double parameters = 0.0;
  double flops_per_token = 0.0;
  double forward_share = 1.0 / 3.0;  ///< of them
  double sequence_length = 0.0;
  double given_batch = 0.0;                  ///< sequences; 0 where the document gives none
  bool batch_may_move = false;               ///< to a number that divides: it was given in tokens
  std::shared_ptr<const Workload> workload;  ///< null where no step is computed
};

struct Candidate {
  std::uint32_t site = 0;
  std::uint32_t size = 0;
  double gpus = 0.0;
};

struct Space {
  bool steps = false;  ///< layouts are searched, memory is checked
  bool free_size = false;
  bool free_tokens = false;
  std::vector<Hardware> hardware;
  std::vector<Site> sites;
  std::vector<Size> sizes;  ///< smallest first
  std::vector<Candidate> candidates;
  std::vector<Loser> excluded;  ///< before anything was computed
  std::vector<std::string> assumptions;
  std::vector<std::string> warnings;
  std::string cheapest_other_pricing;  ///< what is cheaper by the hour and was not asked for; empty: nothing
};

/// Throws InputError for what the request has wrong, and where nothing is left to choose from.
Space make_space(const Request& request, const io::ProfileFolder& profiles);

}  // namespace trainbudget::planner
