// The options that describe a scenario. Each stands for a key of a scenario file, so that both are read by
// the same code.
#pragma once

#include "io/yaml_node.h"

#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace trainbudget::cli {

class ScenarioOptions {
 public:
  /// Adds the options to `app`. The object must outlive the parsing. `file` names the scenario file: by its
  /// position, and by an option where one follows.
  explicit ScenarioOptions(CLI::App& app, const std::string& file = "scenario");

  /// The scenario file, where one is named, with the options and then the --set values laid over it. Throws
  /// InputError.
  io::YamlNode document() const;
  /// The scenario file; empty where there is none.
  const std::string& file() const { return file_; }

 private:
  std::string file_;
  std::vector<std::string> settings_;
  std::vector<std::string> values_;  ///< one for each row of the option table
  std::vector<CLI::Option*> given_;
};

/// The options that make `document`, as a shell would take them: "--model rwkv-7-7.2b --gpus 64 --set
/// price.choose=cheapest".
std::string scenario_arguments(const io::YamlNode& document);

}  // namespace trainbudget::cli
