// How fast prices move: hardware_profiles/prices/drift.yaml.
#pragma once

#include "core/offer.h"
#include "core/provenance.h"

#include <map>
#include <string>

namespace trainbudget::io {

/// Of every pricing model, the standard deviation of the logarithm of a price after a year.
using PriceVolatilities = std::map<PricingModel, Sourced<double>>;

/// Throws InputError, also where a pricing model is missing.
PriceVolatilities read_price_volatilities(const std::string& path);

}  // namespace trainbudget::io
