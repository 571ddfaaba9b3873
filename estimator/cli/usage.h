// Parsing of the command line with errors that help: CLI11 does the parsing, this adds the suggestions it
// lacks.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace trainbudget::cli {

/// Parses `arguments` into `app`. Returns the help or version text when that was asked for. Throws InputError
/// for unknown commands and options, with the nearest known one, and for missing or surplus values.
std::optional<std::string> parse(CLI::App& app, const std::vector<std::string>& arguments);

}  // namespace trainbudget::cli
