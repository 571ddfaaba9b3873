// What a bill has besides GPU-hours × price: prices that change, hours that are paid and not used, and the
// costs around a run. Values only; the arithmetic is in core/cost/.
#pragma once

#include "core/provenance.h"
#include "core/uncertainty.h"

#include <optional>
#include <vector>

namespace trainbudget {

/// From `after_seconds` of the run on, this price.
struct PriceStep {
  double after_seconds = 0.0;
  double usd_per_gpu_hour = 0.0;
};

/// How a price changes while the run goes on: in steps, the first of them at the start, or steadily.
struct PriceCourse {
  std::vector<PriceStep> steps;  ///< ascending; empty where it changes steadily
  double change_per_year = 0.0;  ///< a fraction above -1, compounded continuously; with steps, 0
  Provenance provenance;
};

/// The time for which the first price would cost what `seconds` under `course` do: ∫ p(t) ÷ p(0) dt.
/// Grows with `seconds`.
double seconds_at_first_price(const PriceCourse& course, double seconds);

/// What a run of `seconds` pays for where time is sold in blocks: whole days up to 14, beyond them whole
/// weeks (Amazon EC2, DescribeCapacityBlockOfferings, CapacityDurationHours; one block has at most 182 days).
double capacity_block_seconds(double seconds);

/// Hours that are paid for whether they are used or not.
struct Commitment {
  double gpu_hours = 0.0;
  double gpus = 0.0;  ///< held for a term of gpu_hours ÷ gpus; 0: hours of any accelerators
  Provenance provenance;

  /// What a run pays that uses `used` GPU-hours on `run_gpus` accelerators: beside a term, those that it does
  /// not hold, and after it all of them, by the hour.
  constexpr double paid_gpu_hours(double used, double run_gpus) const {
    if (gpus <= 0.0) return used > gpu_hours ? used : gpu_hours;
    const double term = gpu_hours / gpus;
    const double hours = used / run_gpus;
    const double beside = run_gpus > gpus ? run_gpus - gpus : 0.0;
    const double after = hours > term ? hours - term : 0.0;
    return gpu_hours + beside * (hours - after) + run_gpus * after;
  }
};

struct Storage {
  Sourced<double> bytes;             ///< kept from the first to the last day
  Sourced<double> usd_per_gb_month;  ///< GB = 10^9 bytes, months of 30 days
  Sourced<double> kept_seconds;      ///< beyond the end of the run
};

struct Egress {
  Sourced<double> bytes;
  Sourced<double> usd_per_gb;
};

/// Costs around the GPU bill. None is there unless it is asked for.
struct ExtraCosts {
  std::optional<Storage> storage;
  std::optional<Egress> egress;
  std::optional<Sourced<Range>> development;  ///< ablations and failed runs ÷ the bill of the run itself
  std::optional<Sourced<Range>> staff;        ///< US dollars per second, while the run goes on
  std::optional<Sourced<Range>> contingency;  ///< share of everything else

  bool any() const { return storage || egress || development || staff || contingency; }
};

}  // namespace trainbudget
