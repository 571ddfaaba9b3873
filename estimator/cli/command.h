// What a command is to the program: a name, its options on a CLI11 sub-application, and what it does once
// parsed.
#pragma once

#include "cli/output.h"
#include "cli/team.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace trainbudget::cli {

/// Options that every command takes.
struct GlobalOptions {
  OutputOptions output;
  std::string profiles;  ///< --profiles DIR; empty: see io::profile_folder
  Team* team = nullptr;  ///< of trainbudget-mpi
};

/// Adds the command's options to `parent` and returns what runs it. The returned function throws InputError
/// for bad input and otherwise returns the exit code: 0, or 1 when a condition that was asked for does not
/// hold.
using Command = std::function<int()>;
struct AddedCommand {
  CLI::App* app = nullptr;
  Command run;
  bool by_team = false;  ///< a whole team runs it; others are for its leader
};

AddedCommand add_estimate_command(CLI::App& parent, const GlobalOptions& global,
                                  const std::vector<std::string>& arguments);
std::vector<AddedCommand> add_calibration_commands(CLI::App& parent, const GlobalOptions& global);
AddedCommand add_plan_command(CLI::App& parent, const GlobalOptions& global);
AddedCommand add_search_command(CLI::App& parent, const GlobalOptions& global);
AddedCommand add_whatif_command(CLI::App& parent, const GlobalOptions& global);
AddedCommand add_backtest_command(CLI::App& parent, const GlobalOptions& global);
std::vector<AddedCommand> add_hardware_commands(CLI::App& parent, const GlobalOptions& global);
std::vector<AddedCommand> add_models_commands(CLI::App& parent, const GlobalOptions& global);
std::vector<AddedCommand> add_prices_commands(CLI::App& parent, const GlobalOptions& global);

}  // namespace trainbudget::cli
