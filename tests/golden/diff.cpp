#include "golden/golden_case.h"

#include <algorithm>

namespace trainbudget::testing {
namespace {

struct Line {
  char mark;  // ' ' in both, '-' only expected, '+' only actual
  std::string_view text;
};

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

/// The longest common subsequence, by the textbook table: golden texts are short.
std::vector<Line> align(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b) {
  const std::size_t width = b.size() + 1;
  std::vector<unsigned> common((a.size() + 1) * width);
  for (std::size_t i = a.size(); i-- > 0;) {
    for (std::size_t j = b.size(); j-- > 0;) {
      common[i * width + j] = a[i] == b[j] ? common[(i + 1) * width + j + 1] + 1
                                           : std::max(common[(i + 1) * width + j], common[i * width + j + 1]);
    }
  }
  std::vector<Line> lines;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      lines.push_back({' ', a[i++]});
      ++j;
    } else if (i < a.size() && (j == b.size() || common[(i + 1) * width + j] >= common[i * width + j + 1])) {
      lines.push_back({'-', a[i++]});
    } else {
      lines.push_back({'+', b[j++]});
    }
  }
  return lines;
}

}  // namespace

std::string diff(std::string_view expected, std::string_view actual) {
  if (expected == actual) return {};
  constexpr std::size_t context = 3;
  const std::vector<Line> lines = align(split_lines(expected), split_lines(actual));
  std::string text;
  std::size_t shown_up_to = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].mark == ' ') continue;
    const std::size_t begin = std::max(shown_up_to, i < context ? 0 : i - context);
    if (begin > shown_up_to) text += "@@\n";
    const std::size_t end = std::min(lines.size(), i + context + 1);
    for (std::size_t k = begin; k < end; ++k) {
      if (k > i && lines[k].mark != ' ') break;
      (((text += lines[k].mark) += lines[k].text)) += '\n';
      shown_up_to = k + 1;
    }
  }
  return text;
}

}  // namespace trainbudget::testing
