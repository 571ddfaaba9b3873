// Runs one golden case and says what differs:  golden_runner PROGRAM PROFILES CASE
// With UPDATE_GOLDEN=1 in the environment the case file is rewritten instead. README.md here explains the
// format.
#include "golden/golden_case.h"
#include "support/process.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

namespace trainbudget::testing {
namespace {

namespace fs = std::filesystem;

/// All regular files below `folder`, by relative name. Links are not followed: they are not the program's
/// work.
std::map<std::string, std::string> files_below(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      files[fs::relative(entry.path(), folder).string()] = read_file(entry.path().string());
    }
  }
  return files;
}

/// What differs from build to build and from checkout to checkout is hidden.
std::string normalise(std::string text, const std::string& profiles) {
  for (std::size_t at = text.find(profiles); at != std::string::npos; at = text.find(profiles, at)) {
    text.replace(at, profiles.size(), "PROFILES");
  }
  for (const char* key : {"version", "git_revision"})
    text = without_value_of(key, std::move(text));
  return text;
}

class Runner {
 public:
  Runner(std::string program, std::string profiles)
      : program_(std::move(program)), profiles_(std::move(profiles)) {}

  std::vector<Result> run_case(const GoldenCase& parsed) const {
    const TemporaryFolder folder;
    for (const auto& [name, content] : parsed.files) {
      if (name != standard_input) folder.write(name, content);
    }
    for (const std::string& name : parsed.folders)
      fs::create_directories(fs::path(folder.path()) / name);
    std::vector<Result> results;
    for (const Step& step : parsed.steps)
      results.push_back(run_step(parsed, step, folder.path()));
    return results;
  }

 private:
  static constexpr const char* standard_input = "<stdin>";

  Result run_step(const GoldenCase& parsed, const Step& step, const std::string& folder) const {
    const TemporaryFolder outside;
    Command command;
    command.arguments = split_words(step.command_line);
    command.arguments.at(0) = program_;
    command.folder = folder;
    const auto input = parsed.files.find(standard_input);
    command.input_file = outside.write("in", input == parsed.files.end() ? "" : input->second);
    command.environment["TRAINBUDGET_PROFILES"] = profiles_;
    command.environment["SOURCE_DATE_EPOCH"] = "1788220800";  // 2026-09-01
    for (const auto& [name, value] : parsed.environment)
      command.environment[name] = value;

    const std::map<std::string, std::string> before = files_below(folder);
    const Outcome outcome = run(command);
    if (outcome.timed_out) throw std::runtime_error("timed out: " + step.command_line);
    Result result{
        outcome.exit_code, normalise(outcome.out, profiles_), normalise(outcome.err, profiles_), {}};
    for (auto& [name, content] : files_below(folder)) {
      const auto old = before.find(name);
      if (old == before.end() || old->second != content) result.written[name] = normalise(content, profiles_);
    }
    return result;
  }

  std::string program_;
  std::string profiles_;
};

bool report(const std::string& what, const std::string& expected, const std::string& actual) {
  if (expected == actual) return true;
  std::cout << "--- " << what << ", expected\n+++ " << what << ", actual\n" << diff(expected, actual);
  return false;
}

bool compare(const Step& step, const Result& actual) {
  const Result& expected = step.expected;
  if (expected == actual) return true;
  std::cout << "$ " << step.command_line << "\n";
  report("exit code", std::to_string(expected.exit_code), std::to_string(actual.exit_code));
  report("stdout", expected.out, actual.out);
  report("stderr", expected.err, actual.err);
  for (const auto& [name, content] : expected.written) {
    if (!actual.written.contains(name))
      std::cout << "did not write " << name << "\n";
    else
      report(name, content, actual.written.at(name));
  }
  for (const auto& [name, content] : actual.written) {
    if (!expected.written.contains(name)) std::cout << "wrote " << name << ", which is not expected\n";
  }
  return false;
}

int check(const Runner& runner, const std::string& case_file) {
  const std::string text = read_file(case_file);
  const GoldenCase parsed = parse_case(text);
  const std::vector<Result> results = runner.run_case(parsed);
  if (results != runner.run_case(parsed)) {
    std::cout << case_file << ": a second run gives other results\n";
    return 1;
  }
  const char* update = std::getenv("UPDATE_GOLDEN");
  if (update != nullptr && std::string_view(update) == "1") {
    const std::string rewritten = with_results(text, results);
    if (rewritten != text) std::ofstream(case_file, std::ios::binary) << rewritten;
    return 0;
  }
  bool same = true;
  for (std::size_t i = 0; i < results.size(); ++i)
    same = compare(parsed.steps[i], results[i]) && same;
  if (!same)
    std::cout << case_file << ": differs; UPDATE_GOLDEN=1 ctest rewrites it if the change is meant\n";
  return same ? 0 : 1;
}

}  // namespace
}  // namespace trainbudget::testing

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: golden_runner PROGRAM PROFILES CASE\n";
    return 2;
  }
  try {
    return trainbudget::testing::check({argv[1], argv[2]}, argv[3]);
  } catch (const std::exception& error) {
    std::cerr << argv[3] << ": " << error.what() << "\n";
    return 2;
  }
}
