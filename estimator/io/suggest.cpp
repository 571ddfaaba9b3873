#include "io/suggest.h"

#include <algorithm>
#include <cstddef>

namespace trainbudget::io {
namespace {

// Longer words are no typing mistakes, and the distance costs the product of the lengths.
constexpr std::size_t longest_word = 64;
constexpr std::size_t longest_list = 12;

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char letter) { return lower(letter); });
  return result;
}

/// Optimal string alignment: Levenshtein plus the swap of two neighbours (Damerau 1964), each substring
/// edited once.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replace});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

}  // namespace

std::optional<std::string_view> closest(std::string_view word, std::span<const std::string_view> candidates) {
  if (word.empty() || word.size() > longest_word) return std::nullopt;
  const std::string wanted = lower(word);
  std::optional<std::string_view> best;
  std::size_t best_distance = std::max<std::size_t>(1, wanted.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    // At least one letter must survive: 'b' is not a misspelt 'a'.
    if (candidate.size() > longest_word) continue;
    const std::size_t distance = edit_distance(wanted, lower(candidate));
    if (distance < best_distance && distance < std::max(wanted.size(), candidate.size())) {
      best = candidate;
      best_distance = distance;
    }
  }
  if (best || wanted.size() < 3) return best;
  for (const std::string_view candidate : candidates) {
    if (lower(candidate.substr(0, wanted.size())) != wanted) continue;
    if (!best || candidate.size() < best->size()) best = candidate;
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  const auto best = closest(word, candidates);
  return best ? "did you mean '" + std::string(*best) + "'?" : std::string();
}

std::string did_you_mean_or_list(std::string_view word, std::span<const std::string_view> candidates) {
  std::string hint = did_you_mean(word, candidates);
  if (!hint.empty() || candidates.empty()) return hint;
  hint = "one of ";
  for (std::size_t i = 0; i < candidates.size() && i < longest_list; ++i) {
    if (i > 0) hint += ", ";
    hint += candidates[i];
  }
  if (candidates.size() > longest_list) hint += ", ...";
  return hint;
}

}  // namespace trainbudget::io
