#include "cli/scenario_options.h"

#include "io/scenario_document.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace trainbudget::cli {
namespace {

struct OptionRow {
  const char* flag;
  const char* path;
  const char* value;
  const char* help;
};

constexpr std::array rows = {
    OptionRow{"--name", "name", "TEXT", "Title of the report"},
    OptionRow{"--params", "params", "COUNT", "Trained parameters: 14B"},
    OptionRow{"--model", "model", "NAME", "Instead of --params, a model profile: rwkv-7-7.2b"},
    OptionRow{"--config", "config", "FILE", "Instead of --params, a Hugging Face config.json"},
    OptionRow{"--sequence-length", "sequence_length", "TOKENS",
              "Of --model or --config; default: 4096, as an assumption"},
    OptionRow{"--recipe", "recipe", "RECIPE",
              "lora=16,weights=nf4,optimizer=adamw_8_bit,...; default: AdamW on all weights"},
    OptionRow{"--tokens", "tokens", "TOKENS", "Training tokens: 300B"},
    OptionRow{"--gpu", "gpu", "NAME", "Accelerator: a100-sxm-80gb; see 'trainbudget hardware list'"},
    OptionRow{"--cluster", "cluster", "NAME", "Kind of server instead of --gpu: hgx-h100"},
    OptionRow{"--gpus", "gpus", "COUNT", "Number of accelerators"},
    OptionRow{"--precision", "precision", "NAME",
              "Of the matrix products: bf16 (default where there is one), fp16, fp8 ..."},
    OptionRow{"--efficiency", "efficiency", "FRACTION",
              "Whole-run utilisation: 50% or 40%..55%; or a profile: my-gpu.yaml; default: a stated prior"},
    OptionRow{"--global-batch", "global_batch", "BATCH",
              "Sequences a step, or tokens from 65536 on: 1024, 4M, '32k tokens'; computes the step"},
    OptionRow{"--layout", "layout", "LAYOUT", "tp=8,pp=4,mbs=1,...; default: the fastest that fits"},
    OptionRow{"--fit", "fit", "QUANTILE",
              "Memory that fits where the layout is chosen: p50 (default), or p90 to be sure"},
    OptionRow{"--stack", "stack", "NAME",
              "Software whose efficiency is known: see 'trainbudget efficiency list'"},
    OptionRow{"--price", "price", "PRICE", "Per GPU-hour: '$0.79/h'; default: the price list"},
    OptionRow{"--prices", "prices", "FILE", "Price list of your own, as 'prices import' writes it"},
    OptionRow{"--provider", "price.provider", "NAME", "Take the price of this provider"},
    OptionRow{"--pricing", "price.pricing", "MODEL",
              "on_demand (default), spot, community, reserved_1y, reserved_3y, capacity_block"},
    OptionRow{"--region", "price.region", "NAME", "Take the price of this region"},
    OptionRow{"--as-of", "as_of", "DATE", "Prices known on this day: 2024-06-01; default: the newest"},
    OptionRow{"--country", "energy.country", "NAME",
              "Where the electricity comes from: France, FRA; for CO2e"},
    OptionRow{"--own", "own", "true", "Hardware of one's own: its price per hour, and when it beats rent"},
    OptionRow{"--development", "development", "SHARE",
              "Ablations and failed runs, as a share of the bill: 50% (OLMo 2); default: not counted"},
    OptionRow{"--staff", "staff", "RATE", "Staff while the run goes on: '$50k/month'; default: not counted"},
    OptionRow{"--contingency", "contingency", "SHARE", "Share of everything else: 10%; default: none"},
    OptionRow{"--preempted-every", "spot.preempted_every", "TIME",
              "A spot instance is taken back: 12h..5d; default: unknown"},
    OptionRow{"--simulate", "simulation.runs", "RUNS",
              "Simulate so many runs with their failures; seed: simulation.seed"},
    OptionRow{"--start", "start", "DATE",
              "First day of the run; the report then has the day it ends: 2026-12-01"},
    OptionRow{"--start-delay", "start_delay", "TIME",
              "From that day until the accelerators are there: '1 day..8 weeks'; default: none"},
    OptionRow{"--used-gpu-hours", "used_gpu_hours", "HOURS",
              "What a finished run used: shows its efficiency and cost"},
};

/// What is trained is said in one of three ways: one that an option gives replaces whichever the file has.
void remove_model(io::YamlNode& root) {
  std::erase_if(root.entries, [&](const io::YamlNode::Entry& entry) {
    return io::is_model_key(entry.key) && !entry.key_location.file.starts_with("--");
  });
}

/// In single quotes where a shell would see more than a word.
std::string shell_word(const std::string& text) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,@%+";
  if (!text.empty() && text.find_first_not_of(plain) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text)
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string flow_text(const io::YamlNode& node) {
  if (node.kind != io::YamlNode::Kind::sequence) return node.text;
  std::string text = "[";
  for (const io::YamlNode& item : node.items)
    text += (text.size() > 1 ? ", " : "") + flow_text(item);
  return text + "]";
}

void append_arguments(const io::YamlNode& mapping, const std::string& prefix, std::string& out) {
  for (const io::YamlNode::Entry& entry : mapping.entries) {
    const std::string path = prefix + entry.key;
    if (entry.value.kind == io::YamlNode::Kind::mapping) {
      append_arguments(entry.value, path + ".", out);
      continue;
    }
    const auto* const row = std::find_if(rows.begin(), rows.end(),
                                         [&](const OptionRow& candidate) { return path == candidate.path; });
    const bool has_option = row != rows.end();
    std::string word = has_option ? "" : path + "=";
    word += flow_text(entry.value);
    out += out.empty() ? "" : " ";
    out.append(has_option ? row->flag : "--set").append(" ").append(shell_word(word));
  }
}

}  // namespace

std::string scenario_arguments(const io::YamlNode& document) {
  std::string out;
  append_arguments(document, "", out);
  return out;
}

ScenarioOptions::ScenarioOptions(CLI::App& app, const std::string& file) : values_(rows.size()) {
  app.add_option(file, file_, "Scenario file (YAML); '-' is standard input")->type_name("FILE");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    given_.push_back(
        app.add_option(rows[i].flag, values_[i], rows[i].help)->type_name(rows[i].value)->group("Scenario"));
  }
  app.add_option("--set", settings_, "Set any key of the scenario: --set price.provider=aws (repeatable)")
      ->type_name("PATH=VALUE")
      ->expected(1)
      ->take_all()
      ->group("Scenario");
}

io::YamlNode ScenarioOptions::document() const {
  io::YamlNode root = file_.empty() ? io::empty_scenario() : io::read_yaml_file(file_);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (given_[i]->count() == 0) continue;
    io::YamlNode value = io::option_value(rows[i].flag, values_[i]);
    const io::Location where = value.location;
    if (io::is_model_key(rows[i].path)) remove_model(root);
    io::set_at_path(root, rows[i].path, std::move(value), where);
  }
  for (const std::string& setting : settings_)
    io::apply_setting(root, setting);
  return root;
}

}  // namespace trainbudget::cli
