// Lists of others as text, imported on one day, and what became of their rows.
#pragma once

#include "io/price_import/price_import.h"
#include "io/text_source.h"
#include "profiles.h"

#include <algorithm>
#include <string>
#include <vector>

namespace price_lists {

using namespace trainbudget;
using io::PriceImport;
using io::PriceSource;

inline const Date day{2026, 8, 21};

inline io::CsvTable table_of(const std::string& text) {
  return io::CsvTable(io::checked_source(text, "list.csv", 1 << 20), "list.csv");
}

inline PriceImport import(PriceSource source, const std::string& provider, const std::string& text) {
  static const std::vector<io::ImportName> names =
      io::read_import_names(profiles::folder().path("prices/import_names.csv"));
  static const std::vector<std::string> accelerators = profiles::folder().names("accelerators");
  return io::import_prices(table_of(text), {.source = source,
                                            .provider = provider,
                                            .as_of = day,
                                            .today = day,
                                            .names = names,
                                            .profiles = accelerators});
}

inline PriceImport skypilot(
    const std::string& provider, const std::string& rows,
    const std::string& header =
        "InstanceType,vCPUs,MemoryGiB,AcceleratorName,AcceleratorCount,GpuInfo,Region,"
        "AvailabilityZone,Price,SpotPrice\n") {
  return import(PriceSource::skypilot, provider, header + rows);
}

inline const std::string v2 =
    "instance_name,location,price,cpu,memory,gpu_count,gpu_name,gpu_memory,spot,disk_size,gpu_vendor,flags,"
    "cpu_arch,"
    "provider_data\n";

inline double usd(const Offer& offer) {
  return offer.price.value * seconds_per_hour;
}

inline const Offer* find(const PriceImport& list, const std::string& accelerator, PricingModel pricing,
                         const std::string& region = "") {
  for (const Offer& offer : list.offers) {
    if (offer.accelerator == accelerator && offer.pricing == pricing &&
        (region.empty() || offer.region == region))
      return &offer;
  }
  return nullptr;
}

inline bool dropped(const PriceImport& list, const std::string& reason) {
  return std::any_of(list.dropped.begin(), list.dropped.end(),
                     [&](const io::DroppedRow& row) { return row.reason.find(reason) != std::string::npos; });
}

inline constexpr auto on_demand = PricingModel::on_demand;
inline constexpr auto spot = PricingModel::spot;

}  // namespace price_lists
