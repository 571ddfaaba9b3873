// What the commands of trainbudget-microbench share.
#pragma once

#include "cli/output.h"
#include "harness/carry_out.h"
#include "io/profile_folder.h"
#include "plan/run_plan.h"

#include <functional>
#include <memory>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace trainbudget::microbench {

struct ProgramOptions {
  cli::OutputOptions output;
  std::string profiles;
  int device = 0;
  bool emulate = false;
  std::vector<std::string> arguments;  ///< all of them, as given
};

struct AddedCommand {
  CLI::App* app = nullptr;
  std::function<int()> run;
};

/// There is no GPU: exit code 2.
class NoDevice : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The GPU, or with --emulate this CPU. Throws NoDevice.
std::unique_ptr<Device> open_device(const ProgramOptions& options);

/// What --filter selects by name; everything for an empty one. Throws InputError for a bad expression.
class Filter {
 public:
  explicit Filter(const std::string& expression);
  bool selects(const std::string& name) const;

 private:
  bool everything_;
  std::regex expression_;
};

/// Models by name; `defaults` where none is named, and on the emulated machine a tiny one. Throws InputError
/// for an unknown one and for one that is not RWKV.
std::vector<PlannedModel> chosen_models(const ProgramOptions& options, const std::vector<std::string>& names,
                                        const std::vector<std::string>& defaults);

/// An empty measurement by this program of a device of the kind `machine` ("gpu", "host").
trainbudget::Measurement new_measurement(const MeasuredDevice& device, std::string_view machine,
                                         const std::string& effort);
trainbudget::Measurement new_measurement(Device& device, const std::string& effort);

/// Says what could not be measured.
void say_failures(const trainbudget::Measurement& measurement);

/// Writes `measurement` to `path`, whole or not at all.
void write_measurement(const std::string& path, const trainbudget::Measurement& measurement);

/// Writes to `path` every half minute, so that a command that is killed loses no more. What cannot be written
/// then is told, and tried again at the end.
Keeper keeper_of(const std::string& path);

AddedCommand add_list_command(CLI::App& parent, const ProgramOptions& options);
AddedCommand add_verify_command(CLI::App& parent, const ProgramOptions& options);
AddedCommand add_run_command(CLI::App& parent, const ProgramOptions& options);
AddedCommand add_step_command(CLI::App& parent, const ProgramOptions& options);
AddedCommand add_collectives_command(CLI::App& parent, const ProgramOptions& options);
AddedCommand add_kernel_command(CLI::App& parent, const ProgramOptions& options);

}  // namespace trainbudget::microbench
