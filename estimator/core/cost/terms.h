// The terms of a bill, one file each. Every function appends its lines to the ledger, and nothing where the
// scenario lacks what it needs.
#pragma once

#include "core/estimate.h"
#include "core/ledger_writer.h"
#include "core/scenario.h"

namespace trainbudget {

/// Accelerators that are paid for: those of the run and its spares.
inline double paid_gpus(const Scenario& scenario) {
  const bool has_spares = scenario.reliability && scenario.reliability->spare_gpus;
  return scenario.gpus.value + (has_spares ? scenario.reliability->spare_gpus->value : 0.0);
}

/// What interrupts the run, what that costs, and the share of the paid hours that makes progress.
SourcedRange add_whole_run_fraction(LedgerWriter& ledger, const Scenario& scenario);
/// Price and cost of the GPU-hours: rented, or of hardware of one's own.
void add_rent(LedgerWriter& ledger, Estimate& result, const Scenario& scenario);
/// What an hour of the owned hardware of `scenario` costs, and where renting would cost the same.
SourcedRange add_owned_price(LedgerWriter& ledger, const Scenario& scenario);
/// The price of a scenario, which must have one: what is on demand and what is spot, mixed.
SourcedRange add_mixed_price(LedgerWriter& ledger, const Scenario& scenario);
/// What pre-emptions cost, and the same on demand. After add_rent().
void add_spot(LedgerWriter& ledger, Estimate& result, const Scenario& scenario);
/// The seconds between pre-emptions of an instance at which a run costs the same on demand, at the medians,
/// where that price is `price_ratio` times the one paid. Nothing where spot is cheaper at any rate, or at
/// none. Expects a reliability with spot.
std::optional<double> break_even_preemption(const Reliability& reliability, double gpus, double price_ratio);
/// What is asked for around that cost, and the total. After add_rent().
void add_budget(LedgerWriter& ledger, Estimate& result, const Scenario& scenario);
/// Power and energy.
void add_energy(LedgerWriter& ledger, Estimate& result, const Scenario& scenario);
/// CO2e of that energy and of the hardware. After add_energy().
void add_carbon(LedgerWriter& ledger, Estimate& result, const Scenario& scenario);

}  // namespace trainbudget
