#include "planner/space.h"

#include "io/accelerator_file.h"
#include "io/cluster_file.h"
#include "io/map_reader.h"
#include "io/price_search.h"
#include "io/quantity_text.h"
#include "io/scenario_document.h"
#include "io/scenario_file.h"
#include "io/scenario_price.h"
#include "io/scenario_step.h"
#include "planner/document.h"
#include "planner/measured.h"
#include "planner/offers.h"
#include "planner/reasons.h"
#include "planner/sizes.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

namespace trainbudget::planner {
namespace {

std::string joined(const std::set<std::string>& words) {
  return listed({words.begin(), words.end()});
}

/// The most that the median of what is divided by it can take from this divisor.
double most_median(Range divisor) {
  return divisor.p50 / least_median_share(reciprocal(divisor));
}

/// What at most of the paid hours makes progress at the median, utilisation aside. Stalls and failures are of
/// no help to it, whatever their ranges: leaving them out weighs more than their skew.
double most_of_hours(const Scenario& scenario) {
  const double kept = scenario.reliability ? (1.0 - scenario.reliability->stalls.value.p50) *
                                                 most_median(scenario.reliability->residual.value)
                                           : most_median(scenario.whole_run_fraction.value);
  return scenario.run_scatter ? kept * most_median(scenario.run_scatter->value) : kept;
}

class Builder {
 public:
  Builder(const Request& request, const io::ProfileFolder& profiles)
      : request_(request), profiles_(profiles) {}

  Space operator()() {
    const io::YamlNode& document = request_.document;
    const io::YamlNode* efficiency = io::value_of(document, "efficiency");
    const bool given = efficiency != nullptr && !io::names_efficiency_profile(*efficiency);
    const bool architecture =
        !request_.family.empty() || io::value_of(document, "model") || io::value_of(document, "config");
    space_.steps = architecture && !given;
    space_.free_tokens = io::value_of(document, "tokens") == nullptr;
    fixed_price_ =
        !is_price_lookup(io::value_of(document, "price")) || io::value_of(document, "own") != nullptr;
    choose_sizes(request_, profiles_, space_);
    offers_.emplace(request_, profiles_);
    choose_hardware();
    if (space_.sites.empty() && failure_) std::rethrow_exception(failure_);
    add_candidates();
    assume_price();
    if (space_.steps) assume_batch();
    if (!space_.steps)
      space_.warnings.push_back(
          architecture ? "the efficiency is given, so no layout is searched and memory is not checked"
                       : "without a model (--model, --config, --family) memory is not checked");
    for (const auto& [reason, names] : excluded_) {
      const bool one = names.size() == 1;
      space_.excluded.push_back({"hardware", one ? *names.begin() : counted(names.size(), "accelerator"),
                                 std::nullopt, one ? reason : reason + ": " + joined(names)});
    }
    return std::move(space_);
  }

 private:
  const std::vector<Cluster>& clusters() {
    if (clusters_.empty()) {
      for (const std::string& name : profiles_.names(io::cluster_profiles))
        clusters_.push_back(*profiles_.once<Cluster>("cluster " + name,
                                                     [&] { return io::find_cluster(profiles_, name, {}); }));
    }
    return clusters_;
  }

  void choose_hardware() {
    const io::YamlNode* gpu = io::value_of(request_.document, "gpu");
    const io::YamlNode* cluster = io::value_of(request_.document, "cluster");
    if (cluster != nullptr) {
      add_cluster(io::find_cluster(profiles_, cluster->text, cluster->location));
    } else if (gpu != nullptr) {
      add_accelerator(io::find_accelerator(profiles_, gpu->text, gpu->location).name);
    } else if (!request_.hardware.empty()) {
      for (const std::string& name : request_.hardware)
        add_named(name);
    } else {
      std::size_t without = 0;
      for (const std::string& name : profiles_.names(io::accelerator_profiles)) {
        if (fixed_price_ || !offers_->of(name).empty()) {
          add_accelerator(name);
        } else {
          ++without;
        }
      }
      if (without > 0)
        space_.excluded.push_back({"hardware", counted(without, "accelerator"), std::nullopt,
                                   "no such price in the list (--hardware NAME with --price takes one in)"});
    }
  }

