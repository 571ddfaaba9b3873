#include "io/measured_steps_file.h"

#include "core/efficiency.h"
#include "io/layout_text.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

namespace trainbudget::io {
namespace {

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text)
    out += c == '"' ? std::string("\"\"") : std::string(1, c == '\n' ? ' ' : c);
  return out + "\"";
}

void check(const Scenario& scenario, const Location& where) {
  constexpr const char* how =
      "give --model, --cluster, --gpus, --global-batch and --layout as the run has them";
  if (!scenario.step) throw InputError(where, "how the steps are computed is not known", how);
  if (scenario.step->layout_provenance.origin != Origin::user)
    throw InputError(where, "the layout of the run is not known: the fastest is not what was measured", how);
  if (scenario.step->layout.schedule != Schedule::one_forward_one_backward)
    throw InputError(where, "the table has no column for schedules other than 1f1b");
}

}  // namespace

std::string measured_steps_csv(const Scenario& scenario, const MeasuredSteps& measured,
                               const Location& where) {
  check(scenario, where);
  const StepPlan& plan = *scenario.step;
  const Layout& layout = plan.layout;
  const Model& model = scenario.model->model;
  const double sequence = scenario.model->sequence.length;
  const auto whole = [](double number) { return fmt::format("{:.0f}", number); };
  const std::vector<std::pair<std::string, std::string>> row = {
      {"id", measured.id},
      {"source", "trainbudget track"},
      {"phase", "pretrain"},
      {"model", model.name},
      {"arch", has_experts(model) ? "moe" : "dense"},
      {"seq_len", whole(sequence)},
      {"global_batch", whole(plan.global_batch)},
      {"micro_batch", whole(layout.micro_batch)},
      {"gpu", scenario.accelerator.name},
      {"n_gpus", whole(scenario.gpus.value)},
      {"interconnect", plan.cluster},
      {"precision", std::string(name_of(scenario.precision.value))},
      {"tp", whole(layout.tensor)},
      {"pp", whole(layout.pipeline)},
      {"vpp", whole(layout.chunks)},
      {"dp", whole(layout.data)},
      {"cp", whole(layout.context)},
      {"ep", whole(layout.expert)},
      {"ep_overlap", layout.expert_overlap ? "1" : "0"},
      {"zero", whole(static_cast<double>(layout.sharding))},
      {"seq_parallel", layout.sequence_parallel ? "1" : "0"},
      {"recompute", recomputation_text(layout)},
      {"flash", "1"},
      {"software", plan.profile.stack == generic_stack ? "" : plan.profile.stack},
      {"date", measured.date},
      {"step_time_s", fmt::format("{:.6g}", plan.global_batch * sequence / measured.tokens_per_second)},
      {"measured", "1"},
      {"notes", measured.note}};
  std::string head;
  std::string line;
  for (const auto& [column, text] : row) {
    head += (head.empty() ? "" : ",") + column;
    line += (column == "id" ? "" : ",") + quoted(text);
  }
  return head + "\n" + line + "\n";
}

}  // namespace trainbudget::io
