#include "cli/usage.h"

#include "io/input_error.h"
#include "io/suggest.h"

#include <algorithm>

namespace trainbudget::cli {
namespace {

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

/// Every long and short option of `app` and of those above it, with dashes.
std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* level = &app; level != nullptr; level = level->get_parent()) {
    for (const CLI::Option* option : level->get_options()) {
      for (const std::string& name : option->get_lnames())
        names.push_back("--" + name);
      for (const std::string& name : option->get_snames())
        names.push_back("-" + name);
    }
  }
  return names;
}

std::vector<std::string_view> views(const std::vector<std::string>& words) {
  return {words.begin(), words.end()};
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

bool takes_value(const CLI::App& app, const std::string& argument) {
  for (const CLI::App* level = &app; level != nullptr; level = level->get_parent()) {
    const CLI::Option* option = level->get_option_no_throw(argument);
    if (option != nullptr) return option->get_items_expected_max() > 0;
  }
  return false;
}

/// The name of the program that `app` is a command of.
std::string program_of(const CLI::App& app) {
  const CLI::App* root = &app;
  while (root->get_parent() != nullptr)
    root = root->get_parent();
  return root->get_name();
}

[[noreturn]] void refuse(const CLI::App& app, const std::string& message, const std::string& hint) {
  const std::string command =
      app.get_parent() == nullptr ? app.get_name() : program_of(app) + " " + app.get_name();
  throw io::InputError({.file = command}, message, hint);
}

/// The sub-application that the leading words of `arguments` name. Throws for a word that names none where
/// one is due.
const CLI::App& named_command(const CLI::App& app, const std::vector<std::string>& arguments) {
  const CLI::App* at = &app;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::vector<std::string> names = command_names(*at);
    if (names.empty()) break;
    const std::string& word = arguments[i];
    if (word.starts_with("-")) {
      if (word.find('=') == std::string::npos && takes_value(*at, word)) ++i;
      continue;
    }
    if (std::find(names.begin(), names.end(), word) == names.end()) {
      refuse(*at, "unknown command '" + word + "'", io::did_you_mean_or_list(word, views(names)));
    }
    at = at->get_subcommand(word);
  }
  return *at;
}

/// `--tokens=` with nothing after it would take the next argument for its value.
void refuse_empty_values(const CLI::App& command, const std::vector<std::string>& arguments) {
  for (const std::string& word : arguments) {
    if (word == "--") return;
    if (word.size() > 3 && word.starts_with("--") && word.find('=') == word.size() - 1)
      refuse(command, "'" + word + "' has no value", "write it after the sign, or leave the option out");
  }
}

[[noreturn]] void refuse_surplus(const CLI::App& command, const std::string& word) {
  if (!word.starts_with("-") || word == "-") {
    refuse(command, "unexpected argument '" + word + "'",
           "see '" + program_of(command) + " " + command.get_name() + " --help'");
  }
  const std::string name = word.substr(0, word.find('='));
  const std::string near = io::did_you_mean_any(name, option_names(command));
  refuse(command, "unknown option '" + name + "'", near.empty() ? "see '--help' for the options" : near);
}

}  // namespace

std::optional<std::string> parse(CLI::App& app, const std::vector<std::string>& arguments) {
  const CLI::App& command = named_command(app, arguments);
  refuse_empty_values(command, arguments);
  std::vector<CLI::App*> all = {&app};
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i]->allow_extras();
    for (CLI::App* below : all[i]->get_subcommands([](const CLI::App*) { return true; }))
      all.push_back(below);
  }
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    return app.help();
  } catch (const CLI::CallForAllHelp&) {
    return app.help("", CLI::AppFormatMode::All);
  } catch (const CLI::CallForVersion& request) {
    return std::string(request.what()) + "\n";
  } catch (const CLI::ParseError& error) {
    refuse(command, error.what(), "see '--help' for the options");
  }
  const std::vector<std::string> surplus = app.remaining(true);
  if (!surplus.empty()) refuse_surplus(command, surplus.front());
  if (!command_names(command).empty() && &command != &app) {
    refuse(command, "a command is missing", "one of " + joined(command_names(command)));
  }
  return std::nullopt;
}

}  // namespace trainbudget::cli
