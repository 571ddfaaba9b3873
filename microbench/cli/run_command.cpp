// trainbudget-microbench run: measures and writes measurement.json.
#include "cli/interrupt.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "harness/carry_out.h"
#include "io/measured_accelerator.h"
#include "render/measurement_report.h"
#include "render/number_text.h"

namespace trainbudget::microbench {

namespace {

struct RunOptions {
  std::string out, filter;
  std::vector<std::string> models;
  std::int64_t micro_batch = 0, sequence = 0;
  bool quick = false, full = false, dry_run = false;
};

const std::vector<std::string> quick_models{"rwkv-7-1.5b"};
const std::vector<std::string> full_models{"rwkv-7-0.4b", "rwkv-7-1.5b", "rwkv-7-2.9b", "rwkv-7-7.2b",
                                           "rwkv-6-3b",   "rwkv-5-3b",   "rwkv-4-3b"};

Batch batch_of(const ProgramOptions& program, const RunOptions& options) {
  Batch batch{.sequences = program.emulate ? 1 : 8, .sequence_length = program.emulate ? 16 : 4096};
  if (options.micro_batch > 0) batch.sequences = options.micro_batch;
  if (options.sequence > 0) batch.sequence_length = options.sequence;
  return batch;
}

RunPlan selected(const ProgramOptions& program, const RunOptions& options) {
  const std::vector<PlannedModel> models =
      chosen_models(program, options.models, options.full ? full_models : quick_models);
  const PlanSizes sizes = program.emulate ? emulated_sizes() : options.full ? full_sizes() : quick_sizes();
  RunPlan plan = run_plan(models, batch_of(program, options), sizes);
  const Filter filter(options.filter);
  std::vector<Planned> kept;
  for (Planned& item : plan.items) {
    if (filter.selects(item.group + " " + item.name())) kept.push_back(std::move(item));
  }
  if (kept.empty())
    throw io::InputError(io::option_location("--filter", options.filter), "no timing has such a name",
                         "'trainbudget-microbench run --dry-run' lists all");
  plan.items = std::move(kept);
  return plan;
}

render::Table plan_table(const RunPlan& plan) {
  render::Table table{
      .columns = {{"group", "Group"}, {"name", "Timing"}, {"flops", "FLOP", true}, {"bytes", "Bytes", true}}};
  for (const Planned& item : plan.items) {
    const auto number = [](double value) {
      return value > 0.0 ? render::Cell::of(render::significant(value, 4), value) : render::Cell::unknown();
    };
    table.rows.push_back({render::Cell::of(item.group), render::Cell::of(item.name()),
                          number(item.task.flops), number(item.task.bytes)});
  }
  return table;
}

void show(const ProgramOptions& program, const trainbudget::Measurement& measurement) {
  std::vector<Accelerator> meant;
  if (measurement.machine == "gpu")
    meant = io::accelerators_meant(io::profile_folder(program.profiles), measurement);
  cli::emit(
      cli::renderer_of(render::measurement_table(measurement, meant.size() == 1 ? &meant.front() : nullptr)),
      program.output);
  if (program.output.format != "table") return;
  if (const render::Table recurrences = render::recurrence_table(measurement); !recurrences.rows.empty()) {
    cli::write_stdout("\n");
    cli::emit(cli::renderer_of(recurrences), program.output);
  }
}

int run(const ProgramOptions& program, const RunOptions& options) {
  if (options.quick && options.full)
    throw io::InputError({.file = "trainbudget-microbench run"}, "--quick or --full, not both");
  const RunPlan plan = selected(program, options);
  if (options.dry_run) {
    cli::emit(cli::renderer_of(plan_table(plan)), program.output);
    return 0;
  }
  if (options.out.empty())
    throw io::InputError({.file = "trainbudget-microbench run"}, "where shall the measurement go?",
                         "--out measurement.json, or --dry-run to see what would be measured");
  const std::unique_ptr<Device> device = open_device(program);
  const cli::InterruptGuard guard;
  trainbudget::Measurement measurement = new_measurement(*device, options.full ? "full" : "quick");
  const SessionLimits limits = program.emulate ? emulated_limits()
                               : options.full  ? full_limits()
                                               : quick_limits();
  Session session(*device, limits, cli::interrupt_flag());
  session.warm_device(plan.items);
  PlanOutcome outcome;
  {
    // A run that is killed loses half a minute.
    Keeper keeper = keeper_of(options.out);
    cli::ProgressLine progress("timings", plan.items.size(), 0);
    outcome = carry_out(plan, session, measurement, [&](std::size_t done) {
      progress.update(done);
      keeper.keep(measurement);
    });
  }
  measurement.interrupted = cli::interrupted();
  write_measurement(options.out, measurement);
  show(program, measurement);
  say_failures(measurement);
  for (const std::string& group : outcome.empty)
    cli::say("note: nothing of '" + group + "' could be measured\n");
  for (const std::string& operation : plan.uncovered)
    cli::say("note: no kernel here for " + operation + "\n");
  if (measurement.interrupted) return cli::interrupted_exit_code;
  return outcome.complete() ? 0 : 1;
}

}  // namespace

AddedCommand add_run_command(CLI::App& parent, const ProgramOptions& program) {
  CLI::App* run_app =
      parent.add_subcommand("run", "Time streams, matrix products and kernels at the shapes of real models");
  const auto options = std::make_shared<RunOptions>();
  run_app->add_option("--out", options->out, "The measurement to write")->type_name("FILE");
  run_app->add_flag("--quick", options->quick, "A few minutes: one model, bf16 and fp8 (the default)");
  run_app->add_flag("--full", options->full, "Seven models, all precisions, cold caches too, a wide sweep");
  run_app->add_option("--filter", options->filter, "Only timings whose group or name this expression finds")
      ->type_name("RE");
  run_app->add_option("--model", options->models, "At the shapes of this model instead (repeatable)")
      ->type_name("NAME")
      ->expected(1)
      ->take_all();
  run_app->add_option("--micro-batch", options->micro_batch, "Sequences at once (8)")
      ->type_name("N")
      ->check(CLI::Range(1, 65535));
  run_app->add_option("--sequence", options->sequence, "Tokens of each (4096)")
      ->type_name("N")
      ->check(CLI::Range(1, 1 << 24));
  run_app->add_flag("--dry-run", options->dry_run, "List what would be measured; needs no GPU");
  run_app->footer("Example:\n  trainbudget-microbench run --out measurement.json --filter wkv7");
  return {run_app, [=, &program] { return run(program, *options); }};
}

}  // namespace trainbudget::microbench
