#include "core/formulas.h"

namespace trainbudget {
namespace {

constexpr Formula formulas[] = {
    {"training-flops", "6 × parameters × tokens"},
    {"counted-flops",
     "(forward + backward FLOPs per token, summed over the operations of the model) × tokens"},
    {"peak-flops", "dense peak of one accelerator at the precision of the matrix products"},
    {"ideal-gpu-hours", "training FLOPs ÷ peak ÷ 3600"},
    {"step-time", "sum of the parts of one step on the pipeline stage that sets the pace"},
    {"steps", "tokens ÷ (sequences a step × tokens of a sequence)"},
    {"memory", "sum of what the fullest pipeline stage holds on one accelerator"},
    {"memory-capacity", "memory that the driver of one accelerator offers, or as printed"},
    {"memory-fit", "Φ(ln(memory of a GPU ÷ P50 of the fullest one) ÷ σ)"},
    {"model-flops-utilization", "useful FLOPs per second ÷ peak, while the run makes progress"},
    {"scattered-utilization", "utilisation × scatter of whole runs, at most 1"},
    {"whole-run-fraction", "utilisation over all paid hours ÷ utilisation while the run makes progress"},
    {"time-between-interruptions", "GPU-hours per interruption × 3600 ÷ GPUs"},
    {"checkpoint-time", "checkpoint size ÷ checkpoint bandwidth"},
    {"checkpoint-interval", "τ of ln(1 − τ/M) + (τ + δ)/M = 0"},
    {"goodput", "(1 − stalls) × τ ÷ (M × e^(R/M) × (e^((τ + δ)/M) − 1))"},
    {"time-between-preemptions", "time between pre-emptions of one instance ÷ instances on spot"},
    {"goodput-on-spot",
     "(1 − stalls) × τ × Λ ÷ ((e^(Λ(τ + δ)) − 1) × (1 + Σ rate × (wait + notice))), Λ of what loses work"},
    {"whole-run-of-goodput", "goodput × residual"},
    {"gpu-hours-with-spares",
     "ideal GPU-hours ÷ (model FLOPs utilisation × whole-run fraction) × (GPUs + spares) ÷ GPUs"},
    {"gpu-hours", "ideal GPU-hours ÷ (model FLOPs utilisation × whole-run fraction)"},
    {"wall-time", "GPU-hours × 3600 ÷ GPUs"},
    {"wall-time-with-spares", "GPU-hours × 3600 ÷ (GPUs + spares)"},
    {"simulated-wall-time", "P10, P50 and P90 over simulated runs, each with its own draw of every input"},
    {"start-delay", "time from the day the run could start to its first step"},
    {"finish-date", "start + wait for accelerators + wall time"},
    {"tokens-per-second", "tokens ÷ wall time"},
    {"price", "US dollars for one accelerator for one hour"},
    {"price-drift", "exp(± z₉₀ × σ × √(age + time until the start + wall time ÷ 3))"},
    {"mixed-price", "spot price × (1 − share) + on-demand price × share"},
    {"cost", "GPU-hours × price"},
    {"cost-with-drift", "GPU-hours × price × drift of the price"},
    {"cost-if-preempted", "cost × goodput without pre-emptions ÷ goodput with them"},
    {"cost-on-demand", "GPU-hours without pre-emptions × on-demand price"},
    {"break-even-preemption",
     "time between pre-emptions of an instance at which spot and on demand cost the same"},
    {"paid-gpu-hours", "the larger of GPU-hours and what was committed to"},
    {"paid-gpu-hours-of-term",
     "committed GPU-hours + GPUs beside the commitment × hours within its term + GPUs × hours after it"},
    {"capacity-block", "GPUs × wall time in whole days, beyond 14 of them in whole weeks"},
    {"wasted-gpu-hours", "GPU-hours paid − GPU-hours"},
    {"price-schedule", "GPUs × the integral of price ÷ first price over the paid time"},
    {"own-capital",
     "capex × (1 − residual ÷ (1 + rate)^years) × rate ÷ (1 − (1 + rate)^−years); capex × (1 − residual) ÷ "
     "years where capital costs nothing"},
    {"own-colocation", "rated power × contracted share × price of a kW-month × 12"},
    {"own-electricity", "rated power × load fraction × PUE × 8760 × price of a kWh"},
    {"own-staff", "operators, per accelerator and year"},
    {"own-maintenance", "capex × share a year"},
    {"own-year", "capital + colocation + electricity + staff + maintenance"},
    {"own-price", "cost of a year ÷ (8760 × utilisation)"},
    {"break-even-utilization", "cost of a year ÷ (8760 × rent)"},
    {"break-even-months", "capex ÷ (rent × 730 × utilisation − running costs ÷ 12)"},
    {"storage", "stored GB × months of the run and after it × price of a GB-month"},
    {"egress", "GB moved out × price of a GB"},
    {"development", "cost × share of ablations and failed runs"},
    {"staff", "wall time × staff"},
    {"contingency", "share × everything else"},
    {"total", "cost + everything that was asked for around it"},
    {"power", "(TDP × load fraction + server overhead) × (1 + network fraction) × PUE"},
    {"energy", "GPU-hours × 3600 × power per GPU"},
    {"grid-intensity", "mean emissions of the grid for a unit of electricity, location-based"},
    {"carbon-of-energy", "energy × grid intensity"},
    {"carbon-of-hardware", "GPU-hours × CO2e of making the hardware ÷ (life × utilisation)"},
    {"co2", "CO2e of the electricity + CO2e of the hardware's making"},
    {"implied-efficiency", "ideal GPU-hours ÷ GPU-hours used"},
    {"cost-of-used-hours", "GPU-hours used × price"},
};

}  // namespace

std::span<const Formula> all_formulas() {
  return formulas;
}

std::string_view expression_of(std::string_view id) {
  for (const Formula& formula : formulas) {
    if (formula.id == id) return formula.expression;
  }
  return {};
}

}  // namespace trainbudget
