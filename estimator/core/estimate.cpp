#include "core/estimate.h"

#include <cmath>
#include <utility>

namespace trainbudget {
namespace {

const Provenance computed{.origin = Origin::derived};

LedgerInput input(std::string name, Range value, Unit unit, Provenance provenance = computed) {
  return {.name = std::move(name), .value = value, .unit = unit, .provenance = std::move(provenance)};
}

LedgerInput input(std::string name, double value, Unit unit, Provenance provenance = computed) {
  return input(std::move(name), exactly(value), unit, std::move(provenance));
}

/// Appends lines in order; what a line computed is an input of the next.
class Ledger {
 public:
  Range add(std::string id, std::string title, Range value, Unit unit, std::string formula,
            std::vector<LedgerInput> inputs) {
    lines_.push_back({std::move(id), std::move(title), value, unit, std::move(formula), std::move(inputs)});
    return value;
  }
  std::vector<LedgerLine> take() { return std::move(lines_); }

 private:
  std::vector<LedgerLine> lines_;
};

/// The FLOPs that the estimate stands on: counted ones where the architecture is known, with 6·N·D beside
/// them.
Flops add_flops(Ledger& ledger, const Scenario& s) {
  const LedgerInput tokens = input("tokens", s.tokens.value.value, Unit::tokens, s.tokens.provenance);
  const Flops by_rule = training_flops(s.parameters.value, s.tokens.value);
  const LedgerInput parameters =
      input("parameters", s.parameters.value, Unit::count, s.parameters.provenance);
  if (!s.counted) {
    ledger.add("flops", "Training compute", exactly(by_rule.value), Unit::flops, "training-flops",
               {parameters, tokens});
    return by_rule;
  }
  const Flops counted = (s.counted->forward + s.counted->backward) * s.tokens.value;
  ledger.add(
      "flops", "Training compute", exactly(counted.value), Unit::flops, "counted-flops",
      {input("forward FLOPs per token", s.counted->forward.value, Unit::flops, s.counted->provenance),
       input("backward FLOPs per token", s.counted->backward.value, Unit::flops, s.counted->provenance),
       tokens});
  ledger.add("flops_by_rule", "The same by the rule of thumb", exactly(by_rule.value), Unit::flops,
             "training-flops", {parameters, tokens});
  return counted;
}

Range power_per_gpu(const PowerModel& power, Watts tdp) {
  const Range server = sum(power.load_fraction.value * tdp.value, power.overhead_watts.value);
  return product(product(server, power.network_fraction.value + 1.0), power.pue.value);
}

void add_energy(Ledger& ledger, Estimate& result, const Scenario& scenario) {
  if (!scenario.power || !scenario.accelerator.tdp) return;
  const PowerModel& power = *scenario.power;
  const Sourced<Watts>& tdp = *scenario.accelerator.tdp;
  const Range watts = ledger.add(
      "power_per_gpu", "Power per GPU", power_per_gpu(power, tdp.value), Unit::watts, "power",
      {input("TDP", tdp.value.value, Unit::watts, tdp.provenance),
       input("load fraction", power.load_fraction.value, Unit::fraction, power.load_fraction.provenance),
       input("server overhead", power.overhead_watts.value, Unit::watts, power.overhead_watts.provenance),
       input("network fraction", power.network_fraction.value, Unit::fraction,
             power.network_fraction.provenance),
       input("PUE", power.pue.value, Unit::count, power.pue.provenance)});
  result.energy_joules = ledger.add(
      "energy", "Energy", product(result.gpu_hours * seconds_per_hour, watts), Unit::joules, "energy",
      {input("GPU-hours", result.gpu_hours, Unit::gpu_hours), input("power per GPU", watts, Unit::watts)});
}

void add_used_hours(Ledger& ledger, const Estimate& result, const Scenario& scenario) {
  if (!scenario.used_gpu_hours) return;
  const Sourced<double>& used = *scenario.used_gpu_hours;
  const LedgerInput used_input = input("GPU-hours used", used.value, Unit::gpu_hours, used.provenance);
  ledger.add("implied_efficiency", "Efficiency of the run that used them",
             exactly(result.ideal_gpu_hours / used.value), Unit::fraction, "implied-efficiency",
             {input("ideal GPU-hours", result.ideal_gpu_hours, Unit::gpu_hours), used_input});
  if (!scenario.price) return;
  ledger.add("cost_of_used_hours", "Cost of the GPU-hours used", scenario.price->value * used.value,
             Unit::usd, "cost-of-used-hours",
             {used_input,
              input("price", scenario.price->value, Unit::usd_per_gpu_hour, scenario.price->provenance)});
}

/// Seconds of the parts of a step that take any.
std::vector<LedgerInput> inputs_of(const StepTime& time) {
  std::vector<LedgerInput> inputs;
  const auto add = [&](const char* name, double seconds) {
    if (seconds > 0.0) inputs.push_back(input(name, seconds, Unit::seconds));
  };
  add("matrix products", time.matmul);
  add("attention", time.attention);
  add("recurrence", time.recurrence);
  add("element-wise", time.elementwise);
  add("recomputation", time.recompute);
  add("launch", time.launch);
  add("tensor communication", time.tensor_communication);
  add("context communication", time.context_communication);
  add("expert communication", time.expert_communication);
  add("pipeline transfers", time.pipeline_communication);
  add("pipeline bubble", time.pipeline_bubble);
  add("gradient communication", time.data_communication);
  add("optimizer", time.optimizer);
  add("stragglers", time.straggler);
  return inputs;
}

std::vector<LedgerInput> inputs_of(const StageMemory& memory) {
  std::vector<LedgerInput> inputs;
  const auto add = [&](const char* name, double bytes) {
    if (bytes > 0.0) inputs.push_back(input(name, bytes, Unit::bytes));
  };
  add("weights", memory.weights);
  add("gradients", memory.gradients);
  add("optimizer", memory.optimizer);
  add("activations", memory.activations);
  add("logits", memory.logits);
  add("working memory", memory.working);
  add("contexts and buffers", memory.fixed);
  add("allocator reserve", memory.reserve);
  return inputs;
}

/// Time and memory of a step, and the utilisation that they make.
SourcedRange add_step(Ledger& ledger, Estimate& result, const StepPlan& plan, const Scenario& s) {
  const StepEstimate step = estimate_step(plan);
  result.fidelity = plan.profile.rows > 0 ? Fidelity::calibrated : Fidelity::analytic;
  const Provenance fitted{.origin = plan.profile.rows > 0 ? Origin::fitted : Origin::assumed,
                          .source = "efficiency profile " + plan.profile.name,
                          .date = plan.profile.date};
  std::vector<LedgerInput> parts = inputs_of(step.time);
  parts.push_back(input("spread of its logarithm", step_time_spread(plan.profile, plan.workload),
                        Unit::fraction, fitted));
  ledger.add("step_time", "Step time", step.seconds, Unit::seconds, "step-time", std::move(parts));
  const double tokens = plan.global_batch * plan.workload.sequence_length;
  ledger.add("steps", "Steps", exactly(s.tokens.value.value / tokens), Unit::count, "steps",
             {input("tokens", s.tokens.value.value, Unit::tokens, s.tokens.provenance),
              input("sequences a step", plan.global_batch, Unit::count, plan.global_batch_provenance),
              input("tokens of a sequence", plan.workload.sequence_length, Unit::tokens)});
  const double memory = step.memory.peak.total();
  ledger.add("memory", "Memory of the fullest GPU", exactly(memory), Unit::bytes, "memory",
             inputs_of(step.memory.peak));
  ledger.add("memory_capacity", "Memory of a GPU", exactly(plan.machine.memory_capacity), Unit::bytes,
             "memory-capacity",
             {input(s.accelerator.name, plan.machine.memory_capacity, Unit::bytes,
                    s.accelerator.memory_capacity.provenance)});
  if (!step.fits) {
    result.warnings.push_back("this layout does not fit in the memory of " + s.accelerator.name);
    const std::vector<FitAdvice> changes = fit_advice(plan);
    if (changes.empty()) {
      result.warnings.push_back(
          "no single change makes it fit; without a layout, the fastest one that fits is taken");
    }
    for (const FitAdvice& advice : changes) {
      const double slower = advice.step_seconds / step.seconds.p50 - 1.0;
      const int percent = static_cast<int>(std::lround(100.0 * slower));
      result.warnings.push_back("it would fit with: " + advice.change + ", step time " +
                                (percent < 0 ? "" : "+") + std::to_string(percent) + " %");
    }
  }
  return {step.model_flops_utilization, {.origin = Origin::derived, .source = "the step time above"}};
}

/// What interrupts the run, what each interruption costs, and what is left.
void add_goodput(Ledger& ledger, const Reliability& r, const Scenario& s) {
  const double gpus = s.gpus.value;
  const Goodput kept = goodput(r, gpus);
  const LedgerInput held = input("GPUs", gpus, Unit::count, s.gpus.provenance);
  const Range between = ledger.add("time_between_interruptions", "Time between interruptions",
                                   r.gpu_hours_per_interruption.value * (seconds_per_hour / gpus),
                                   Unit::seconds, "time-between-interruptions",
                                   {input("GPU-hours per interruption", r.gpu_hours_per_interruption.value,
                                          Unit::gpu_hours, r.gpu_hours_per_interruption.provenance),
                                    held});
  const Range write = ledger.add(
      "checkpoint_time", "Time to write a checkpoint",
      quotient(exactly(r.checkpoint_bytes.value), r.checkpoint_bandwidth.value), Unit::seconds,
      "checkpoint-time",
      {input("checkpoint size", r.checkpoint_bytes.value, Unit::bytes, r.checkpoint_bytes.provenance),
       input("checkpoint bandwidth", r.checkpoint_bandwidth.value, Unit::bytes_per_second,
             r.checkpoint_bandwidth.provenance)});
  const LedgerInput between_input = input("M, time between interruptions", between, Unit::seconds);
  const LedgerInput write_input = input("δ, time to write a checkpoint", write, Unit::seconds);
  LedgerInput interval = input("τ, time between checkpoints", kept.interval, Unit::seconds,
                               r.interval ? r.interval->provenance : computed);
  if (!r.interval)
    ledger.add("checkpoint_interval", "Best time between checkpoints", exactly(kept.interval), Unit::seconds,
               "checkpoint-interval", {between_input, write_input});
  const Range fraction =
      ledger.add("goodput", "Goodput", kept.fraction, Unit::fraction, "goodput",
                 {between_input, write_input, std::move(interval),
                  input("R, restart", r.restart_seconds.value, Unit::seconds, r.restart_seconds.provenance),
                  input("stalls", r.stalls.value, Unit::fraction, r.stalls.provenance),
                  input("share in checkpoints", kept.waste.checkpoints, Unit::fraction),
                  input("share in restarts", kept.waste.restarts, Unit::fraction),
                  input("share in lost work", kept.waste.lost_work, Unit::fraction)});
  ledger.add("whole_run_fraction", "Share of paid hours that makes progress", s.whole_run_fraction.value,
             Unit::fraction, "whole-run-of-goodput",
             {input("goodput", fraction, Unit::fraction),
              input("residual", r.residual.value, Unit::fraction, r.residual.provenance)});
}

RunDates dates_of(Date start, Range seconds) {
  return {start, finish_date(start, seconds.p10), finish_date(start, seconds.p50),
          finish_date(start, seconds.p90)};
}

}  // namespace

Estimate estimate(const Scenario& s) {
  Estimate result{.name = s.name,
                  .fidelity = Fidelity::rule,
                  .accelerator = s.accelerator.name,
                  .accelerator_title = s.accelerator.title,
                  .gpus = s.gpus.value,
                  .model_flops_utilization = s.model_flops_utilization.value,
                  .assumptions = s.assumptions,
                  .warnings = s.warnings};
  Ledger ledger;

  result.flops = add_flops(ledger, s);

  const Sourced<FlopsPerSecond>& peak = *find_peak(s.accelerator.peak, s.precision.value);
  ledger.add("peak_flops_per_second", "Dense peak at " + std::string(name_of(s.precision.value)),
             exactly(peak.value.value), Unit::flops_per_second, "peak-flops",
             {input(s.accelerator.name + " " + std::string(name_of(s.precision.value)), peak.value.value,
                    Unit::flops_per_second, peak.provenance)});

  result.ideal_gpu_hours = in_hours(result.flops / peak.value);
  ledger.add("ideal_gpu_hours", "Ideal GPU-hours", exactly(result.ideal_gpu_hours), Unit::gpu_hours,
             "ideal-gpu-hours",
             {input("training FLOPs", result.flops.value, Unit::flops),
              input("peak", peak.value.value, Unit::flops_per_second)});

  const SourcedRange utilization = s.step ? add_step(ledger, result, *s.step, s) : s.model_flops_utilization;
  result.model_flops_utilization = utilization.value;
  ledger.add("model_flops_utilization", "Model FLOPs utilisation", utilization.value, Unit::fraction,
             "model-flops-utilization",
             {input("utilisation", utilization.value, Unit::fraction, utilization.provenance)});
  const SourcedRange& whole_run = s.whole_run_fraction;
  if (s.reliability) {
    add_goodput(ledger, *s.reliability, s);
  } else {
    ledger.add("whole_run_fraction", "Share of paid hours that makes progress", whole_run.value,
               Unit::fraction, "whole-run-fraction",
               {input("whole-run fraction", whole_run.value, Unit::fraction, whole_run.provenance)});
  }

  const std::optional<Sourced<double>> spares = s.reliability ? s.reliability->spare_gpus : std::nullopt;
  const double paid_gpus = s.gpus.value + (spares ? spares->value : 0.0);
  std::vector<LedgerInput> hours_inputs{
      input("ideal GPU-hours", result.ideal_gpu_hours, Unit::gpu_hours),
      input("model FLOPs utilisation", utilization.value, Unit::fraction, utilization.provenance),
      input("whole-run fraction", whole_run.value, Unit::fraction, whole_run.provenance)};
  std::vector<LedgerInput> gpu_inputs{input("GPUs", s.gpus.value, Unit::count, s.gpus.provenance)};
  if (spares) gpu_inputs.push_back(input("spares", spares->value, Unit::count, spares->provenance));
  if (spares) hours_inputs.insert(hours_inputs.end(), gpu_inputs.begin(), gpu_inputs.end());
  const Range working_hours =
      quotient(exactly(result.ideal_gpu_hours), product(utilization.value, whole_run.value));
  result.gpu_hours = ledger.add(
      "gpu_hours", "GPU-hours", spares ? working_hours * (paid_gpus / s.gpus.value) : working_hours,
      Unit::gpu_hours, spares ? "gpu-hours-with-spares" : "gpu-hours", std::move(hours_inputs));
  gpu_inputs.insert(gpu_inputs.begin(), input("GPU-hours", result.gpu_hours, Unit::gpu_hours));
  result.wall_time_seconds =
      ledger.add("wall_time", "Wall time", result.gpu_hours * seconds_per_hour / paid_gpus, Unit::seconds,
                 spares ? "wall-time-with-spares" : "wall-time", std::move(gpu_inputs));
  if (s.start) {
    result.dates = dates_of(*s.start, result.wall_time_seconds);
    if (!result.dates->p90) result.warnings.push_back("the run may not end before the year 9999");
  }
  ledger.add("tokens_per_second", "Throughput over the whole run",
             reciprocal(result.wall_time_seconds) * s.tokens.value.value, Unit::tokens_per_second,
             "tokens-per-second",
             {input("tokens", s.tokens.value.value, Unit::tokens, s.tokens.provenance),
              input("wall time", result.wall_time_seconds, Unit::seconds)});

  if (s.price) {
    ledger.add("price", "Price", s.price->value, Unit::usd_per_gpu_hour, "price",
               {input("price", s.price->value, Unit::usd_per_gpu_hour, s.price->provenance)});
    result.cost_usd =
        ledger.add("cost", "Cost", product(result.gpu_hours, s.price->value), Unit::usd, "cost",
                   {input("GPU-hours", result.gpu_hours, Unit::gpu_hours),
                    input("price", s.price->value, Unit::usd_per_gpu_hour, s.price->provenance)});
  }
  add_energy(ledger, result, s);
  add_used_hours(ledger, result, s);
  result.ledger = ledger.take();
  return result;
}

const LedgerLine* find_line(const Estimate& estimate, std::string_view id) {
  for (const LedgerLine& line : estimate.ledger) {
    if (line.id == id) return &line;
  }
  return nullptr;
}

}  // namespace trainbudget
