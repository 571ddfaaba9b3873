#include "core/estimate.h"

#include "core/cost/terms.h"
#include "core/ledger_writer.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace trainbudget {
namespace {

/// The FLOPs that the estimate stands on: counted ones where the architecture is known, with 6·N·D beside
/// them.
Flops add_flops(LedgerWriter& ledger, const Scenario& s) {
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
  // The rule is of models that are trained as a whole.
  if (s.model && freezes_weights(s.model->recipe)) return counted;
  ledger.add("flops_by_rule", "The same by the rule of thumb", exactly(by_rule.value), Unit::flops,
             "training-flops", {parameters, tokens});
  return counted;
}

void add_used_hours(LedgerWriter& ledger, Estimate& result, const Scenario& scenario) {
  if (!scenario.used_gpu_hours) return;
  const Sourced<double>& used = *scenario.used_gpu_hours;
  const LedgerInput used_input = input("GPU-hours used", used.value, Unit::gpu_hours, used.provenance);
  ledger.add("implied_efficiency", "Efficiency of the run that used them",
             exactly(result.ideal_gpu_hours / used.value), Unit::fraction, "implied-efficiency",
             {input("ideal GPU-hours", result.ideal_gpu_hours, Unit::gpu_hours), used_input});
  if (used.value < result.ideal_gpu_hours)
    result.warnings.push_back(
        "the GPU-hours used are fewer than the accelerator's peak needs: one of the two is wrong");
  if (!scenario.price || scenario.own) return;
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
/// Without a layout nothing says what an accelerator holds; what all of them together cannot hold is told.
void warn_of_memory(Estimate& result, const Scenario& s) {
  constexpr double bytes =
      16.0;  // 16-bit weights, and gradients, moments and master weights in mixed precision
  if (s.model && freezes_weights(s.model->recipe)) return;
  const double needed = bytes * saved_parameters(s);
  const double held = s.gpus.value * memory_of(s.accelerator).value.value;
  if (needed <= held) return;
  result.warnings.push_back(
      "weights, gradients and AdamW's states alone take more than these accelerators hold: " +
      std::to_string(std::llround(needed / 1e9)) + " GB of " + std::to_string(std::llround(held / 1e9)) +
      " GB; memory is computed with --global-batch");
}

SourcedRange add_step(LedgerWriter& ledger, Estimate& result, const StepPlan& plan, const Scenario& s) {
  const StepEstimate step = estimate_step(plan);
  result.fidelity = plan.profile.is_calibrated() ? Fidelity::calibrated : Fidelity::analytic;
  const Provenance fitted{.origin = plan.profile.is_calibrated() ? Origin::fitted : Origin::assumed,
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
  const LedgerInput memory_spread =
      input("spread of its logarithm", plan.profile.memory_spread, Unit::fraction, fitted);
  const auto add_memory = [&](const std::string& id, const std::string& title, const StageMemory& memory) {
    std::vector<LedgerInput> inputs = inputs_of(memory);
    inputs.push_back(memory_spread);
    ledger.add(id, title, ranged(memory.total(), plan.profile.memory_spread), Unit::bytes, "memory",
               std::move(inputs));
  };
  add_memory("memory", "Memory of the fullest GPU", step.memory.peak);
  if (plan.layout.pipeline > 1) {
    const std::vector<StageMemory> stages =
        memory_by_stage(plan.workload, plan.layout, plan.global_batch, plan.profile.efficiency());
    for (std::size_t i = 0; i < stages.size(); ++i) {
      const std::string number = std::to_string(i + 1);
      add_memory("memory_stage_" + number,
                 "Memory of a GPU of pipeline stage " + number + " of " + std::to_string(stages.size()),
                 stages[i]);
    }
  }
  ledger.add("memory_capacity", "Memory of a GPU", exactly(plan.machine.memory_capacity), Unit::bytes,
             "memory-capacity",
             {input(s.accelerator.name, plan.machine.memory_capacity, Unit::bytes,
                    memory_of(s.accelerator).provenance)});
  const double median = step.memory.peak.total();
  ledger.add("memory_fit", "Chance that it fits",
             exactly(fit_probability(median, plan.profile.memory_spread, plan.machine.memory_capacity)),
             Unit::fraction, "memory-fit",
             {input("memory of the fullest GPU", median, Unit::bytes), memory_spread,
              input("memory of a GPU", plan.machine.memory_capacity, Unit::bytes)});
  const MemoryFit fit = memory_fit(step.memory_bytes, plan.machine.memory_capacity);
  result.memory_fit = fit;
  if (fit != MemoryFit::fits) {
    std::string warning =
        "this layout " + std::string(name_of(fit)) + " in the memory of " + s.accelerator.name;
    const bool chosen = plan.layout_provenance.origin == Origin::derived && plan.fit == Quantile::p50;
    if (fit == MemoryFit::probably_fits && chosen) warning += "; fit: p90 (--fit p90) chooses one that does";
    result.warnings.push_back(std::move(warning));
  }
  if (!step.fits) {
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

/// The utilisation while the run makes progress, as wide as whole runs scatter around it.
SourcedRange add_utilization(LedgerWriter& ledger, SourcedRange utilization, const Scenario& s) {
  std::vector<LedgerInput> inputs{input("utilisation", utilization, Unit::fraction)};
  if (s.run_scatter) {
    inputs.push_back(input("scatter of whole runs", *s.run_scatter, Unit::count));
    const Range wide = combined(utilization.value, s.run_scatter->value);
    utilization.value = {wide.p10, std::min(1.0, wide.p50), std::min(1.0, wide.p90)};
  }
  ledger.add("model_flops_utilization", "Model FLOPs utilisation", utilization.value, Unit::fraction,
             s.run_scatter ? "scattered-utilization" : "model-flops-utilization", std::move(inputs));
  return utilization;
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
  LedgerWriter ledger;

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

  const SourcedRange utilization =
      add_utilization(ledger, s.step ? add_step(ledger, result, *s.step, s) : s.model_flops_utilization, s);
  result.model_flops_utilization = utilization.value;
  const SourcedRange whole_run = add_whole_run_fraction(ledger, s);

  const std::optional<Sourced<double>> spares = s.reliability ? s.reliability->spare_gpus : std::nullopt;
  const double paid = paid_gpus(s);
  std::vector<LedgerInput> hours_inputs{
      input("ideal GPU-hours", result.ideal_gpu_hours, Unit::gpu_hours),
      input("model FLOPs utilisation", utilization.value, Unit::fraction, utilization.provenance),
      input("whole-run fraction", whole_run.value, Unit::fraction, whole_run.provenance)};
  std::vector<LedgerInput> gpu_inputs{input("GPUs", s.gpus.value, Unit::count, s.gpus.provenance)};
  if (spares) gpu_inputs.push_back(input("spares", spares->value, Unit::count, spares->provenance));
  if (spares) hours_inputs.insert(hours_inputs.end(), gpu_inputs.begin(), gpu_inputs.end());
  const Range working_hours =
      quotient(exactly(result.ideal_gpu_hours), combined(utilization.value, whole_run.value));
  result.gpu_hours =
      ledger.add("gpu_hours", "GPU-hours", spares ? working_hours * (paid / s.gpus.value) : working_hours,
                 Unit::gpu_hours, spares ? "gpu-hours-with-spares" : "gpu-hours", std::move(hours_inputs));
  gpu_inputs.insert(gpu_inputs.begin(), input("GPU-hours", result.gpu_hours, Unit::gpu_hours));
  result.wall_time_seconds =
      ledger.add("wall_time", "Wall time", result.gpu_hours * seconds_per_hour / paid, Unit::seconds,
                 spares ? "wall-time-with-spares" : "wall-time", std::move(gpu_inputs));
  if (s.simulation && s.reliability) {
    const Range working =
        quotient(exactly(result.ideal_gpu_hours * seconds_per_hour / s.gpus.value), utilization.value);
    ledger.add(
        "simulated_wall_time", "Wall time, simulated",
        simulated_wall_time(*s.reliability, s.gpus.value, working, *s.simulation), Unit::seconds,
        "simulated-wall-time",
        {input("uninterrupted", working, Unit::seconds), input("runs", s.simulation->runs, Unit::count),
         input("seed", static_cast<double>(s.simulation->seed), Unit::count)});
  }
  if (s.start_delay_seconds) {
    ledger.add("start_delay", "Wait for accelerators", s.start_delay_seconds->value, Unit::seconds,
               "start-delay", {input("wait for accelerators", *s.start_delay_seconds, Unit::seconds)});
  }
  if (s.start) {
    const Range wait = s.start_delay_seconds ? s.start_delay_seconds->value : exactly(0.0);
    result.dates = dates_of(*s.start, sum(result.wall_time_seconds, wait));
    if (!result.dates->p90) result.warnings.push_back("the run may not end before the year 9999");
  }
  ledger.add("tokens_per_second", "Throughput over the whole run",
             reciprocal(result.wall_time_seconds) * s.tokens.value.value, Unit::tokens_per_second,
             "tokens-per-second",
             {input("tokens", s.tokens.value.value, Unit::tokens, s.tokens.provenance),
              input("wall time", result.wall_time_seconds, Unit::seconds)});

  add_rent(ledger, result, s);
  add_spot(ledger, result, s);
  add_budget(ledger, result, s);
  add_energy(ledger, result, s);
  add_carbon(ledger, result, s);
  add_used_hours(ledger, result, s);
  if (!s.step) warn_of_memory(result, s);
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
