#include "cli/terminal.h"

#include <cstdlib>
#include <ctime>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

namespace trainbudget::cli {
namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : std::string_view(value);
}

bool wants_color(int fd, ColorChoice choice) {
  if (choice != ColorChoice::automatic) return choice == ColorChoice::always;
  if (!environment("NO_COLOR").empty()) return false;
  const std::string_view forced = environment("CLICOLOR_FORCE");
  if (!forced.empty() && forced != "0") return true;
  return environment("TERM") != "dumb" && isatty(fd) == 1;
}

/// A whole number from `least` to `most`, or -1.
long long number_in(std::string_view text, long long least, long long most) {
  if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != std::string_view::npos)
    return -1;
  const long long number = std::strtoll(std::string(text).c_str(), nullptr, 10);
  return number >= least && number <= most ? number : -1;
}

}  // namespace

render::Style style_for(int fd, ColorChoice choice) {
  render::Style style{.width = 100, .color = wants_color(fd, choice)};
  winsize size{};
  const long long columns = number_in(environment("COLUMNS"), 20, 1000);
  if (columns > 0) {
    style.width = static_cast<int>(columns);
  } else if (isatty(fd) != 1) {
    style.whole = true;
  } else if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20) {
    style.width = size.ws_col;
  }
  return style;
}

std::string today() {
  const long long fixed = number_in(environment("SOURCE_DATE_EPOCH"), 0, 253402300799);
  const std::time_t now = fixed >= 0 ? static_cast<std::time_t>(fixed) : std::time(nullptr);
  std::tm date{};
  gmtime_r(&now, &date);
  char text[16];
  std::strftime(text, sizeof text, "%Y-%m-%d", &date);
  return text;
}

}  // namespace trainbudget::cli
