// The trainbudget executable: parse, run one command, turn errors into messages and exit codes.
//   0 done   1 a condition that was asked for does not hold   2 bad input or usage   130 interrupted
#include "cli/command.h"
#include "cli/usage.h"
#include "io/input_error.h"
#include "version.h"

#include <csignal>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace trainbudget::cli {
namespace {

constexpr int bad_input = 2;

constexpr const char* footer = R"(Examples:
  trainbudget estimate scenarios/rwkv-4-14b.yaml
  trainbudget estimate --params 14B --tokens 300B --gpu a100-sxm-80gb --gpus 64 --efficiency 50% --price '$0.79/h'
  trainbudget plan --budget '$100k' --hardware h100-sxm-80gb --family rwkv-7
  trainbudget whatif scenarios/rwkv-7-what-if.yaml
  trainbudget hardware list
  trainbudget prices list --gpu h100-sxm-80gb --as-of 2024-06-01

Exit codes: 0 done; 1 a condition that was asked for does not hold; 2 bad input or usage; 130 interrupted.)";

void add_global_options(CLI::App& app, GlobalOptions& global) {
  app.add_option("-f,--format", global.output.format, "Format of standard output: table, json, csv, md")
      ->type_name("FORMAT");
  app.add_option("--out", global.output.files,
                 "Also write FILE, format by suffix: .txt .json .csv .md (repeatable)")
      ->type_name("FILE")
      ->expected(1)
      ->take_all();
  app.add_option("--color", global.output.color, "Colour on a terminal: auto, always, never")
      ->type_name("WHEN");
  app.add_option("--profiles", global.profiles, "Folder with hardware profiles and prices")->type_name("DIR");
}

int run(const std::vector<std::string>& arguments, Team* team) {
  CLI::App app("What will this training run cost, how long will it take, and how sure are we?",
               "trainbudget");
  app.set_version_flag("--version", std::string("trainbudget ") + version + " (" + git_revision + ")");
  app.footer(footer);
  app.fallthrough();
  app.require_subcommand(0, 1);
  GlobalOptions global{.output = {}, .profiles = {}, .team = team};
  if (team != nullptr) global.output.color = "never";  // mpirun's terminal is not the user's
  add_global_options(app, global);

  std::vector<AddedCommand> commands = {add_estimate_command(app, global, arguments),
                                        add_plan_command(app, global), add_whatif_command(app, global),
                                        add_search_command(app, global), add_backtest_command(app, global)};
  for (AddedCommand& command : add_calibration_commands(app, global))
    commands.push_back(std::move(command));
  for (AddedCommand& command : add_hardware_commands(app, global))
    commands.push_back(std::move(command));
  for (AddedCommand& command : add_models_commands(app, global))
    commands.push_back(std::move(command));
  for (AddedCommand& command : add_prices_commands(app, global))
    commands.push_back(std::move(command));

  const bool leads = team == nullptr || team->leads();
  if (const std::optional<std::string> text = parse(app, arguments)) {
    if (leads) write_stdout(*text);
    return 0;
  }
  for (const AddedCommand& command : commands) {
    if (command.app->parsed()) return leads || command.by_team ? command.run() : 0;
  }
  if (leads) write_stdout(app.help());
  return 0;
}

/// One of a team speaks for all, but where each has gone its own way.
void say_error(const std::string& text, const Team* team) {
  if (team == nullptr || team->leads() || team->is_dealing()) say(text);
}

int run_guarded(const std::vector<std::string>& arguments, Team* team) {
  try {
    return run(arguments, team);
  } catch (const io::InputError& error) {
    say_error(io::describe(error) + "\n", team);
  } catch (const std::bad_alloc&) {
    say_error("trainbudget: not enough memory\n", team);
  } catch (const std::exception& error) {
    say_error(std::string("trainbudget: internal error: ") + error.what() +
                  "\n  please report this with the command that caused it\n",
              team);
  }
  if (team != nullptr && team->is_dealing()) team->abandon(bad_input);
  return bad_input;
}

}  // namespace
}  // namespace trainbudget::cli

int main(int argc, char** argv) {
  using namespace trainbudget;
  std::signal(SIGPIPE, SIG_IGN);
  const std::unique_ptr<cli::Team> team = cli::join_team(argc, argv);
  return cli::run_guarded(std::vector<std::string>(argv + 1, argv + argc), team.get());
}
