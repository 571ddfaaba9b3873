#include "cli/output.h"

#include "io/file.h"
#include "io/input_error.h"
#include "io/suggest.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <unistd.h>

namespace trainbudget::cli {
namespace {

struct NamedFormat {
  std::string_view word;
  std::string_view suffix;
  Format format;
};

constexpr std::array formats = {
    NamedFormat{"table", ".txt", Format::table}, NamedFormat{"json", ".json", Format::json},
    NamedFormat{"csv", ".csv", Format::csv}, NamedFormat{"md", ".md", Format::markdown}};

Format format_of_file(const std::string& path) {
  for (const NamedFormat& known : formats) {
    if (path.size() > known.suffix.size() && path.ends_with(known.suffix)) return known.format;
  }
  throw io::InputError({.file = "--out"}, "cannot tell the format of '" + path + "' from its suffix",
                       "known suffixes: .txt, .json, .csv, .md");
}

}  // namespace

Format format_named(std::string_view word, const std::string& option) {
  std::vector<std::string_view> words;
  for (const NamedFormat& known : formats) {
    if (known.word == word) return known.format;
    words.push_back(known.word);
  }
  throw io::InputError({.file = option}, "unknown format '" + std::string(word) + "'",
                       io::did_you_mean_or_list(word, words));
}

ColorChoice color_choice(const std::string& word) {
  constexpr std::string_view words[] = {"auto", "always", "never"};
  if (word == "auto") return ColorChoice::automatic;
  if (word == "always") return ColorChoice::always;
  if (word == "never") return ColorChoice::never;
  throw io::InputError({.file = "--color"}, "unknown choice '" + word + "'",
                       io::did_you_mean_or_list(word, words));
}

Renderer renderer_of(render::Table table) {
  return [table = std::move(table)](Format format, render::Style style) {
    switch (format) {
      case Format::json:
        return render::table_json(table);
      case Format::csv:
        return render::table_csv(table);
      case Format::markdown:
        return render::table_markdown(table);
      case Format::table:
        break;
    }
    return render::table_text(table, style);
  };
}

void emit(const Renderer& render, const OutputOptions& options) {
  const Format format = format_named(options.format, "--format");
  const render::Style terminal = style_for(STDOUT_FILENO, color_choice(options.color));
  const std::string text = render(format, terminal);
  std::vector<std::string> contents;
  for (const std::string& path : options.files)
    contents.push_back(render(format_of_file(path), {.width = 100, .whole = true}));
  for (std::size_t i = 0; i < contents.size(); ++i)
    io::write_file(options.files[i], contents[i]);
  write_stdout(text);
}

bool write_stdout(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EPIPE) return false;
    if (written < 0)
      throw io::InputError({.file = "<stdout>"}, std::string("cannot write: ") + std::strerror(errno));
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

void say_beside_csv(std::string_view lead, const std::vector<std::string>& warnings,
                    const OutputOptions& options) {
  if (format_named(options.format, "--format") != Format::csv) return;
  for (const std::string& warning : warnings)
    say(std::string(lead) + warning + "\n");
}

void say(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace trainbudget::cli
