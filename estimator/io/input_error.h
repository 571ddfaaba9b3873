// What is thrown for a user's mistake: always with its place and, where there is one, a way out.
#pragma once

#include <stdexcept>
#include <string>

namespace trainbudget::io {

/// A place in an input text. `line` and `column` count from 1; 0 means that the whole input is meant.
/// `column` counts bytes of the line, as compilers do.
struct Location {
  std::string file;  ///< as the user named it; "--tokens" for an option, "<stdin>" for standard input
  int line = 0;
  int column = 0;
  std::string line_text;  ///< the source line, for the caret; empty where there is none
};

/// Bad input or usage (exit code 2). Messages start in lower case and end without a full stop.
class InputError : public std::runtime_error {
 public:
  InputError(Location where, const std::string& message, std::string hint = {})
      : std::runtime_error(message), location(std::move(where)), hint(std::move(hint)) {}

  Location location;
  std::string hint;  ///< "did you mean 'h100-sxm-80gb'?", or empty
};

/// `file:line:column: message`, the source line with a caret under the place, and the hint, each on its own
/// line. Control characters and broken UTF-8 of the source line are shown as '?'; long lines are cut around
/// the caret.
std::string describe(const InputError& error);

}  // namespace trainbudget::io
