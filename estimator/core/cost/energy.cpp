#include "core/cost/terms.h"

namespace trainbudget {

void add_energy(LedgerWriter& ledger, Estimate& result, const Scenario& scenario) {
  if (!scenario.power || !scenario.accelerator.tdp) return;
  const PowerModel& power = *scenario.power;
  const Sourced<Watts>& tdp = *scenario.accelerator.tdp;
  const Range watts =
      ledger.add("power_per_gpu", "Power per GPU", power_per_gpu(power, tdp.value), Unit::watts, "power",
                 {input("TDP", tdp.value.value, Unit::watts, tdp.provenance),
                  input("load fraction", power.load_fraction, Unit::fraction),
                  input("server overhead", power.overhead_watts, Unit::watts),
                  input("network fraction", power.network_fraction, Unit::fraction),
                  input("PUE", power.pue, Unit::count)});
  result.energy_joules = ledger.add(
      "energy", "Energy", product(result.gpu_hours * seconds_per_hour, watts), Unit::joules, "energy",
      {input("GPU-hours", result.gpu_hours, Unit::gpu_hours), input("power per GPU", watts, Unit::watts)});
}

}  // namespace trainbudget