  void add_named(const std::string& name) {
    const std::vector<std::string> found = profiles_.meant(io::accelerator_profiles, name);
    if (found.size() == 1) return add_accelerator(found.front());
    if (found.size() > 1) io::refuse_ambiguous(name, found, request_.hardware_at);
    if (!profiles_.meant(io::cluster_profiles, name).empty())
      return add_cluster(io::find_cluster(profiles_, name, request_.hardware_at));
    io::refuse_unknown("accelerator", name, profiles_.names(io::accelerator_profiles), request_.hardware_at);
  }

  void add_accelerator(const std::string& accelerator) {
    std::vector<const Cluster*> own;  // of a provider
    const Cluster* anybodys = nullptr;
    for (const Cluster& cluster : clusters()) {
      if (cluster.accelerator != accelerator) continue;
      if (!cluster.provider.empty()) own.push_back(&cluster);
      if (cluster.provider.empty() && anybodys == nullptr) anybodys = &cluster;
    }
    const auto offers =
        fixed_price_ ? std::vector<std::pair<const Offer*, OfferQuery>>() : offers_->of(accelerator);
    if (offers.empty()) return add_site(accelerator, anybodys, nullptr, {});
    for (const auto& [offer, query] : offers) {
      const Cluster* at = anybodys;
      for (const Cluster* cluster : own) {
        if (cluster->provider != offer->provider) continue;
        if (at == anybodys || cluster->instance == offer->instance) at = cluster;
      }
      add_site(accelerator, at, offer, query);
    }
  }

  void add_cluster(const Cluster& cluster) {
    if (fixed_price_) return add_site(cluster.accelerator, &cluster, nullptr, {});
    const auto offers = offers_->of(cluster.accelerator);
    const bool sells = std::any_of(offers.begin(), offers.end(), [&](const auto& pair) {
      return pair.first->provider == cluster.provider;
    });
    bool any = false;
    for (const auto& [offer, query] : offers) {
      if (sells && offer->provider != cluster.provider) continue;
      add_site(cluster.accelerator, &cluster, offer, query);
      any = true;
    }
    if (!any) add_site(cluster.accelerator, &cluster, nullptr, {});
  }

  void exclude(const std::string& accelerator, const std::string& reason) {
    excluded_[reason].insert(accelerator);
  }

  void add_site(const std::string& accelerator, const Cluster* cluster, const Offer* offer,
                const OfferQuery& query) {
    if (space_.steps && cluster == nullptr)
      return exclude(accelerator, "no cluster with it has a profile, so its network is not known");
    const std::optional<std::size_t> hardware = hardware_of(accelerator, space_.steps ? cluster : nullptr);
    if (!hardware) return;
    Site site{.hardware = *hardware};
    const bool bounded = is_bounded(request_.document);
    if (offer != nullptr) {
      site.price.kind = io::YamlNode::Kind::mapping;
      site.provider = offer->provider;
      site.pricing = offer->pricing;
      site.gpus_per_instance = offer->gpus_per_instance;
      site.marketplace = is_marketplace(*offer);
      site.one_server =
          site.marketplace || !offers_->may_be_whole_servers(*offer, space_.hardware[*hardware].node);
      // A chip is how slices of TPUs are priced, not how they are rented.
      if (accelerator.starts_with("tpu-")) {
        site.gpus_per_instance = 0;
        site.one_server = false;
      }
      site.label = offer->provider + " " + std::string(name_of(offer->pricing));
      put(site.price, "provider", offer->provider);
      put(site.price, "pricing", std::string(name_of(offer->pricing)));
      if (query.region) {
        put(site.price, "region", *query.region);
        site.label += ", " + *query.region;
      }
      if (query.gpus_per_instance)
        put(site.price, "gpus_per_instance", std::to_string(*query.gpus_per_instance));
      put(site.price, "choose", "cheapest");
      if (bounded) site.least_usd_per_hour = offer->price.value * seconds_per_hour;
    } else if (fixed_price_) {
      if (bounded) site.least_usd_per_hour = least_prices_[*hardware];
    } else if (request_.limits.budget_usd || io::value_of(request_.document, "price") != nullptr) {
      OfferQuery asked = offers_->query();
      asked.accelerator = accelerator;
      return exclude(accelerator, "no price in the list (" + io::query_text(asked) + "); --price gives one");
    }
    space_.sites.push_back(std::move(site));
  }

