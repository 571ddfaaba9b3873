// Goodput: what failures, checkpoints and restarts leave of the time that a run is held for.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace trainbudget {

/// A job that is interrupted at random (exponentially, whatever it is doing), goes back to its last
/// checkpoint, and writes checkpoints while it stands still. On spot instances it is pre-empted as well: with
/// a notice that is long enough it writes a checkpoint first and loses no work, without one it goes back.
struct Interruptions {
  double mean_seconds_between = 0.0;  ///< of the whole job; infinity: it is never interrupted
  double checkpoint_seconds = 0.0;    ///< that the job stands still to write one
  double restart_seconds = 0.0;  ///< from the interruption to the first step: detection, replacement, loading
  double mean_seconds_between_preemptions = std::numeric_limits<double>::infinity();  ///< of the whole job
  double replacement_seconds = 0.0;  ///< from the pre-emption to the first step on another instance
  bool warned = true;                ///< the notice is long enough for a checkpoint
};

/// The time between interruptions of a job on `gpus` of which each is interrupted once in `gpu_hours`.
double seconds_between_interruptions(double gpu_hours, double gpus);

/// The seconds of work between two checkpoints that waste least; infinity where nothing interrupts, 0 where a
/// checkpoint takes no time. Young 1974 has √(2·δ·M) for it, Daly 2006 (doi:10.1016/j.future.2004.11.016)
/// adds terms; this is the exact minimum of `useful_fraction`: ln(1 − τ/M) + (τ + δ)/M = 0, by Newton's
/// steps.
double best_checkpoint_interval(const Interruptions& job);

/// Work ÷ expected time: τ ÷ (M · e^(R/M) · (e^((τ+δ)/M) − 1)) for an interval of τ, a checkpoint of δ and a
/// restart of R seconds (Daly 2006, equation 20): restarts and checkpoints can be interrupted as well. With
/// pre-emptions, e^(R/M) becomes 1 + Σ rate · (wait + notice), over both kinds of interruption: a wait of R
/// takes (e^(ΛR) − 1) ÷ Λ seconds where anything interrupts it at the rate Λ, and M counts what loses work.
/// 0 where the job cannot be expected to end. Expects `interval` > 0 or 0 with a checkpoint of 0 seconds.
double useful_fraction(const Interruptions& job, double interval);

/// The parts of a second that useful_fraction does not leave to work. They sum to 1 − useful_fraction.
struct Waste {
  double checkpoints = 0.0;  ///< writing those that were kept
  double restarts = 0.0;     ///< between an interruption and the first step after it, interrupted ones too
  double preemptions = 0.0;  ///< waiting for another instance, and the checkpoints written on notice
  double lost_work = 0.0;    ///< done since the last checkpoint, and checkpoints that were not finished
};
Waste waste(const Interruptions& job, double interval);

/// Seconds that `work` seconds of work took in each of `runs` simulated runs, in the order of simulation. A
/// last part that is shorter than `interval` needs no checkpoint. Shares no formula with useful_fraction,
/// which its mean must agree with. The same seed gives the same times. Expects finite positive arguments and
/// a useful fraction that is not vanishing: the time that this takes grows with the number of interruptions.
std::vector<double> simulate_runs(const Interruptions& job, double interval, double work, int runs,
                                  std::uint64_t seed);

}  // namespace trainbudget
