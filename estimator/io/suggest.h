// "did you mean ...?" for keys, enum words and names.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget::io {

/// The candidate nearest to `word`, letter case aside: at most one edit (insert, delete, replace, swap of
/// neighbours) for every three letters; else the shortest candidate that starts with `word` (3 letters or
/// more). Ties go to the first candidate. nullopt when nothing is near.
std::optional<std::string_view> closest(std::string_view word, std::span<const std::string_view> candidates);

/// "did you mean 'x'?", or "" when nothing is near.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

/// The same over any container of strings.
template <class Strings>
std::string did_you_mean_any(std::string_view word, const Strings& candidates) {
  const std::vector<std::string_view> views(std::begin(candidates), std::end(candidates));
  return did_you_mean(word, views);
}

/// did_you_mean(), or "one of a, b, c" when nothing is near; long lists are cut.
std::string did_you_mean_or_list(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace trainbudget::io
