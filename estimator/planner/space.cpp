#include "planner/space.h"

#include "io/accelerator_file.h"
#include "io/cluster_file.h"
#include "io/map_reader.h"
#include "io/model_family.h"
#include "io/price_search.h"
#include "io/price_table.h"
#include "io/quantity_text.h"
#include "io/recipe_text.h"
#include "io/scenario_document.h"
#include "io/scenario_file.h"
#include "io/scenario_price.h"
#include "io/scenario_step.h"
#include "planner/measured.h"
#include "planner/reasons.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <set>

#include <fmt/format.h>

namespace trainbudget::planner {
namespace {

constexpr double largest_step_between_sizes = 1.2;
/// Sizes beyond a family's largest public model, by layers × width²: a guess, but one that says when money is
/// left.
constexpr double beyond_public_sizes = 4.0;

/// Providers whose servers belong to many hosts and stand wherever those are: no network joins two of them
/// (vast.ai's and RunPod's own descriptions of their marketplaces).
bool is_marketplace(const Offer& offer) {
  return offer.pricing == PricingModel::community || offer.provider == "vast";
}

bool is_price_lookup(const io::YamlNode* price) {
  if (price == nullptr) return true;
  if (price->kind != io::YamlNode::Kind::mapping) return false;
  return std::all_of(price->entries.begin(), price->entries.end(), [](const io::YamlNode::Entry& entry) {
    return entry.key == "provider" || entry.key == "pricing" || entry.key == "region" ||
           entry.key == "gpus_per_instance";
  });
}

/// Whether every hour costs at least the first price: not where the price falls.
bool never_falls(const io::YamlNode& price) {
  return std::none_of(price.entries.begin(), price.entries.end(), [](const io::YamlNode::Entry& entry) {
    return entry.key == "falls_per_year" || entry.key == "schedule";
  });
}

/// Whether the bill is GPU-hours × price or more: not where the price falls, nor where some of the hours are
/// paid on demand at another price. Where it may be less, no plan is passed over for its cost.
bool is_bounded(const io::YamlNode& document) {
  constexpr std::string_view plain[] = {
      "schema",      "name",         "params",      "model",          "config",  "sequence_length",
      "recipe",      "tokens",       "gpu",         "cluster",        "gpus",    "precision",
      "efficiency",  "global_batch", "fit",         "layout",         "stack",   "price",
      "prices",      "as_of",        "energy",      "commitment",     "storage", "egress",
      "development", "staff",        "contingency", "used_gpu_hours", "start",   "reliability",
      "start_delay", "simulation",   "spot"};
  return std::all_of(document.entries.begin(), document.entries.end(), [&](const io::YamlNode::Entry& entry) {
    return std::find(std::begin(plain), std::end(plain), entry.key) != std::end(plain) &&
           (entry.key != "price" || never_falls(entry.value)) &&
           (entry.key != "spot" || value_of(entry.value, "on_demand_share") == nullptr);
  });
}

std::string joined(const std::set<std::string>& words) {
  return listed({words.begin(), words.end()});
}

class Builder {
 public:
  Builder(const Request& request, const io::ProfileFolder& profiles)
      : request_(request), profiles_(profiles) {}

