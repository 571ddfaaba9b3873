// Facts of the dimension system, checked by the compiler.
#include "core/quantity.h"

#include "catch.h"

#include <type_traits>

using namespace trainbudget;

template <class A, class B>
concept Addable = requires(A a, B b) {
  a + b;
};
template <class To, class From>
concept Takes = std::is_convertible_v<From, To>;

static_assert(Addable<Flops, Flops>);
static_assert(!Addable<Flops, Bytes>);
static_assert(!Addable<Seconds, Usd>);
static_assert(!Takes<Flops, Bytes>, "bytes must not pass for FLOPs");
static_assert(!Takes<Flops, double>, "a bare number must not pass for FLOPs");
static_assert(std::is_same_v<decltype(Flops{} / FlopsPerSecond{}), Seconds>);
static_assert(std::is_same_v<decltype(Bytes{} / BytesPerSecond{}), Seconds>);
static_assert(std::is_same_v<decltype(FlopsPerToken{} * Tokens{}), Flops>);
static_assert(std::is_same_v<decltype(Watts{} * Seconds{}), Joules>);
static_assert(std::is_same_v<decltype(UsdPerSecond{} * Seconds{}), Usd>);
static_assert(std::is_same_v<decltype(Seconds{} / Seconds{}), double>);
static_assert(sizeof(Flops) == sizeof(double));
static_assert(std::is_trivially_copyable_v<Flops>);

TEST_CASE("prices are quoted by the hour and kept by the second") {
  CHECK((usd_per_hour(0.79) * hours(140160.0)).value == Approx(110726.4));
}
