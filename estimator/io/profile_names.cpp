#include "io/profile_names.h"

#include <algorithm>
#include <cstddef>
#include <set>

namespace trainbudget::io {
namespace {

std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  for (const char c : name) {
    if (c == '-') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

bool has_words(std::string_view name, const std::vector<std::string>& wanted) {
  const std::vector<std::string> words = words_of(name);
  return words.front() == wanted.front() &&
         std::all_of(wanted.begin(), wanted.end(), [&](const std::string& word) {
           return std::find(words.begin(), words.end(), word) != words.end();
         });
}

/// "a", "a or b", "a, b or c".
std::string alternatives(const std::set<std::string>& words) {
  std::string text;
  std::size_t left = words.size();
  for (const std::string& word : words) {
    text += word;
    --left;
    text += left > 1 ? ", " : left == 1 ? " or " : "";
  }
  return text;
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::vector<std::string> names_meant(std::span<const std::string> names, std::string_view wanted) {
  const std::string lower = lower_case(wanted);
  if (std::find(names.begin(), names.end(), lower) != names.end()) return {lower};
  const std::vector<std::string> words = words_of(lower);
  std::vector<std::string> meant;
  for (const std::string& name : names) {
    if (has_words(name, words)) meant.push_back(name);
  }
  return meant;
}

std::string question_between(std::span<const std::string> names) {
  std::vector<std::set<std::string>> by_place;
  for (const std::string& name : names) {
    const std::vector<std::string> words = words_of(name);
    if (by_place.empty()) by_place.resize(words.size());
    if (by_place.size() != words.size()) return "give more of the name";
    for (std::size_t i = 0; i < words.size(); ++i)
      by_place[i].insert(words[i]);
  }
  std::string question;
  for (const std::set<std::string>& words : by_place) {
    if (words.size() > 1) question += (question.empty() ? "" : " ") + alternatives(words) + "?";
  }
  return question;
}

}  // namespace trainbudget::io
