#include "io/scenario_budget.h"

#include "core/offer.h"
#include "core/reliability.h"
#include "io/owning_file.h"
#include "io/scenario_price.h"

namespace trainbudget::io {
namespace {

constexpr double seconds_per_year = hours_per_year * seconds_per_hour;
constexpr double most_bytes = 1e24;

Sourced<double> number(const YamlNode& node, QuantityKind kind, double most) {
  const double value = read_quantity_value(node, kind);
  require_within(node, kind, value, 0.0, most);
  return {value, given_by_user(node.location)};
}

/// A share that may be more than the whole: 50%, 0.5, 460%.
Sourced<Range> read_share(const YamlNode& node, double most) {
  const std::string text = node.kind == YamlNode::Kind::scalar ? node.text : "";
  Sourced<Range> share{{}, given_by_user(node.location)};
  const std::size_t dots = text.find("..");
  const auto one = [&](std::string word) {
    const bool percent = !word.empty() && word.back() == '%';
    if (percent) word.pop_back();
    const double number = parse_quantity(word, QuantityKind::count, node.location);
    if (!percent && number > 1.0)
      throw InputError(node.location, "'" + word + "' is " + word + " times the whole",
                       "a share is written " + word + "%");
    return number / (percent ? 100.0 : 1.0);
  };
  if (text.empty()) {
    share = read_range(node, QuantityKind::fraction);
  } else if (dots == std::string::npos) {
    share.value = exactly(one(text));
  } else {
    const double low = one(text.substr(0, dots));
    const double high = one(text.substr(dots + 2));
    share.value = {low, (low + high) / 2.0, high};
  }
  if (share.value.p10 > share.value.p90)
    throw InputError(node.location, "the range '" + text + "' is upside down",
                     "write the smaller value first");
  if (!(share.value.p10 > 0.0) || share.value.p90 > most)
    throw InputError(node.location, "a share above 0 and up to " +
                                        std::to_string(static_cast<int>(most * 100.0)) + " % is wanted");
  return share;
}

const YamlNode* pricing_of(const YamlNode* price) {
  return price == nullptr ? nullptr : value_of(*price, "pricing");
}

/// The term that a pricing model means; nothing where it has none.
std::optional<Sourced<double>> term_of_pricing(const YamlNode* price) {
  const YamlNode* pricing = pricing_of(price);
  if (pricing == nullptr) return std::nullopt;
  const Provenance term{.origin = Origin::derived, .source = "the term of " + pricing->text};
  if (pricing->text == name_of(PricingModel::reserved_1y)) return Sourced<double>{seconds_per_year, term};
  if (pricing->text == name_of(PricingModel::reserved_3y))
    return Sourced<double>{3.0 * seconds_per_year, term};
  return std::nullopt;
}

void read_commitment(const YamlNode* node, const YamlNode* price, Scenario& scenario) {
  if (node == nullptr) {
    const YamlNode* pricing = pricing_of(price);
    if (pricing != nullptr && pricing->text == name_of(PricingModel::capacity_block)) {
      scenario.capacity_blocks =
          Provenance{.origin = Origin::published, .source = "Amazon EC2, DescribeCapacityBlockOfferings"};
      scenario.assumptions.push_back(
          "capacity blocks: paid in whole days up to 14, then in whole weeks (commitment: none takes hours)");
    }
    const auto term = term_of_pricing(price);
    if (!term) return;
    const double gpus = paid_gpus(scenario);
    scenario.commitment = Commitment{gpus * in_hours(Seconds(term->value)), gpus, term->provenance};
    scenario.assumptions.push_back("commitment: all GPUs for " + term->provenance.source +
                                   ", used or not (commitment: none where the rest has other uses)");
    return;
  }
  if (node->kind == YamlNode::Kind::scalar && node->text == "none") return;
  MapReader map(*node, "commitment");
  const YamlNode* hours = map.find("gpu_hours");
  const YamlNode* term = map.find("term");
  const YamlNode* gpus = map.find("gpus");
  map.finish();
  if ((hours == nullptr) == (term == nullptr))
    throw InputError(node->location, "one of gpu_hours and term is wanted",
                     "commitment: {term: 1 year, gpus: 64}");
  if (hours != nullptr && gpus != nullptr)
    throw InputError(gpus->location, "gpus go with a term",
                     "leave gpus out, or give a term instead of gpu_hours");
  Commitment commitment{.provenance = given_by_user(node->location)};
  if (hours != nullptr) {
    commitment.gpu_hours = number(*hours, QuantityKind::count, most_gpu_hours).value;
  } else {
    commitment.gpus = gpus != nullptr ? number(*gpus, QuantityKind::count, 1e8).value : paid_gpus(scenario);
    commitment.gpu_hours = commitment.gpus * in_hours(read_quantity<Seconds>(*term));
  }
  if (!(commitment.gpu_hours > 0.0) || commitment.gpu_hours > most_gpu_hours)
    throw InputError(node->location, "a commitment above 0 and up to 1e14 GPU-hours is wanted");
  if (commitment.gpus > 0.0 && commitment.gpus < paid_gpus(scenario))
    scenario.assumptions.push_back("commitment: the GPUs that the run has beside it are paid by the hour");
  scenario.commitment = commitment;
}

Storage read_storage(const YamlNode& node, Scenario& scenario) {
  // Weights in 16 bits, a 32-bit copy and two moments of Adam.
  constexpr double bytes_per_parameter = 2.0 + 4.0 + 8.0;
  const bool computed = scenario.step.has_value();
  MapReader map(node, "storage");
  const Sourced<double> price = number(map.require("price_per_gb_month"), QuantityKind::usd, 1e3);
  const YamlNode* checkpoints = map.find("checkpoints");
  const YamlNode* size = map.find("checkpoint_size");
  const YamlNode* data = map.find("data");
  const YamlNode* kept = map.find("kept");
  map.finish();
  if (checkpoints == nullptr && data == nullptr)
    throw InputError(node.location, "nothing is stored: checkpoints or data is missing",
                     "storage: {price_per_gb_month: $0.02, checkpoints: 10, data: 20TB}");
  if (size != nullptr && checkpoints == nullptr)
    throw InputError(size->location, "a size of checkpoints, and no number of them", "add checkpoints: 10");
  Sourced<double> bytes{0.0, given_by_user(node.location)};
  if (checkpoints != nullptr) {
    double one = computed ? checkpoint_bytes(scenario.step->workload)
                          : saved_parameters(scenario) * bytes_per_parameter;
    if (size != nullptr) {
      one = number(*size, QuantityKind::bytes, most_bytes).value;
    } else {
      scenario.assumptions.push_back(
          computed
              ? "storage: a checkpoint holds weights, master copy and optimizer states of the memory model"
              : "storage: a checkpoint of 14 bytes per parameter (bf16 weights, fp32 copy, Adam)");
    }
    bytes.value += number(*checkpoints, QuantityKind::count, 1e9).value * one;
  }
  if (data != nullptr) bytes.value += number(*data, QuantityKind::bytes, most_bytes).value;
  Sourced<double> kept_seconds{0.0, given_by_user(node.location)};
  if (kept != nullptr) kept_seconds = number(*kept, QuantityKind::seconds, 100.0 * seconds_per_year);
  if (!(bytes.value > 0.0))
    throw InputError(node.location, "nothing is stored: the size is 0", "leave storage out");
  return {.bytes = bytes, .usd_per_gb_month = price, .kept_seconds = kept_seconds};
}

Egress read_egress(const YamlNode& node) {
  MapReader map(node, "egress");
  Egress egress{.bytes = number(map.require("data"), QuantityKind::bytes, most_bytes),
                .usd_per_gb = number(map.require("price_per_gb"), QuantityKind::usd, 1e3)};
  map.finish();
  return egress;
}

/// `$50k/month`, or people and what one of them costs.
Sourced<Range> read_staff(const YamlNode& node) {
  constexpr double most_usd_per_second = 1e10 / (30.0 * seconds_per_day);
  if (node.kind != YamlNode::Kind::mapping)
    return read_range(node, QuantityKind::usd_per_second, 0.0, most_usd_per_second);
  MapReader map(node, "staff");
  const Sourced<double> people = number(map.require("people"), QuantityKind::count, 1e6);
  Sourced<Range> rate =
      read_range(map.require("each"), QuantityKind::usd_per_second, 0.0, most_usd_per_second);
  map.finish();
  if (!(people.value > 0.0)) throw InputError(node.location, "nobody is no staff", "leave staff out");
  rate.value = rate.value * people.value;
  return rate;
}

OwnedHardware read_own(const YamlNode& node, const OwningDefaults& defaults, Scenario& scenario) {
  OwnedHardware own = defaults.common;
  const std::string& name = scenario.accelerator.name;
  const YamlNode *capex = nullptr, *rated = nullptr;
  if (node.kind == YamlNode::Kind::mapping) {
    MapReader map(node, "own");
    capex = map.find("capex");
    rated = map.find("rated_power");
    const auto change = [&](const char* key, Sourced<double>& field, QuantityKind kind, double least,
                            double most, double scale = 1.0) {
      const YamlNode* value = map.find(key);
      if (value == nullptr) return;
      field = {read_quantity_value(*value, kind) * scale, given_by_user(value->location)};
      require_within(*value, kind, field.value / scale, least / scale, most / scale);
    };
    change("life", own.life_years, QuantityKind::seconds, 0.1, 50.0, 1.0 / seconds_per_year);
    change("cost_of_capital", own.cost_of_capital, QuantityKind::fraction, 0.0, 1.0);
    change("residual", own.residual_fraction, QuantityKind::fraction, 0.0, 1.0);
    change("contracted_share", own.contracted_fraction, QuantityKind::fraction, 0.0, 1.0);
    change("colocation_per_kw_month", own.colocation_usd_per_kw_month, QuantityKind::usd, 0.0, 1e5);
    change("load_fraction", own.load_fraction, QuantityKind::fraction, 0.0, 1.0);
    change("pue", own.pue, QuantityKind::count, 1.0, 3.0);
    change("electricity", own.usd_per_kwh, QuantityKind::usd_per_joule, 0.0, 100.0, 3.6e6);
    change("staff_per_year", own.staff_usd_per_year, QuantityKind::usd, 0.0, 1e7);
    change("maintenance", own.maintenance_fraction, QuantityKind::fraction, 0.0, 1.0);
    change("utilization", own.utilization, QuantityKind::fraction, 0.01, 1.0);
    map.finish();
  } else if (!read_bool(node)) {
    throw InputError(node.location, "own: false is what leaving it out says", "leave own out");
  }
  if (capex != nullptr) {
    own.capex_usd = read_range(*capex, QuantityKind::usd, 0.01, 1e8);
  } else if (const Sourced<Range>* known = defaults.capex_of(name)) {
    own.capex_usd = *known;
  } else {
    throw CombinationError(node.location,
                           "what a " + name + " with its server and network costs is not known",
                           "give it: own: {capex: $40k, rated_power: 1.2kW}");
  }
  if (rated != nullptr) {
    own.rated_watts = number(*rated, QuantityKind::watts, 1e6);
  } else if (const Sourced<double>* known = defaults.rated_watts_of(name)) {
    own.rated_watts = *known;
  } else {
    throw CombinationError(node.location, "the rated power of a server with " + name + " is not known",
                           "give its share for one of them: own: {rated_power: 1.2kW}");
  }
  scenario.assumptions.push_back("own hardware: what is not given as in hardware_profiles/owning.yaml");
  return own;
}

}  // namespace

BudgetRequest find_budget(MapReader& map) {
  return {.commitment = map.find("commitment"),
          .own = map.find("own"),
          .storage = map.find("storage"),
          .egress = map.find("egress"),
          .development = map.find("development"),
          .staff = map.find("staff"),
          .contingency = map.find("contingency"),
          .price = map.find("price")};
}

void read_budget(const BudgetRequest& request, const ProfileFolder& profiles, Scenario& scenario,
                 ScenarioSources& sources) {
  if (request.own != nullptr) {
    const bool committed = request.commitment != nullptr && request.commitment->text != "none";
    if (committed || scenario.price_course) {
      throw InputError(request.own->location, "own hardware has no commitment and no price that changes",
                       "leave own, or commitment and the change of the price out");
    }
    const std::string path = profiles.path("owning.yaml");
    sources.files.push_back(path);
    const auto defaults =
        profiles.once<OwningDefaults>("file " + path, [&] { return read_owning_defaults(path); });
    scenario.own = read_own(*request.own, *defaults, scenario);
  } else {
    read_commitment(request.commitment, request.price, scenario);
  }
  ExtraCosts& extras = scenario.extras;
  if (request.storage != nullptr) extras.storage = read_storage(*request.storage, scenario);
  if (request.egress != nullptr) extras.egress = read_egress(*request.egress);
  if (request.development != nullptr) {
    extras.development = read_share(*request.development, 100.0);
    scenario.assumptions.push_back(
        "development: as given; published shares are 50 % (OLMo 2, arXiv 2503.05804) and 460 % (OLMo 3), of "
        "energy");
  }
  if (request.staff != nullptr) extras.staff = read_staff(*request.staff);
  if (request.contingency != nullptr) extras.contingency = read_share(*request.contingency, 10.0);
}

}  // namespace trainbudget::io
