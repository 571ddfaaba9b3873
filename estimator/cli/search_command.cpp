// trainbudget search: all layouts of a run on a number of accelerators, the fastest that fit first.
#include "cli/command.h"
#include "cli/scenario_options.h"
#include "core/estimate.h"
#include "core/layout_search.h"
#include "io/layout_text.h"
#include "io/profile_folder.h"
#include "io/quantity_text.h"
#include "io/scenario_document.h"
#include "io/scenario_file.h"
#include "render/number_text.h"

#include <cmath>
#include <memory>

namespace trainbudget::cli {
namespace {

constexpr int most_shown = 1000;

render::Table table_of(const LayoutSearch& found, const StepPlan& plan, const Scenario& scenario) {
  render::Table table{.columns = {{"rank", "#", true},
                                  {"layout", "Layout"},
                                  {"step_seconds", "Step time", true},
                                  {"slower", "Slower", true},
                                  {"model_flops_utilization", "Utilisation", true},
                                  {"memory_bytes", "Memory", true},
                                  {"days", "Days", true}}};
  const double steps = scenario.tokens.value.value / (plan.global_batch * plan.workload.sequence_length);
  const auto cell = [](double value, Unit unit) {
    return render::Cell::of(render::number_text(value, unit), value);
  };
  double rank = 0.0;
  for (const LayoutCandidate& candidate : found.best) {
    rank += 1.0;
    const double slower = candidate.step_seconds / found.best.front().step_seconds - 1.0;
    const double utilization = model_flops_utilization(plan.workload, plan.machine, candidate.layout,
                                                       plan.global_batch, candidate.step_seconds);
    const double whole = scenario.whole_run_fraction.value.p50;
    const double days = steps * candidate.step_seconds / whole / 86400.0;
    table.rows.push_back({render::Cell::of(std::to_string(static_cast<int>(rank)), rank),
                          render::Cell::of(io::layout_text(candidate.layout)),
                          cell(candidate.step_seconds, Unit::seconds),
                          slower > 0.0 ? cell(slower, Unit::fraction) : render::Cell::of("", 0.0),
                          cell(utilization, Unit::fraction), cell(candidate.memory_bytes, Unit::bytes),
                          render::Cell::of(render::number_text(days, Unit::count), days)});
  }
  return table;
}

/// What the parts of the fastest step are, the largest first in words.
std::string bound_of(const StepPlan& plan, const Layout& layout) {
  const StepTime t =
      step_time(plan.workload, plan.machine, layout, plan.global_batch, plan.profile.efficiency());
  const std::pair<const char*, double> parts[] = {{"matrix products", t.matmul},
                                                  {"attention", t.attention},
                                                  {"recurrence", t.recurrence},
                                                  {"element-wise work", t.elementwise},
                                                  {"recomputation", t.recompute},
                                                  {"launching", t.launch},
                                                  {"tensor communication", t.tensor_communication},
                                                  {"context communication", t.context_communication},
                                                  {"expert communication", t.expert_communication},
                                                  {"pipeline transfers", t.pipeline_communication},
                                                  {"pipeline bubble", t.pipeline_bubble},
                                                  {"gradient communication", t.data_communication},
                                                  {"the optimizer", t.optimizer},
                                                  {"stragglers", t.straggler}};
  std::string text;
  for (const auto& [name, seconds] : parts) {
    const double share = seconds / t.total();
    if (share < 0.05) continue;
    text += (text.empty() ? "" : ", ") + std::string(name) + " " + render::number_text(share, Unit::fraction);
  }
  return text;
}

int run_search(const GlobalOptions& global, const ScenarioOptions& options, int top) {
  if (top < 1 || top > most_shown)
    throw io::InputError(io::option_location("--top", std::to_string(top)),
                         "--top is a number from 1 to 1000");
  const io::ProfileFolder profiles = io::profile_folder(global.profiles);
  const Scenario scenario = io::read_scenario(options.document(), profiles);
  if (!scenario.step) {
    throw io::InputError({.file = "search"}, "a search computes steps: --global-batch is missing",
                         "sequences or tokens a step: --global-batch 1024 or --global-batch 4M");
  }
  const StepPlan& plan = *scenario.step;
  const LayoutSearch found = search_layouts(
      plan.workload, plan.machine, {.accelerators = scenario.gpus.value, .global_batch = plan.global_batch},
      plan.profile.efficiency(), {.kept = static_cast<std::size_t>(top), .threads = 2});
  const std::string tried =
      io::format_quantity(static_cast<double>(found.layouts), io::QuantityKind::count, 6);
  if (found.best.empty()) {
    say("none of " + tried + " layouts fits; the nearest, " + io::layout_text(found.nearest.layout) +
        ", needs " + render::number_text(found.nearest.memory_bytes, Unit::bytes) + " of " +
        render::number_text(plan.machine.memory_capacity, Unit::bytes) + "\n");
    return 1;
  }
  emit(renderer_of(table_of(found, plan, scenario)), global.output);
  say(tried + " layouts tried with the profile " + plan.profile.name + "; the fastest spends its time on " +
      bound_of(plan, found.best.front().layout) + "\n");
  return 0;
}

}  // namespace

AddedCommand add_search_command(CLI::App& parent, const GlobalOptions& global) {
  CLI::App* app = parent.add_subcommand("search", "The fastest layouts that fit");
  const auto options = std::make_shared<ScenarioOptions>(*app);
  const auto top = std::make_shared<int>(10);
  app->add_option("--top", *top, "How many to show")->type_name("COUNT");
  app->footer(
      "Example:\n  trainbudget search --model gpt-3-175b --tokens 300B --cluster hgx-a100-80gb --gpus 1024 "
      "--global-batch 1536 --sequence-length 2048");
  return {app, [=, &global] { return run_search(global, *options, *top); }};
}

}  // namespace trainbudget::cli
