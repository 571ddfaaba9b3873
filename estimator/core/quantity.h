// Quantities whose dimension is checked at compile time: adding FLOPs to bytes, or passing one for the other,
// does not compile. A quantity is one double in SI base units (FLOP, byte, second, US dollar, token, joule,
// gram of CO2e); unit words and prefixes exist only in io/quantity_text and in the renderers.
#pragma once

#include <compare>
#include <limits>

namespace trainbudget {

/// More than anything: of what never comes, or has no limit.
inline constexpr double infinite = std::numeric_limits<double>::infinity();

/// Exponents of the base dimensions. {.flop = 1, .second = -1} is FLOP/s.
struct Dimension {
  signed char flop = 0, byte = 0, second = 0, usd = 0, token = 0, joule = 0, gram = 0;

  friend constexpr bool operator==(Dimension, Dimension) = default;

  friend constexpr Dimension operator+(Dimension a, Dimension b) {
    return {sum(a.flop, b.flop),   sum(a.byte, b.byte),   sum(a.second, b.second), sum(a.usd, b.usd),
            sum(a.token, b.token), sum(a.joule, b.joule), sum(a.gram, b.gram)};
  }
  friend constexpr Dimension operator-(Dimension a, Dimension b) {
    return {sum(a.flop, -b.flop),   sum(a.byte, -b.byte),   sum(a.second, -b.second), sum(a.usd, -b.usd),
            sum(a.token, -b.token), sum(a.joule, -b.joule), sum(a.gram, -b.gram)};
  }

 private:
  static constexpr signed char sum(int a, int b) { return static_cast<signed char>(a + b); }
};

/// One number of dimension `D`, in SI base units. Aggregates of quantities stay plain old data.
template <Dimension D>
struct Quantity {
  double value = 0.0;

  static constexpr Dimension dimension = D;

  constexpr Quantity() = default;
  constexpr explicit Quantity(double in_si_units) : value(in_si_units) {}

  friend constexpr auto operator<=>(Quantity, Quantity) = default;

  constexpr Quantity& operator+=(Quantity other) { return value += other.value, *this; }
  constexpr Quantity& operator-=(Quantity other) { return value -= other.value, *this; }
  constexpr Quantity& operator*=(double factor) { return value *= factor, *this; }

  friend constexpr Quantity operator+(Quantity a, Quantity b) { return Quantity(a.value + b.value); }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return Quantity(a.value - b.value); }
  friend constexpr Quantity operator*(Quantity a, double factor) { return Quantity(a.value * factor); }
  friend constexpr Quantity operator*(double factor, Quantity a) { return Quantity(factor * a.value); }
  friend constexpr Quantity operator/(Quantity a, double divisor) { return Quantity(a.value / divisor); }
};

/// The product of two quantities; a plain double where the dimensions cancel.
template <Dimension A, Dimension B>
constexpr auto operator*(Quantity<A> a, Quantity<B> b) {
  if constexpr (A + B == Dimension{}) {
    return a.value * b.value;
  } else {
    return Quantity<A + B>(a.value * b.value);
  }
}

/// The ratio of two quantities; a plain double where the dimensions are equal.
template <Dimension A, Dimension B>
constexpr auto operator/(Quantity<A> a, Quantity<B> b) {
  if constexpr (A == B) {
    return a.value / b.value;
  } else {
    return Quantity<A - B>(a.value / b.value);
  }
}

using Flops = Quantity<Dimension{.flop = 1}>;
using Bytes = Quantity<Dimension{.byte = 1}>;
using Seconds = Quantity<Dimension{.second = 1}>;
using Usd = Quantity<Dimension{.usd = 1}>;
using Tokens = Quantity<Dimension{.token = 1}>;
using Joules = Quantity<Dimension{.joule = 1}>;
using GramsCo2 = Quantity<Dimension{.gram = 1}>;
using FlopsPerSecond = Quantity<Dimension{.flop = 1, .second = -1}>;
using BytesPerSecond = Quantity<Dimension{.byte = 1, .second = -1}>;
using TokensPerSecond = Quantity<Dimension{.second = -1, .token = 1}>;
using FlopsPerToken = Quantity<Dimension{.flop = 1, .token = -1}>;
using BytesPerToken = Quantity<Dimension{.byte = 1, .token = -1}>;
using UsdPerSecond = Quantity<Dimension{.second = -1, .usd = 1}>;
using Watts = Quantity<Dimension{.second = -1, .joule = 1}>;
using Hertz = Quantity<Dimension{.second = -1}>;
using UsdPerJoule = Quantity<Dimension{.usd = 1, .joule = -1}>;
using GramsCo2PerJoule = Quantity<Dimension{.joule = -1, .gram = 1}>;

inline constexpr double seconds_per_hour = 3600.0;
inline constexpr double hours_per_day = 24.0;
inline constexpr double seconds_per_day = seconds_per_hour * hours_per_day;

constexpr double in_hours(Seconds time) {
  return time.value / seconds_per_hour;
}
constexpr double in_days(Seconds time) {
  return time.value / seconds_per_day;
}
constexpr Seconds hours(double count) {
  return Seconds(count * seconds_per_hour);
}
/// US dollars per hour, as prices are quoted.
constexpr UsdPerSecond usd_per_hour(double price) {
  return UsdPerSecond(price / seconds_per_hour);
}

}  // namespace trainbudget
