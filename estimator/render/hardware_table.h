// Accelerators, clusters and offers as tables.
#pragma once

#include "core/hardware.h"
#include "core/offer.h"
#include "render/table.h"

#include <span>
#include <string>

namespace trainbudget::render {

/// One row per accelerator: name, year, peaks, memory, link, power.
Table accelerator_list(std::span<const Accelerator> accelerators);
/// One row per cluster: name, accelerator, nodes, tiers.
Table cluster_list(std::span<const Cluster> clusters);
/// One row per number of the profile, each with its source.
Table accelerator_details(const Accelerator& accelerator);
Table cluster_details(const Cluster& cluster);
/// One row per offer, with its age on `as_of`.
Table offer_list(std::span<const Offer* const> offers, Date as_of);

/// The offers as io/price_table reads them: hardware_profiles/README.md describes the columns.
std::string price_list_csv(std::span<const Offer> offers);

}  // namespace trainbudget::render
