#include "core/cost/terms.h"
#include "core/reliability.h"

#include <utility>
#include <vector>

namespace trainbudget {
namespace {

constexpr const char* fraction_id = "whole_run_fraction";
constexpr const char* fraction_title = "Share of paid hours that makes progress";

LedgerInput add_time_between(LedgerWriter& ledger, const Reliability& r, const Scenario& scenario) {
  const Range between =
      ledger.add("time_between_interruptions", "Time between interruptions",
                 r.gpu_hours_per_interruption.value * (seconds_per_hour / scenario.gpus.value), Unit::seconds,
                 "time-between-interruptions",
                 {input("GPU-hours per interruption", r.gpu_hours_per_interruption, Unit::gpu_hours),
                  input("GPUs", scenario.gpus, Unit::count)});
  return input("M, time between interruptions", between, Unit::seconds);
}

LedgerInput add_checkpoint_time(LedgerWriter& ledger, const Reliability& r) {
  const Range write =
      ledger.add("checkpoint_time", "Time to write a checkpoint",
                 quotient(exactly(r.checkpoint_bytes.value), r.checkpoint_bandwidth.value), Unit::seconds,
                 "checkpoint-time",
                 {input("checkpoint size", r.checkpoint_bytes, Unit::bytes),
                  input("checkpoint bandwidth", r.checkpoint_bandwidth, Unit::bytes_per_second)});
  return input("δ, time to write a checkpoint", write, Unit::seconds);
}

/// How often the job is pre-empted, and what that is made of among the inputs of goodput.
void add_preemptions(LedgerWriter& ledger, const Spot& spot, const Scenario& scenario,
                     std::vector<LedgerInput>& inputs) {
  const double instances = spot_instances(spot, scenario.gpus.value);
  const Range between =
      ledger.add("time_between_preemptions", "Time between pre-emptions",
                 spot.seconds_between->value / instances, Unit::seconds, "time-between-preemptions",
                 {input("of one instance", *spot.seconds_between, Unit::seconds),
                  input("spot instances", instances, Unit::count)});
  inputs.push_back(input("time between pre-emptions", between, Unit::seconds));
  inputs.push_back(input("replacement", spot.replacement_seconds, Unit::seconds));
  inputs.push_back(input("notice", spot.notice_seconds, Unit::seconds));
}

}  // namespace

SourcedRange add_whole_run_fraction(LedgerWriter& ledger, const Scenario& scenario) {
  if (!scenario.reliability) {
    const SourcedRange& given = scenario.whole_run_fraction;
    ledger.add(fraction_id, fraction_title, given.value, Unit::fraction, "whole-run-fraction",
               {input("whole-run fraction", given, Unit::fraction)});
    return given;
  }
  const Reliability& r = *scenario.reliability;
  const Goodput kept = goodput(r, scenario.gpus.value);
  const LedgerInput between = add_time_between(ledger, r, scenario);
  const LedgerInput write = add_checkpoint_time(ledger, r);
  if (!r.interval) {
    ledger.add("checkpoint_interval", "Best time between checkpoints", exactly(kept.interval), Unit::seconds,
               "checkpoint-interval", {between, write});
  }
  std::vector<LedgerInput> inputs{between, write,
                                  input("τ, time between checkpoints", kept.interval, Unit::seconds,
                                        r.interval ? r.interval->provenance : computed),
                                  input("R, restart", r.restart_seconds, Unit::seconds)};
  const bool preempted = r.spot && r.spot->seconds_between;
  if (preempted) add_preemptions(ledger, *r.spot, scenario, inputs);
  inputs.push_back(input("stalls", r.stalls, Unit::fraction));
  inputs.push_back(input("share in checkpoints", kept.waste.checkpoints, Unit::fraction));
  inputs.push_back(input("share in restarts", kept.waste.restarts, Unit::fraction));
  if (preempted) inputs.push_back(input("share in pre-emptions", kept.waste.preemptions, Unit::fraction));
  inputs.push_back(input("share in lost work", kept.waste.lost_work, Unit::fraction));
  const Range fraction = ledger.add("goodput", "Goodput", kept.fraction, Unit::fraction,
                                    preempted ? "goodput-on-spot" : "goodput", std::move(inputs));
  const Range whole =
      ledger.add(fraction_id, fraction_title, combined(fraction, r.residual.value), Unit::fraction,
                 "whole-run-of-goodput",
                 {input("goodput", fraction, Unit::fraction), input("residual", r.residual, Unit::fraction)});
  return {whole, {.origin = Origin::derived, .source = "goodput × residual"}};
}

}  // namespace trainbudget
