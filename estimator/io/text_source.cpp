#include "io/text_source.h"

#include "io/utf8.h"

#include <utility>

namespace trainbudget::io {

std::shared_ptr<const std::string> checked_source(std::string text, const std::string& file,
                                                  std::size_t largest) {
  if (text.size() > largest) {
    throw InputError({.file = file},
                     "too large: " + size_text(text.size()) + ", at most " + size_text(largest));
  }
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.erase(0, byte_order_mark.size());
  const auto problem = find_text_problem(text);
  auto source = std::make_shared<const std::string>(std::move(text));
  if (problem) throw InputError(locate(source, file, problem->offset), problem->message);
  return source;
}

std::string size_text(std::size_t bytes) {
  constexpr std::size_t kib = 1024;
  constexpr std::size_t mib = kib * kib;
  if (bytes >= mib && bytes % mib == 0) return std::to_string(bytes / mib) + " MiB";
  constexpr std::size_t mb = 1'000'000;
  if (bytes >= mb) return std::to_string(bytes / mb) + " MB";
  return std::to_string(bytes) + " bytes";
}

}  // namespace trainbudget::io