  /// Index of the hardware, read with the first scenario that names it; nothing where it cannot train, which
  /// is then said.
  std::optional<std::size_t> hardware_of(const std::string& accelerator, const Cluster* cluster) {
    const std::string name = cluster != nullptr ? cluster->name : "";
    for (std::size_t i = 0; i < space_.hardware.size(); ++i) {
      if (space_.hardware[i].accelerator == accelerator && space_.hardware[i].cluster == name) return i;
    }
    Hardware hardware{.accelerator = accelerator, .cluster = name};
    try {
      io::YamlNode document = probe_document(space_.sizes.front());
      io::remove_at_path(document, "gpu");
      put(document, cluster != nullptr ? "cluster" : "gpu", cluster != nullptr ? name : accelerator);
      const Scenario scenario = io::read_scenario(document, profiles_);
      hardware.peak = find_peak(scenario.accelerator.peak, scenario.precision.value)->value.value;
      hardware.measured = is_measured(scenario, profiles_);
      hardware.node = scenario.accelerator.accelerators_per_node
                          ? scenario.accelerator.accelerators_per_node->value
                          : 1.0;
      hardware.whole_run = most_of_hours(scenario);
      if (scenario.step) {
        hardware.machine = scenario.step->machine;
        hardware.efficiency = scenario.step->profile.efficiency();
        hardware.memory_share = memory_share(scenario.step->profile, fit());
        hardware.node = scenario.step->machine.accelerators_per_node;
      } else {
        for (const double gpus : counts(hardware.node)) {
          put(document, "gpus", whole(gpus));
          hardware.utilization[gpus] =
              most_median(io::read_scenario(document, profiles_).model_flops_utilization.value);
        }
      }
      if (!sized_) read_sizes(document);
      space_.hardware.push_back(std::move(hardware));
      least_prices_.push_back(scenario.price ? scenario.price->value.p50 : 0.0);
      return space_.hardware.size() - 1;
    } catch (const io::InputError& error) {
      if (!failure_) failure_ = std::current_exception();
      exclude(accelerator, error.what());
      return std::nullopt;
    }
  }

  /// A scenario of one accelerator, to learn what does not depend on how many there are.
  io::YamlNode probe_document(const Size& size) const {
    io::YamlNode document = request_.document;
    if (!size.model.empty()) put(document, is_number(size.model) ? "params" : "model", size.model);
    if (space_.free_tokens) put(document, "tokens", "1000000000");
    put(document, "gpus", "1");
    if (!fixed_price_) {  // any will do, and none may be missing
      io::remove_at_path(document, "price");
      io::remove_at_path(document, "as_of");
    }
    if (space_.steps) {
      if (io::value_of(document, "global_batch") == nullptr) put(document, "global_batch", "1");
      io::remove_at_path(document, "fit");
      put(document, "layout", "tp=1,pp=1,mbs=1");
    }
    return document;
  }

  /// What of the memory must fit: a plan for nine in ten is one in that as well.
  Quantile fit() const {
    const io::YamlNode* given = io::value_of(request_.document, "fit");
    return given != nullptr ? io::read_fit(*given) : request_.limits.quantile;
  }

  void read_sizes(const io::YamlNode& hardware_document) {
    for (Size& size : space_.sizes) {
      io::YamlNode document = hardware_document;
      if (!size.model.empty()) put(document, is_number(size.model) ? "params" : "model", size.model);
      const Scenario scenario = io::read_scenario(document, profiles_);
      size.parameters = scenario.parameters.value;
      size.flops_per_token = 6.0 * size.parameters;
      if (scenario.counted) {
        size.flops_per_token = scenario.counted->forward.value + scenario.counted->backward.value;
        size.forward_share = scenario.counted->forward.value / size.flops_per_token;
      }
      if (scenario.model) size.sequence_length = scenario.model->sequence.length;
      if (!scenario.step) continue;
      size.workload = std::make_shared<Workload>(scenario.step->workload);
      if (io::value_of(request_.document, "global_batch") == nullptr) continue;
      size.given_batch = scenario.step->global_batch;
      size.batch_may_move = io::read_quantity_value(*io::value_of(request_.document, "global_batch"),
                                                    io::QuantityKind::tokens) != size.given_batch;
    }
    std::stable_sort(space_.sizes.begin(), space_.sizes.end(),
                     [](const Size& a, const Size& b) { return a.parameters < b.parameters; });
    sized_ = true;
  }