  Space operator()() {
    const io::YamlNode& document = request_.document;
    const io::YamlNode* efficiency = value_of(document, "efficiency");
    const bool given = efficiency != nullptr && !io::names_efficiency_profile(*efficiency);
    const bool architecture =
        !request_.family.empty() || value_of(document, "model") || value_of(document, "config");
    space_.steps = architecture && !given;
    space_.free_tokens = value_of(document, "tokens") == nullptr;
    fixed_price_ = !is_price_lookup(value_of(document, "price")) || value_of(document, "own") != nullptr;
    refuse_frozen_weights();
    choose_sizes();
    read_offers();
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
  void choose_sizes() {
    if (!request_.family.empty()) {
      const io::ModelFamily family = io::read_family(profiles_, request_.family, request_.family_at);
      space_.free_size = true;
      add_family(family);
    } else if (std::any_of(request_.document.entries.begin(), request_.document.entries.end(),
                           [](const io::YamlNode::Entry& entry) { return io::is_model_key(entry.key); })) {
      space_.sizes.push_back({});
    } else {
      space_.free_size = true;
      // Any number of parameters: three digits, 32 to a decade, from 10 million to 10 trillion.
      for (int i = 7 * 32; i <= 13 * 32; ++i) {
        const double exact = std::pow(10.0, i / 32.0);
        const double digits = std::pow(10.0, std::floor(i / 32.0) - 2.0);
        space_.sizes.push_back({.model = whole(std::round(exact / digits) * digits)});
      }
    }
  }

  /// The laws that choose sizes and tokens tell of models that are trained as a whole.
  void refuse_frozen_weights() const {
    const io::YamlNode* recipe = value_of(request_.document, "recipe");
    if (recipe == nullptr || !(space_.free_tokens || !request_.family.empty())) return;
    if (!freezes_weights(io::read_recipe(*recipe))) return;
    throw io::InputError(recipe->location,
                         "no law tells what a model learns where some of its weights are frozen",
                         "give the model and its tokens, and the plan says where it is trained best");
  }

  void add_family(const io::ModelFamily& family) {
    std::vector<ModelShape> known;
    for (const ModelProfile& profile : family.members) {
      const ModelShape shape = shape_of(profile.model);
      if (std::find(known.begin(), known.end(), shape) != known.end()) continue;
      known.push_back(shape);
      space_.sizes.push_back({.model = profile.model.name});
    }
    if (!family.left_out.empty()) {
      std::string names;
      for (const std::string& name : family.left_out)
        names += (names.empty() ? "" : ", ") + name;
      space_.assumptions.push_back(family.name + " without " + names +
                                   " (another vocabulary or another kind of model)");
    }
    if (!family.scales) {
      space_.warnings.push_back(
          "how " + family.name +
          " scales is not known: only its public models are compared; the scaling laws are of dense models");
      return;
    }
    for (const ModelShape& shape : shapes_between(known, width_unit(family.members.back().model),
                                                  largest_step_between_sizes, beyond_public_sizes))
      space_.sizes.push_back({.model = io::family_model_name(family.name, shape)});
  }

  void read_offers() {
    const io::YamlNode* list = value_of(request_.document, "prices");
    const std::string path = list != nullptr ? io::read_string(*list) : profiles_.path("prices/prices.csv");
    offers_ = profiles_.once<std::vector<Offer>>("file " + path, [&] { return io::read_price_table(path); });
    const io::YamlNode* as_of = value_of(request_.document, "as_of");
    query_.as_of = as_of != nullptr ? io::parse_date(as_of->text, as_of->location) : io::newest_day(*offers_);
    if (!request_.any_pricing) query_.pricing = PricingModel::on_demand;
    const io::YamlNode* price = value_of(request_.document, "price");
    if (price == nullptr || fixed_price_) return;
    if (const io::YamlNode* provider = value_of(*price, "provider")) query_.provider = provider->text;
    if (const io::YamlNode* pricing = value_of(*price, "pricing"))
      query_.pricing = io::pricing_named(pricing->text, pricing->location);
    if (const io::YamlNode* region = value_of(*price, "region")) query_.region = region->text;
  }

  std::vector<const Offer*> comparable(const std::vector<Offer>& offers, const OfferQuery& query) const {
    const std::vector<const Offer*> current = current_offers(offers, query);
    std::vector<const Offer*> found = comparable_offers(current, query.as_of);
    // As in an estimate: suspect and quoted prices count when their provider is named.
    return found.empty() && query.provider ? current : found;
  }

  const std::vector<Cluster>& clusters() {
    if (clusters_.empty()) {
      for (const std::string& name : profiles_.names(io::cluster_profiles))
        clusters_.push_back(*profiles_.once<Cluster>("cluster " + name,
                                                     [&] { return io::find_cluster(profiles_, name, {}); }));
    }
    return clusters_;
  }

  void choose_hardware() {
    const io::YamlNode* gpu = value_of(request_.document, "gpu");
    const io::YamlNode* cluster = value_of(request_.document, "cluster");
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
        if (fixed_price_ || !offers_of(name).empty()) {
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

  /// The offers of one accelerator, each as the look-up that finds it: those that another of the same look-up
  /// undercuts are left out.
  std::vector<std::pair<const Offer*, OfferQuery>> offers_of(const std::string& accelerator) {
    auto& own = offers_by_accelerator_[accelerator];
    if (own.empty()) {
      for (const Offer& offer : *offers_)
        if (offer.accelerator == accelerator) own.push_back(offer);
    }
    OfferQuery wide = query_;
    wide.accelerator = accelerator;
    std::vector<std::pair<const Offer*, OfferQuery>> found;
    std::set<std::string> seen;
    for (const Offer* offer : comparable(own, wide)) {
      OfferQuery exact{.accelerator = accelerator,
                       .provider = offer->provider,
                       .pricing = offer->pricing,
                       .as_of = wide.as_of};
      if (!offer->region.empty()) exact.region = offer->region;
      if (offer->gpus_per_instance > 0) exact.gpus_per_instance = offer->gpus_per_instance;
      if (!seen.insert(fmt::format("{}|{}|{}|{}", offer->provider, name_of(offer->pricing), offer->region,
                                   offer->gpus_per_instance))
               .second)
        continue;
      if (comparable(own, exact).front()->price == offer->price) found.emplace_back(offer, exact);
    }
    return found;
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
        fixed_price_ ? std::vector<std::pair<const Offer*, OfferQuery>>() : offers_of(accelerator);
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
    const auto offers = offers_of(cluster.accelerator);
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
      site.one_server = is_marketplace(*offer);
      // A chip is how slices of TPUs are priced, not how they are rented.
      if (accelerator.starts_with("tpu-")) site.gpus_per_instance = 0;
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
    } else if (request_.limits.budget_usd || value_of(request_.document, "price") != nullptr) {
      OfferQuery asked = query_;
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
      hardware.whole_run =
          scenario.reliability ? most_kept(*scenario.reliability) : scenario.whole_run_fraction.value.p50;
      if (scenario.step) {
        hardware.machine = scenario.step->machine;
        hardware.efficiency = scenario.step->profile.efficiency();
        hardware.memory_share = memory_share(scenario.step->profile, fit());
        hardware.node = scenario.step->machine.accelerators_per_node;
      } else {
        for (const double gpus : counts(hardware.node)) {
          put(document, "gpus", whole(gpus));
          hardware.utilization[gpus] =
              io::read_scenario(document, profiles_).model_flops_utilization.value.p50;
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
      if (value_of(document, "global_batch") == nullptr) put(document, "global_batch", "1");
      io::remove_at_path(document, "fit");
      put(document, "layout", "tp=1,pp=1,mbs=1");
    }
    return document;
  }

  /// What of the memory must fit: a plan for nine in ten is one in that as well.
  Quantile fit() const {
    const io::YamlNode* given = value_of(request_.document, "fit");
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
      if (value_of(request_.document, "global_batch") == nullptr) continue;
      size.given_batch = scenario.step->global_batch;
      size.batch_may_move = io::read_quantity_value(*value_of(request_.document, "global_batch"),
                                                    io::QuantityKind::tokens) != size.given_batch;
    }
    std::stable_sort(space_.sizes.begin(), space_.sizes.end(),
                     [](const Size& a, const Size& b) { return a.parameters < b.parameters; });
    sized_ = true;
  }

  /// Powers of two below a server, then servers by powers of two.
  std::vector<double> counts(double node) const {
    if (const io::YamlNode* gpus = value_of(request_.document, "gpus"))
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
    std::set<std::string> less;  // providers that list less than a server
    std::set<std::string> marketplaces;
    for (std::size_t s = 0; s < space_.sites.size(); ++s) {
      const Site& site = space_.sites[s];
      const Hardware& hardware = space_.hardware[site.hardware];
      if (site.gpus_per_instance > 0 && site.gpus_per_instance < hardware.node) less.insert(site.provider);
      if (site.one_server) marketplaces.insert(site.provider);
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
    const io::YamlNode* price = value_of(request_.document, "price");
    if (names.size() > 1 && price != nullptr && gives_amount(*price) &&
        value_of(request_.document, "own") == nullptr)
      space_.assumptions.push_back("price: the same for each of " + joined(names) + ", as it is given");
  }

  void assume_batch() {
    if (value_of(request_.document, "global_batch") == nullptr)
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
  std::shared_ptr<const std::vector<Offer>> offers_;
  OfferQuery query_;
  std::vector<Cluster> clusters_;
  std::map<std::string, std::vector<Offer>> offers_by_accelerator_;
  std::vector<double> least_prices_;                       ///< by hardware, where the price is given
  std::map<std::string, std::set<std::string>> excluded_;  ///< accelerators by what stands against them
  std::exception_ptr failure_;
};

}  // namespace

void put(io::YamlNode& document, std::string_view path, const std::string& text) {
  if (io::is_model_key(path))
    std::erase_if(document.entries,
                  [](const io::YamlNode::Entry& entry) { return io::is_model_key(entry.key); });
  io::YamlNode value = io::option_value("plan", text);
  const io::Location where = value.location;
  io::set_at_path(document, path, std::move(value), where);
}

const io::YamlNode* value_of(const io::YamlNode& document, std::string_view key) {
  for (const io::YamlNode::Entry& entry : document.entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

bool gives_amount(const io::YamlNode& price) {
  return price.kind != io::YamlNode::Kind::mapping || value_of(price, "amount") != nullptr ||
         value_of(price, "schedule") != nullptr;
}

std::string whole(double number) {
  return fmt::format("{:.0f}", number);
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

Space make_space(const Request& request, const io::ProfileFolder& profiles) {
  return Builder(request, profiles)();
}

}  // namespace trainbudget::planner
