// trainbudget-microbench step: a whole training step, composed, beside what its single launches predict.
#include "calibration/from_measurement.h"
#include "cli/interrupt.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "harness/carry_out.h"
#include "harness/step.h"
#include "io/efficiency_file.h"
#include "io/measured_accelerator.h"
#include "plan/estimated_step.h"
#include "render/measurement_report.h"

#include <algorithm>

#include <fmt/format.h>

namespace trainbudget::microbench {

namespace {

struct StepOptions {
  std::string model, out;
  std::int64_t micro_batch = 0, sequence = 0;
  int layers = 0;
  bool no_recompute = false;
};

/// Weight, two moments and master weight in fp32 or bf16, and the gradient: what AdamW holds for a parameter.
constexpr double optimizer_bytes = 16.0;
constexpr double optimizer_share = 0.25;  ///< of the free memory

StepRun composed(const ProgramOptions& program, const StepOptions& options, Device& device) {
  const std::vector<std::string> names =
      options.model.empty() ? std::vector<std::string>{} : std::vector<std::string>{options.model};
  const PlannedModel model = chosen_models(program, names, {"rwkv-7-1.5b"}).front();
  StepRun run{
      .model = model.name, .ops = model.ops, .model_layers = static_cast<int>(model.ops.layers.size())};
  if (options.layers > run.model_layers) {
    throw io::InputError(io::option_location("--layers", std::to_string(options.layers)),
                         fmt::format("{} has {} layers", model.name, run.model_layers));
  }
  run.request.batch = {.sequences = program.emulate ? 1 : 8, .sequence_length = program.emulate ? 16 : 4096};
  if (options.micro_batch > 0) run.request.batch.sequences = options.micro_batch;
  if (options.sequence > 0) run.request.batch.sequence_length = options.sequence;
  run.request.layers = options.layers > 0 ? options.layers : run.model_layers;
  run.request.recompute = !options.no_recompute;
  run.request.optimizer_parameters = std::floor(
      std::min(trained_parameters(model.ops), optimizer_share * device.free_bytes() / optimizer_bytes));
  run.composition = compose_step(model.ops, run.request);
  return run;
}

void show(const ProgramOptions& program, const MeasuredStep& step) {
  if (program.output.format == "table") {
    const double tokens = static_cast<double>(step.micro_batch) * step.sequence;
    std::string text =
        fmt::format("{}, {} × {} tokens, {}: {:.0f} tokens/s, {:.0f} predicted ({:+.1f} %)\n", step.model,
                    step.micro_batch, step.sequence, step.mode, tokens / step.seconds,
                    tokens / step.predicted_seconds, 100.0 * (step.seconds / step.predicted_seconds - 1.0));
    if (step.estimated_seconds > 0.0)
      text +=
          fmt::format("the estimator, calibrated with its launches: {:.0f} tokens/s ({:+.1f} %)\n",
                      tokens / step.estimated_seconds, 100.0 * (step.seconds / step.estimated_seconds - 1.0));
    if (step.layers < step.model_layers)
      text += fmt::format("{} of {} layers were run; the rest is extrapolated by layer\n", step.layers,
                          step.model_layers);
    if (step.optimizer_fraction < 1.0)
      text += fmt::format("{:.1f} % of the parameters were updated; the rest is extrapolated\n",
                          100.0 * step.optimizer_fraction);
    cli::write_stdout(text);
  }
  cli::emit(cli::renderer_of(render::step_table(step)), program.output);
  if (program.output.format == "table") cli::write_stdout("\n");
}

/// What the estimator says of the same steps once it is calibrated with `measurement`, as calibrate does.
void add_estimates(const ProgramOptions& program, const StepRun& run, trainbudget::Measurement& measurement) {
  const io::ProfileFolder profiles = io::profile_folder(program.profiles);
  const std::vector<Accelerator> meant = io::accelerators_meant(profiles, measurement);
  if (meant.size() != 1) return;
  const Accelerator& gpu = meant.front();
  const std::string generic = gpu.name + "/generic";
  const std::vector<std::string> known = io::efficiency_profile_names(profiles);
  if (std::find(known.begin(), known.end(), generic) == known.end()) {
    cli::say("note: no estimate of the step: there is no efficiency profile " + generic + "\n");
    return;
  }
  const MeasuredEfficiency measured = measured_efficiency(measurement, gpu);
  const EfficiencyProfile profile =
      measured_profile(io::find_efficiency_profile(profiles, generic, {}), measured, "this step");
  for (MeasuredStep& step : measurement.steps) {
    const auto& launch = step.mode == "graph" ? measured.graph_launch_seconds : measured.eager_launch_seconds;
    if (!launch) continue;
    if (const auto seconds = estimated_step_seconds(run.ops, run.request, gpu, profile, launch->value.p50))
      step.estimated_seconds = *seconds;
  }
}

int run_step(const ProgramOptions& program, const StepOptions& options) {
  const std::unique_ptr<Device> device = open_device(program);
  const StepRun run = composed(program, options, *device);
  const cli::InterruptGuard guard;
  trainbudget::Measurement measurement = new_measurement(*device, "quick");
  Session session(*device, program.emulate ? emulated_limits() : quick_limits(), cli::interrupt_flag());
  Keeper keeper = keeper_of(options.out);
  const auto keep = [&] {
    if (!options.out.empty()) keeper.keep(measurement);
  };
  bool complete = true;
  try {
    // Memory, the largest products and launches: what calibration needs beside the launches of the step.
    const RunPlan ceilings =
        run_plan({}, run.request.batch, program.emulate ? emulated_sizes() : quick_sizes());
    session.warm_device(ceilings.items);
    carry_out(ceilings, session, measurement, [&](std::size_t) { keep(); });
    std::unique_ptr<cli::ProgressLine> progress;
    measure_step(session, run, measurement, [&](std::size_t done, std::size_t total) {
      if (progress == nullptr) progress = std::make_unique<cli::ProgressLine>("launches", total, 0);
      progress->update(done);
      keep();
    });
  } catch (const std::exception& error) {
    // What was measured until then is kept.
    measurement.failures.emplace_back(error.what());
    complete = false;
  }
  measurement.interrupted = cli::interrupted();
  say_failures(measurement);
  if (!options.out.empty()) write_measurement(options.out, measurement);
  try {
    add_estimates(program, run, measurement);
    if (!options.out.empty()) write_measurement(options.out, measurement);
  } catch (const std::exception& error) {
    cli::say("note: no estimate of the step: " + std::string(error.what()) + "\n");
  }
  for (const MeasuredStep& step : measurement.steps)
    show(program, step);
  for (const std::string& operation : run.composition.uncovered)
    cli::say("note: no kernel here for " + operation + ": the step lacks it\n");
  if (measurement.interrupted) return cli::interrupted_exit_code;
  return complete ? 0 : 1;
}

}  // namespace

AddedCommand add_step_command(CLI::App& parent, const ProgramOptions& program) {
  CLI::App* step = parent.add_subcommand("step", "A whole training step, composed of its launches");
  const auto options = std::make_shared<StepOptions>();
  step->add_option("--model", options->model, "The model (rwkv-7-1.5b)")->type_name("NAME");
  step->add_option("--micro-batch", options->micro_batch, "Sequences at once (8)")
      ->type_name("N")
      ->check(CLI::Range(1, 65535));
  step->add_option("--sequence", options->sequence, "Tokens of each (4096)")
      ->type_name("N")
      ->check(CLI::Range(1, 1 << 24));
  step->add_option("--layers", options->layers, "Run only so many layers and extrapolate")
      ->type_name("N")
      ->check(CLI::Range(1, 100000));
  step->add_flag("--no-recompute", options->no_recompute, "Without the second forward pass of each layer");
  step->add_option("--out", options->out, "Also write the measurement")->type_name("FILE");
  return {step, [=, &program] { return run_step(program, *options); }};
}

}  // namespace trainbudget::microbench
