// What a user may call a profile. Names are words joined by dashes: "a100-sxm-80gb".
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget::io {

/// `text` with the letters A to Z in lower case.
std::string lower_case(std::string_view text);

/// The names that `wanted` may mean: the one that is equal to it, letter case aside; else all that start with
/// its first word and have its other words somewhere ("a100-80gb" may mean "a100-pcie-80gb" and
/// "a100-sxm-80gb"). Keeps the order of `names`.
std::vector<std::string> names_meant(std::span<const std::string> names, std::string_view wanted);

/// What to ask of somebody whose name may mean all of `names`: the words in which they differ, as in
/// "pcie or sxm? 40gb or 80gb?"; a plain request where the names are built differently.
std::string question_between(std::span<const std::string> names);

}  // namespace trainbudget::io
