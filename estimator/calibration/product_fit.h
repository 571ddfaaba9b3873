// How the rate of matrix products falls with their size, from measured ones.
#pragma once

#include "core/uncertainty.h"

#include <optional>
#include <span>

namespace trainbudget {

/// One measured product [m, k] × [k, n].
struct MeasuredProduct {
  double m = 0.0, n = 0.0, k = 0.0;
  double ideal_seconds = 0.0;    ///< FLOPs ÷ datasheet peak
  double traffic_seconds = 0.0;  ///< bytes ÷ measured rate of memory
  double seconds = 0.0;          ///< measured
  double half_dimensions = 1.0;  ///< the fall is by so many: two in 8 bits or less (core/block_time)
};

/// What `product` would reach of the peak if its bytes took no time and it were endless: the time of its
/// arithmetic is what the soft corner of core/roofline.h leaves, and grows with `half_dimension` as
/// shape_penalty() says. Nothing where memory takes more than half of the time: little of it would be left.
std::optional<double> fraction_of_endless(const MeasuredProduct& product, double half_dimension);

struct ProductFit {
  Range fraction_of_peak;  ///< of an endless product
  Range half_dimension;
};

/// The fraction and the half dimension with which the arithmetic of `products` comes closest to what was
/// measured (least sum of absolute relative errors, which few odd shapes do not move), and how far they move
/// with the choice of the shapes (bootstrap). Nothing where the products that memory does not bound are
/// fewer than three, or all about as large, so that they tell no fall.
std::optional<ProductFit> fit_products(std::span<const MeasuredProduct> products);

}  // namespace trainbudget
