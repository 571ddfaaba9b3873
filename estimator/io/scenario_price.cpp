#include "io/scenario_price.h"

#include "core/offer.h"
#include "core/quantile.h"
#include "io/map_reader.h"
#include "io/price_course.h"
#include "io/price_drift_file.h"
#include "io/price_search.h"
#include "io/price_table.h"
#include "io/sourced_reader.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>

#include <fmt/format.h>

namespace trainbudget::io {
namespace {

/// The keys of a price that is looked up.
struct Query {
  OfferQuery offer;
  bool asked = false;    ///< the user named something
  Location provider_at;  ///< where the provider was named
  std::string choice = "market";
};

SourcedRange of_one_offer(const Offer& offer, const std::string& how) {
  std::string source = how + offer.provider + " " + std::string(name_of(offer.pricing));
  if (!offer.instance.empty()) source += ", " + offer.instance;
  if (!offer.region.empty()) source += ", " + offer.region;
  return {exactly(offer.price.value * seconds_per_hour),
          {.origin = Origin::published,
           .source = source + "; " + offer.source,
           .date = date_text(offer.as_of),
           .note = offer.note}};
}

/// The accelerators of a price list of one's own that no profile is called: rows that are never found.
std::string unknown_accelerators(const std::vector<Offer>& offers, const ProfileFolder& profiles) {
  const std::vector<std::string> known = profiles.names(accelerator_profiles);
  for (const Offer& offer : offers) {
    if (std::find(known.begin(), known.end(), offer.accelerator) != known.end()) continue;
    const std::vector<std::string> meant = profiles.meant(accelerator_profiles, offer.accelerator);
    std::string names;
    for (const std::string& name : meant)
      names += (names.empty() ? ": did you mean " : " or ") + name;
    return "'" + offer.accelerator + "' is no accelerator by that name, and its prices are not found" +
           names + (names.empty() ? "" : "?");
  }
  return {};
}

/// What the price list says, and what had to be assumed to ask it.
struct PriceAnswer {
  std::optional<SourcedRange> price;
  std::string assumption;
  std::string warning;
  std::string list_warning;
  std::string newest_price;
  Date as_of;                 ///< the day that was asked for
  PricingModel pricing = {};  ///< that was asked for
  double age_days = 0.0;      ///< on that day
  int instance_gpus = 0;      ///< of the one offer that was taken; 0: not stated, or of several offers
  std::set<int> sizes;        ///< GPUs of all instances that the same question finds
  std::map<std::string, int> largest;  ///< GPUs of a provider's largest, 0: not stated; only of a market
};

/// Of a price that is in force over a range of days, from the last of them.
double age_of(const Offer& offer, Date as_of) {
  return offer.date_precision == DatePrecision::range ? days_between(offer.as_of.last, as_of)
                                                      : age_in_days(offer, as_of);
}

double median_age(const std::vector<const Offer*>& offers, Date as_of) {
  std::vector<double> ages;
  ages.reserve(offers.size());
  for (const Offer* offer : offers)
    ages.push_back(age_of(*offer, as_of));
  std::sort(ages.begin(), ages.end());
  return quantile(ages, 0.5);
}

void warn_of_age(const Offer& offer, Date as_of, PriceAnswer& answer) {
  const int age = age_in_days(offer, as_of);
  if (age <= stale_price_days) return;
  answer.warning =
      "the price of " + offer.provider + " was " + std::to_string(age) + " days old on " + date_text(as_of);
}

Query read_query(const PriceRequest& request) {
  Query query;
  query.offer.accelerator = request.accelerator;
  if (!request.provider.empty()) query.offer.provider = request.provider;
  query.offer.pricing = PricingModel::on_demand;
  if (request.node == nullptr) return query;
  query.asked = true;
  MapReader map(*request.node, "price");
  if (const YamlNode* provider = map.find("provider")) query.offer.provider = read_string(*provider);
  if (const YamlNode* pricing = map.find("pricing"))
    query.offer.pricing = pricing_named(read_string(*pricing), pricing->location);
  if (const YamlNode* region = map.find("region")) query.offer.region = read_string(*region);
  if (const YamlNode* gpus = map.find("gpus_per_instance")) {
    constexpr long long most_gpus = 65536;
    query.offer.gpus_per_instance = static_cast<int>(read_integer(*gpus, 1, most_gpus));
  }
  if (const YamlNode* choice = map.find("choose")) {
    constexpr std::string_view choices[] = {"market", "cheapest", "median"};
    query.choice = choices[read_word(*choice, "choice", choices)];
  }
  skip_course(map);
  map.finish();
  return query;
}

PriceAnswer look_up(Query query, const PriceRequest& request, const std::vector<Offer>& offers) {
  PriceAnswer answer{.newest_price = date_text(newest_day(offers))};
  query.offer.as_of = request.as_of != nullptr
                          ? parse_date(read_string(*request.as_of), request.as_of->location)
                          : newest_day(offers);

  answer.as_of = query.offer.as_of;
  answer.pricing = *query.offer.pricing;
  std::vector<const Offer*> current = current_offers(offers, query.offer);
  if (current.empty() && !query.asked &&
      query.offer.provider) {  // the cluster's own provider lists no price: ask everybody
    query.offer.provider.reset();
    current = current_offers(offers, query.offer);
  }
  const bool named = query.offer.provider.has_value() && query.asked;
  std::vector<const Offer*> comparable = comparable_offers(current, query.offer.as_of);
  if (comparable.empty() && named)
    comparable = current;  // suspect and quoted prices count when asked for by name
  if (comparable.empty()) {
    if (!query.asked && request.as_of == nullptr) return answer;
    const Location where = request.node != nullptr ? request.node->location : request.as_of->location;
    throw CombinationError(where, "no price of " + query_text(query.offer), what_exists(offers, query.offer));
  }
  for (const Offer* offer : current)
    answer.sizes.insert(offer->gpus_per_instance);
  const std::string as_of = " (" + query_text(query.offer) + ")";
  if (query.choice != "market") {
    const Offer* offer =
        query.choice == "cheapest" ? comparable.front() : comparable[(comparable.size() - 1) / 2];
    answer.age_days = age_of(*offer, answer.as_of);
    answer.instance_gpus = offer->gpus_per_instance;
    warn_of_age(*offer, query.offer.as_of, answer);
    answer.assumption = comparable.size() == 1 ? "price: the only offer" + as_of
                                               : "price: the " + query.choice + " of " +
                                                     std::to_string(comparable.size()) + " offers" + as_of;
    answer.price = of_one_offer(*offer, query.choice + ": ");
    return answer;
  }
  const std::vector<UsdPerSecond> prices = prices_by_provider(comparable);
  if (prices.size() == 1) {
    answer.age_days = age_of(*comparable.front(), answer.as_of);
    answer.instance_gpus = comparable.front()->gpus_per_instance;
    warn_of_age(*comparable.front(), query.offer.as_of, answer);
    answer.assumption = "price: the only one in the list" + as_of;
    answer.price = of_one_offer(*comparable.front(), "");
    return answer;
  }
  for (const Offer* offer : comparable) {
    int& largest = answer.largest[offer->provider];
    largest = std::max(largest, offer->gpus_per_instance);
  }
  answer.age_days = median_age(comparable, answer.as_of);
  answer.assumption =
      "price: the range over the cheapest prices of " + std::to_string(prices.size()) + " providers" + as_of;
  answer.price = SourcedRange{
      market_range(prices),
      {.origin = Origin::published,
       .source = (request.list != nullptr ? request.list->text : "hardware_profiles/prices/prices.csv") +
                 ", " + std::to_string(prices.size()) + " providers",
       .date = date_text(query.offer.as_of)}};
  return answer;
}

/// Many servers of one accelerator are not the server of eight that an estimate reckons with.
void warn_of_small_servers(const PriceAnswer& answer, Scenario& scenario) {
  const int instance_gpus = answer.instance_gpus;
  const auto& node = scenario.accelerator.accelerators_per_node;
  if (instance_gpus <= 0 || !node || instance_gpus >= std::min(node->value, scenario.gpus.value)) return;
  const int size = static_cast<int>(node->value);
  scenario.warnings.push_back(
      "the price is of servers with " + std::to_string(instance_gpus) + " accelerator" +
      (instance_gpus == 1 ? "" : "s") + " and no fast network between them; " +
      (answer.sizes.count(size) > 0
           ? "price.gpus_per_instance=" + std::to_string(size) + " asks for whole ones"
           : "the list has none with " + std::to_string(size)));
}

/// Who lists single accelerators has not said that there are hundreds of them on one network. Of TPUs, chips
/// are priced, and slices are rented.
void warn_of_single_accelerators(const PriceAnswer& answer, Scenario& scenario) {
  const auto& node = scenario.accelerator.accelerators_per_node;
  if (!node || scenario.gpus.value <= node->value || scenario.accelerator.name.starts_with("tpu-")) return;
  const auto size = static_cast<int>(node->value);
  const auto none = std::count_if(answer.largest.begin(), answer.largest.end(),
                                  [&](const auto& provider) { return provider.second < size; });
  if (none == 0) return;
  const bool all = static_cast<std::size_t>(none) == answer.largest.size();
  scenario.warnings.push_back(
      fmt::format("price: {} of {} providers list no server of {} accelerators{}",
                  all ? "all" : std::to_string(none), answer.largest.size(), size,
                  all ? "" : fmt::format("; price.gpus_per_instance={} asks the others", size)));
}

/// The same question has the same answer: a sweep asks it once.
std::string key_of(const Query& query, const PriceRequest& request) {
  std::string key = "price of " + query.offer.accelerator;
  key += "|" + query.offer.provider.value_or("") + "|" + query.offer.region.value_or("") + "|" + query.choice;
  key += "|" + std::to_string(static_cast<int>(query.offer.pricing.value_or(PricingModel::on_demand)));
  key += "|" + std::to_string(query.offer.gpus_per_instance.value_or(0));
  key += query.asked ? "|asked|" : "||";
  if (request.as_of != nullptr) key += read_string(*request.as_of);
  if (request.list != nullptr) key += "|" + read_string(*request.list);
  return key;
}

/// What the price may do until it is paid. Without a start the run is taken to begin on the day that the
/// price was asked for.
PriceDrift drift_of(const PriceAnswer& answer, const ProfileFolder& profiles, const Scenario& scenario,
                    ScenarioSources& sources) {
  const std::string path = profiles.path("prices/drift.yaml");
  sources.files.push_back(path);
  const auto known =
      profiles.once<PriceVolatilities>("file " + path, [&] { return read_price_volatilities(path); });
  const bool fixed_at_start = answer.pricing == PricingModel::reserved_1y ||
                              answer.pricing == PricingModel::reserved_3y ||
                              answer.pricing == PricingModel::capacity_block;
  double wait = 0.0;
  if (scenario.start) wait = std::max(0, days_between(answer.as_of, *scenario.start)) * seconds_per_day;
  if (scenario.start_delay_seconds) wait += scenario.start_delay_seconds->value.p50;
  return {.age_seconds = {answer.age_days * seconds_per_day, answer.price->provenance},
          .wait_seconds = {wait, {.origin = Origin::derived, .source = "start − as_of + wait"}},
          .volatility = known->at(answer.pricing),
          .moves_with_market = !fixed_at_start && !scenario.price_course};
}

/// `{amount: $0.79/h, source: …}`.
std::optional<SourcedRange> read_amount(const YamlNode& node) {
  if (value_of(node, "amount") == nullptr) return std::nullopt;
  MapReader map(node, "price");
  SourcedRange price = read_range(map.require("amount"), QuantityKind::usd_per_second);
  if (const YamlNode* source = map.find("source")) price.provenance.note = read_string(*source);
  skip_course(map);
  for (const char* key : {"provider", "pricing", "region", "gpus_per_instance", "choose", "schedule"}) {
    if (const YamlNode* other = map.find(key)) {
      throw InputError(other->location,
                       "the price has an amount and is also looked up by '" + std::string(key) + "'",
                       "leave one of them out");
    }
  }
  map.finish();
  return price;
}

}  // namespace

Date newest_day(const std::vector<Offer>& offers) {
  Date newest{1, 1, 1};
  for (const Offer& offer : offers) {
    if (offer.quality != PriceQuality::quoted) newest = std::max(newest, offer.as_of.last);
  }
  return newest;
}

Provenance given_by_user(const Location& where) {
  return {.origin = Origin::user,
          .source = where.file.starts_with("--") || where.line == 0
                        ? where.file
                        : where.file + ":" + std::to_string(where.line)};
}

SourcedRange read_range(const YamlNode& node, QuantityKind kind) {
  SourcedRange result{{}, given_by_user(node.location)};
  if (node.kind == YamlNode::Kind::mapping) {
    MapReader map(node, "range");
    result.value = read_quantiles(map, kind);
    if (const YamlNode* source = map.find("source")) result.provenance.note = read_string(*source);
    map.finish();
  } else {
    const std::string text = read_string(node);
    const std::size_t dots = text.find("..");
    if (dots == std::string::npos) {
      result.value = exactly(parse_quantity(text, kind, node.location));
    } else {
      const double low = parse_quantity(text.substr(0, dots), kind, node.location);
      const double high = parse_quantity(text.substr(dots + 2), kind, node.location);
      if (low > high)
        throw InputError(node.location, "the range '" + text + "' is upside down",
                         "write the smaller value first");
      result.value = {low, std::sqrt(low * high), high};
    }
  }
  if (!(result.value.p10 > 0.0)) throw InputError(node.location, "a value above zero is wanted");
  return result;
}

void require_within(const YamlNode& node, QuantityKind kind, double value, double least, double most) {
  if (value >= least && value <= most) return;
  const std::string what = node.kind == YamlNode::Kind::scalar ? "'" + node.text + "'" : "this range";
  throw InputError(
      node.location, what + " is out of reason",
      "from " + format_quantity(least, kind, 4) + " to " + format_quantity(most, kind, 4) + " is taken");
}

SourcedRange read_range(const YamlNode& node, QuantityKind kind, double least, double most) {
  SourcedRange range = read_range(node, kind);
  require_within(node, kind, range.value.p10, least, most);
  require_within(node, kind, range.value.p90, least, most);
  return range;
}

std::optional<SourcedRange> read_price(const PriceRequest& request, const ProfileFolder& profiles,
                                       Scenario& scenario, ScenarioSources& sources) {
  std::optional<SourcedRange> price;
  if (request.node != nullptr && request.node->kind == YamlNode::Kind::scalar)
    price = read_range(*request.node, QuantityKind::usd_per_second);
  if (request.node != nullptr && request.node->kind == YamlNode::Kind::mapping) {
    scenario.price_course = read_course(*request.node);
    price = read_amount(*request.node);
    if (const YamlNode* schedule = value_of(*request.node, "schedule")) {
      MapReader map(*request.node, "price");
      map.find("schedule");
      map.finish();
      scenario.price_course = read_schedule(*schedule, scenario);
      const double first = scenario.price_course->steps.front().usd_per_gpu_hour / seconds_per_hour;
      price = SourcedRange{exactly(first), scenario.price_course->provenance};
    }
  }
  if (!price) {
    const Query query = read_query(request);
    const std::string path =
        request.list != nullptr ? read_string(*request.list) : profiles.path("prices/prices.csv");
    sources.files.push_back(path);
    const auto answer = profiles.once<PriceAnswer>(key_of(query, request), [&] {
      const auto offers =
          profiles.once<std::vector<Offer>>("file " + path, [&] { return read_price_table(path); });
      PriceAnswer found = look_up(query, request, *offers);
      if (request.list != nullptr) {
        if (const std::string unknown = unknown_accelerators(*offers, profiles); !unknown.empty())
          found.list_warning = path + ": " + unknown;
      }
      return found;
    });
    if (!answer->assumption.empty()) scenario.assumptions.push_back(answer->assumption);
    if (!answer->warning.empty()) scenario.warnings.push_back(answer->warning);
    warn_of_small_servers(*answer, scenario);
    warn_of_single_accelerators(*answer, scenario);
    if (!answer->list_warning.empty()) scenario.warnings.push_back(answer->list_warning);
    sources.newest_price = answer->newest_price;
    if (answer->price) scenario.price_drift = drift_of(*answer, profiles, scenario, sources);
    return answer->price;
  }
  if (request.as_of != nullptr && request.as_of->location.file.starts_with("--"))
    scenario.warnings.push_back("as_of changes nothing: the price is given, not looked up");
  price->value = price->value * seconds_per_hour;
  if (price->value.p10 < 1e-6)
    throw InputError(request.node->location, "less than a millionth of a USD for one GPU-hour is no price",
                     "own hardware, or hours that are given, are a price as well");
  if (price->value.p90 > 1e4)
    throw InputError(request.node->location, "more than 10000 USD for one GPU-hour is no price",
                     "prices are per GPU, not per node");
  return price;
}

}  // namespace trainbudget::io
