// The format of a golden case: what is run, on which files, and what must come out. README.md here explains
// it.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget::testing {

/// A case file that cannot be understood; the message names the line.
class CaseError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What a command did, or must do.
struct Result {
  int exit_code = 0;
  std::string out;
  std::string err;
  std::map<std::string, std::string> written;  ///< files it made or changed, by name

  friend bool operator==(const Result&, const Result&) = default;
};

struct Step {
  std::string command_line;
  Result expected;
};

struct GoldenCase {
  std::string comment;                       ///< the lines before the first marker
  std::map<std::string, std::string> files;  ///< "<stdin>" is standard input
  std::vector<std::string> folders;
  std::map<std::string, std::string> environment;
  std::vector<Step> steps;
};

GoldenCase parse_case(std::string_view text);

/// `text` with the expectations of its steps replaced by `results`, one for each step; all else stays as it
/// is.
std::string with_results(std::string_view text, const std::vector<Result>& results);

/// Words of a command line: separated by blanks; '…' is literal, "…" and everything outside quotes knows
/// backslashes. Nothing else of a shell's language.
std::vector<std::string> split_words(std::string_view command_line);

/// `text` with the values of the JSON key `key` (strings, objects, arrays, numbers) replaced by "*".
std::string without_value_of(std::string_view key, std::string text);

/// A unified diff of two texts by lines; empty when they are equal.
std::string diff(std::string_view expected, std::string_view actual);

}  // namespace trainbudget::testing
