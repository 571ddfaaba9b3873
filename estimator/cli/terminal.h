// What the program knows of the terminal it talks to.
#pragma once

#include "render/table.h"

#include <string>

namespace trainbudget::cli {

enum class ColorChoice { automatic, always, never };

/// Style for file descriptor `fd`. Colour follows, in this order: `choice`, NO_COLOR (set and not empty),
/// CLICOLOR_FORCE, TERM=dumb, and whether `fd` is a terminal. Width is COLUMNS, else the terminal's, else
/// 100. A pipe or a file has no width: without COLUMNS, sentences are wrapped for it and nothing is cut.
render::Style style_for(int fd, ColorChoice choice);

/// Today as YYYY-MM-DD (UTC). SOURCE_DATE_EPOCH, when set, replaces the clock, as reproducible builds have
/// it.
std::string today();

}  // namespace trainbudget::cli
