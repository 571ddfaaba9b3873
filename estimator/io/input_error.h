// What is thrown for a user's mistake: always with its place and, where there is one, a way out.
#pragma once

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace trainbudget::io {

/// A place in an input text. `line` and `column` count from 1; 0 means that the whole input is meant.
/// `column` counts bytes of the line, as compilers do.
struct Location {
  std::string file;  ///< as the user named it; "--tokens" for an option, "<stdin>" for standard input
  int line = 0;
  int column = 0;
  /// The whole input, shared by all places in it, for the line above the caret; null where there is none.
  std::shared_ptr<const std::string> source = nullptr;
};

/// The value of a command-line option as a place: `option` is its name, and the caret will stand under
/// `value`.
Location option_location(std::string option, std::string_view value);

/// The place of byte `offset` of `source`.
Location locate(std::shared_ptr<const std::string> source, std::string file, std::size_t offset);

/// The line that `where` names, without its line end; empty where there is no source.
std::string_view line_text(const Location& where);

/// Bad input or usage (exit code 2). Messages start in lower case and end without a full stop.
class InputError : public std::runtime_error {
 public:
  InputError(Location where, const std::string& message, std::string advice = {})
      : std::runtime_error(message), location(std::move(where)), hint(std::move(advice)) {}

  Location location;
  std::string hint;  ///< "did you mean 'h100-sxm-80gb'?", or empty
};

/// Inputs that are right each for itself and do not go together: sizes that do not divide, a cluster of
/// another accelerator, a price that nobody offers. A sweep notes it in its row and goes on.
class CombinationError : public InputError {
 public:
  using InputError::InputError;
};

/// `file:line:column: message`, the source line with a caret under the place, and the hint, each on its own
/// line, the last one without a line end. Control characters and broken UTF-8 are shown as '?', tabs as one
/// space; long lines are cut around the caret.
std::string describe(const InputError& error);

}  // namespace trainbudget::io