  /// Powers of two below a server, then servers by powers of two.
  std::vector<double> counts(double node) const {
    if (const io::YamlNode* gpus = io::value_of(request_.document, "gpus"))
      return {io::read_quantity_value(*gpus, io::QuantityKind::count)};
    std::vector<double> found;
    for (double part = 1.0; part < node; part *= 2.0)
      found.push_back(part);
    for (double servers = 1.0; servers * node <= request_.most_gpus; servers *= 2.0) {
      found.push_back(servers * node);
    }
    std::erase_if(found, [&](double gpus) { return gpus > request_.most_gpus; });
    return found;
  }

  void add_candidates() {
    std::set<std::string> less;     // providers that list less than a server
    std::set<std::string> unsized;  // that list no size of this one, and no whole server
    std::set<std::string> marketplaces;
    for (std::size_t s = 0; s < space_.sites.size(); ++s) {
      const Site& site = space_.sites[s];
      const Hardware& hardware = space_.hardware[site.hardware];
      if (site.gpus_per_instance > 0 && site.gpus_per_instance < hardware.node) less.insert(site.provider);
      if (site.marketplace) marketplaces.insert(site.provider);
      if (site.one_server && !site.marketplace && site.gpus_per_instance == 0) unsized.insert(site.provider);
      for (const double gpus : counts(hardware.node)) {
        const double instance = site.gpus_per_instance;
        // Whole instances; and more than one of them only where an instance is a whole server, with its
        // network.
        if (instance > 0.0 &&
            (std::fmod(gpus, instance) != 0.0 || (gpus > instance && instance < hardware.node)))
          continue;
        if (site.one_server && gpus > hardware.node) continue;
        for (std::size_t size = 0; size < space_.sizes.size(); ++size)
          space_.candidates.push_back(
              {static_cast<std::uint32_t>(s), static_cast<std::uint32_t>(size), gpus});
      }
    }
    if (!less.empty())
      space_.assumptions.push_back(
          "what is listed as less than a whole server is taken for no more than that (some offers of " +
          joined(less) + ")");
    if (!unsized.empty())
      space_.assumptions.push_back(
          "what is listed without the size of its servers is taken for no more than one, "
          "unless its provider lists whole ones (some offers of " +
          joined(unsized) + ")");
    if (!marketplaces.empty())
      space_.assumptions.push_back("marketplaces (" + joined(marketplaces) +
                                   ") rent out single servers that no network joins");
    space_.assumptions.push_back("the price list does not say how many accelerators are free: no more than " +
                                 io::format_quantity(request_.most_gpus, io::QuantityKind::count, 6) +
                                 " are looked at (--max-gpus)");
  }

  void assume_price() {
    std::set<std::string> names;
    for (const Hardware& hardware : space_.hardware)
      names.insert(hardware.accelerator);
    const io::YamlNode* price = io::value_of(request_.document, "price");
    if (names.size() > 1 && price != nullptr && gives_amount(*price) &&
        io::value_of(request_.document, "own") == nullptr)
      space_.assumptions.push_back("price: the same for each of " + joined(names) + ", as it is given");
  }

  void assume_batch() {
    if (io::value_of(request_.document, "global_batch") == nullptr)
      space_.assumptions.push_back(
          "global batch (not given: --global-batch): 0.292 · C^0.3271 tokens (arXiv 2401.02954), at 20 "
          "tokens per parameter where "
          "the tokens are open, to a power of two that the accelerators divide");
  }

  const Request& request_;
  const io::ProfileFolder& profiles_;
  Space space_;
  bool fixed_price_ = false;
  bool sized_ = false;
  std::optional<Offers> offers_;
  std::vector<Cluster> clusters_;
  std::vector<double> least_prices_;                       ///< by hardware, where the price is given
  std::map<std::string, std::set<std::string>> excluded_;  ///< accelerators by what stands against them
  std::exception_ptr failure_;
};

}  // namespace

Space make_space(const Request& request, const io::ProfileFolder& profiles) {
  return Builder(request, profiles)();
}

}  // namespace trainbudget::planner
