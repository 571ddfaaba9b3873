// Prices of accelerators: what is offered, as of when, and which offer an estimate takes.
#pragma once

#include "core/date.h"
#include "core/quantity.h"
#include "core/uncertainty.h"

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget {

enum class PricingModel {
  on_demand,  ///< list price, no commitment
  spot,       ///< may be taken away
  community,  ///< hosts of a marketplace
  reserved_1y,
  reserved_3y,
  capacity_block,  ///< reserved for days or weeks, paid ahead
};

inline constexpr std::array<PricingModel, 6> all_pricing_models = {
    PricingModel::on_demand,   PricingModel::spot,        PricingModel::community,
    PricingModel::reserved_1y, PricingModel::reserved_3y, PricingModel::capacity_block};

constexpr std::string_view name_of(PricingModel model) {
  switch (model) {
    case PricingModel::on_demand:
      return "on_demand";
    case PricingModel::spot:
      return "spot";
    case PricingModel::community:
      return "community";
    case PricingModel::reserved_1y:
      return "reserved_1y";
    case PricingModel::reserved_3y:
      return "reserved_3y";
    case PricingModel::capacity_block:
      return "capacity_block";
  }
  return "unknown";
}

/// How far a price can be trusted.
enum class PriceQuality {
  a,       ///< the vendor's own API or list
  b,       ///< one scraper or a secondary text
  c,       ///< suspect: contradicted, ambiguous unit, or not the price it seems to be
  quoted,  ///< as a text quotes it, and found in no list; taken only when asked for by name
};

inline constexpr std::array<PriceQuality, 4> all_price_qualities = {PriceQuality::a, PriceQuality::b,
                                                                    PriceQuality::c, PriceQuality::quoted};

constexpr std::string_view name_of(PriceQuality quality) {
  switch (quality) {
    case PriceQuality::a:
      return "A";
    case PriceQuality::b:
      return "B";
    case PriceQuality::c:
      return "C";
    case PriceQuality::quoted:
      return "quoted";
  }
  return "unknown";
}

/// When a price was seen. Where only the month is known the two days differ, and each question takes the
/// cautious one: a price is not known before `last`, and it is as old as `first`.
struct PriceDate {
  Date first;
  Date last;
};

/// What the date of a price means.
enum class DatePrecision {
  stated,     ///< the day or month that the source names
  commit,     ///< of the commit that carried the price, which may be older
  estimated,  ///< worked out from neighbouring data
  at_latest,  ///< of the source; its prices are older
  range,      ///< in force over the whole range
};

inline constexpr std::array<DatePrecision, 5> all_date_precisions = {
    DatePrecision::stated, DatePrecision::commit, DatePrecision::estimated, DatePrecision::at_latest,
    DatePrecision::range};

constexpr std::string_view name_of(DatePrecision precision) {
  switch (precision) {
    case DatePrecision::stated:
      return "stated";
    case DatePrecision::commit:
      return "commit";
    case DatePrecision::estimated:
      return "estimated";
    case DatePrecision::at_latest:
      return "at_latest";
    case DatePrecision::range:
      return "range";
  }
  return "unknown";
}

/// One accelerator-hour as somebody offers it.
struct Offer {
  std::string accelerator;  ///< name of a profile, or of an accelerator without one
  std::string provider;
  PricingModel pricing = PricingModel::on_demand;
  UsdPerSecond price;         ///< per accelerator
  std::string instance;       ///< empty where the list does not say
  int gpus_per_instance = 0;  ///< 0 where the list does not say
  std::string region;         ///< empty where the list does not say
  PriceDate as_of;
  DatePrecision date_precision = DatePrecision::stated;
  PriceQuality quality = PriceQuality::b;
  std::string source;
  std::string note;
};

/// Which offers are meant. An absent field means any.
struct OfferQuery {
  std::string accelerator;
  std::optional<std::string> provider;
  std::optional<PricingModel> pricing;
  std::optional<std::string> region;
  std::optional<int> gpus_per_instance = {};
  Date as_of;  ///< prices seen later are not known yet
};

/// Whether the region of an offer says where it is: "global", "all" and classes of hosts do not.
constexpr bool names_a_place(std::string_view region) {
  for (const std::string_view word : {"", "global", "all", "most regions", "secure", "community"}) {
    if (region == word) return false;
  }
  return true;
}

/// Whether `quality` may be chosen without being asked for by name.
constexpr bool is_trusted(PriceQuality quality) {
  return quality == PriceQuality::a || quality == PriceQuality::b;
}

/// Older prices than this deserve a warning.
inline constexpr int stale_price_days = 90;
/// Older prices than this are not chosen while there is a younger one: a list that nobody updates is not a
/// market.
inline constexpr int oldest_comparable_price_days = 365;

/// Days from the first day on which `offer` may have been seen to `as_of`.
int age_in_days(const Offer& offer, Date as_of);

/// The offers that match `query`, as of its date: of each provider, pricing model, instance and region the
/// newest snapshot alone. Of equally new ones the better quality, then the cheaper one stays. A trusted row
/// also replaces the older ones that say less or more precisely what they are of: one of no region, "global"
/// or "us-*" and one of "us-east-1" replace each other, as do those of which one names no instance or size.
/// Sorted by price, of equal prices the newest first and then the largest instance, then by provider, pricing
/// model, instance and region, so that the result does not depend on the order of `offers`. Points into
/// `offers`.
std::vector<const Offer*> current_offers(std::span<const Offer> offers, const OfferQuery& query);

/// Those of `current`, which current_offers() returned, that may be compared: trusted ones only, and no old
/// ones beside young ones (see oldest_comparable_price_days). Keeps the order by price.
std::vector<const Offer*> comparable_offers(std::span<const Offer* const> current, Date as_of);

enum class OfferChoice { cheapest, median };

/// One of the comparable offers of `current`. The median of an even number is the lower middle: an offer that
/// exists. nullptr when no trusted offer is left.
const Offer* choose(std::span<const Offer* const> current, OfferChoice choice, Date as_of);

/// The cheapest comparable price of each provider, ascending: a provider with fifty regions counts once.
std::vector<UsdPerSecond> prices_by_provider(std::span<const Offer* const> comparable);

/// P10, P50 and P90 of ascending prices (at least one) in US dollars per hour, with linear interpolation.
Range market_range(std::span<const UsdPerSecond> sorted_prices);

}  // namespace trainbudget
