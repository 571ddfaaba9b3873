// What to tell somebody whose question the price list cannot answer.
#pragma once

#include "core/offer.h"

#include <string>
#include <vector>

namespace trainbudget::io {

/// "h100-sxm-80gb, lambda, spot, as of 2024-06-01".
std::string query_text(const OfferQuery& query);

/// What the list has for the accelerator of `query`, leaving out one condition after the other until
/// something is found: regions, then providers and pricing models, then the first day with a price. For
/// hints.
std::string what_exists(const std::vector<Offer>& offers, OfferQuery query);

}  // namespace trainbudget::io
