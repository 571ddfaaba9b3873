// trainbudget models: the architectures that can be estimated, down to the last parameter.
#include "cli/command.h"
#include "io/hf_config.h"
#include "io/model_file.h"
#include "io/profile_folder.h"
#include "io/quantity_text.h"
#include "render/model_report.h"

#include <cmath>
#include <memory>

namespace trainbudget::cli {
namespace {

struct ShowOptions {
  std::string name;
  std::string config;
  std::string sequence_length;
  std::string encoder_length;
  bool full_attention = false;
};

constexpr double usual_sequence_tokens = 4096.0;
constexpr double most_sequence_tokens = 1e9;

double read_tokens(const std::string& text, const char* option, double fallback) {
  if (text.empty()) return fallback;
  const io::Location where = io::option_location(option, text);
  const double tokens = io::parse_quantity(text, io::QuantityKind::count, where);
  if (!(tokens >= 1.0) || tokens > most_sequence_tokens || tokens != std::floor(tokens))
    throw io::InputError(where, "a whole number of tokens from 1 to 1 B is wanted");
  return tokens;
}

/// A configuration as a profile without a publisher.
ModelProfile profile_of(const std::string& file) {
  io::HfModel read = io::read_hf_config_file(file);
  ModelProfile profile{.model = std::move(read.model), .title = file, .source = file};
  profile.model.name = profile.model.family;
  for (const std::string& note : read.notes)
    profile.notes.push_back(note);
  for (const std::string& field : read.defaults)
    profile.notes.push_back("not in the file, default of its model type: " + field);
  std::string ignored;
  for (const std::string& field : read.ignored)
    ignored += (ignored.empty() ? "" : ", ") + field;
  if (!ignored.empty()) profile.notes.push_back("ignored fields: " + ignored);
  return profile;
}

int list(const GlobalOptions& global) {
  const std::vector<ModelProfile> profiles = io::read_all_models(io::profile_folder(global.profiles));
  emit(renderer_of(render::model_list(profiles)), global.output);
  return 0;
}

int show(const GlobalOptions& global, const ShowOptions& options) {
  if (options.name.empty() == options.config.empty()) {
    throw io::InputError({.file = "models show"},
                         "a NAME or --config FILE is wanted, and only one of the two",
                         "'trainbudget models list' shows the names");
  }
  const ModelProfile profile = options.config.empty()
                                   ? io::find_model(io::profile_folder(global.profiles), options.name,
                                                    io::option_location("NAME", options.name))
                                   : profile_of(options.config);
  const Model& model = profile.model;
  const double positions = most_positions(model) > 0 ? most_positions(model) : usual_sequence_tokens;
  Sequence sequence{.length = read_tokens(options.sequence_length, "--sequence-length",
                                          std::min(usual_sequence_tokens, positions))};
  if (most_positions(model) > 0 && sequence.length > positions) {
    throw io::InputError(
        io::option_location("--sequence-length", options.sequence_length),
        model.name + " has positions for " + std::to_string(most_positions(model)) + " tokens");
  }
  if (model.encoder_layers.empty()) {
    if (!options.encoder_length.empty()) {
      throw io::InputError(io::option_location("--encoder-length", options.encoder_length),
                           model.name + " has no encoder");
    }
  } else {
    sequence.encoder_length = read_tokens(options.encoder_length, "--encoder-length", sequence.length);
  }
  if (options.full_attention) sequence.count = AttentionCount::full;
  const render::ModelReport report = render::model_report(profile, sequence);
  emit(renderer_of(report, render::model_report_text, render::model_report_json, render::model_report_csv,
                   render::model_report_markdown),
       global.output);
  return 0;
}

int validate_model(const std::string& file) {
  const ModelProfile profile = io::read_model_file(file);
  const ModelSummary sum = summarize(expand(profile.model), {.encoder_length = 1.0});
  if (profile.published) {
    const double error = parameter_error(*profile.published, sum);
    const double allowed = profile.published->rounded_to > 1.0 ? profile.published->rounded_to / 2 : 0.0;
    if (std::abs(error) > allowed) {
      throw io::InputError(
          {.file = file},
          "the profile has " + io::format_quantity(std::abs(error), io::QuantityKind::count, 15) +
              (error > 0 ? " parameters more" : " parameters fewer") + " than it says were published",
          "'difference' and 'reason' say what else a published figure counts");
    }
  }
  write_stdout(file + ": a valid model profile of '" + profile.model.name + "'\n");
  return 0;
}

}  // namespace

std::vector<AddedCommand> add_models_commands(CLI::App& parent, const GlobalOptions& global) {
  CLI::App* app = parent.add_subcommand("models", "Model architectures: list, show, validate");
  app->require_subcommand(0, 1);
  CLI::App* list_app = app->add_subcommand("list", "All model profiles");
  const auto options = std::make_shared<ShowOptions>();
  CLI::App* show_app = app->add_subcommand("show", "Layers, parameters, FLOPs and memory of one model");
  show_app->add_option("name", options->name, "Model profile")->type_name("NAME");
  show_app
      ->add_option("--config", options->config,
                   "Instead, a Hugging Face config.json or the options of an RWKV")
      ->type_name("FILE");
  show_app->add_option("--sequence-length", options->sequence_length, "Tokens of one sequence; default: 4096")
      ->type_name("TOKENS");
  show_app
      ->add_option("--encoder-length", options->encoder_length,
                   "Tokens of the encoder's input; default: as many")
      ->type_name("TOKENS");
  show_app->add_flag("--full-attention", options->full_attention,
                     "Count the whole square of causal attention, as many published figures do");
  const auto file = std::make_shared<std::string>();
  CLI::App* validate_app = app->add_subcommand("validate", "Check a profile file of your own");
  validate_app->add_option("file", *file, "Profile (YAML)")->required()->type_name("FILE");
  return {{list_app, [&global] { return list(global); }},
          {show_app, [=, &global] { return show(global, *options); }},
          {validate_app, [=] { return validate_model(*file); }}};
}

}  // namespace trainbudget::cli
