// Where reports go: standard output and the files that --out names. Everything is rendered before anything is
// written, and a file is written whole or not at all.
#pragma once

#include "cli/terminal.h"
#include "render/table.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget::cli {

enum class Format { table, json, csv, markdown };

/// The format named `word` (table, json, csv, md). Throws InputError, with the nearest name, at `option`.
Format format_named(std::string_view word, const std::string& option);

/// A report in any format.
using Renderer = std::function<std::string(Format, render::Style)>;

/// The faces of a plain table.
Renderer renderer_of(render::Table table);

/// The faces of `report`, one function each. Holds on to `report`.
template <class Report>
Renderer renderer_of(const Report& report, std::string (*text)(const Report&, render::Style),
                     std::string (*json)(const Report&), std::string (*csv)(const Report&),
                     std::string (*markdown)(const Report&)) {
  return [=, &report](Format format, render::Style style) {
    switch (format) {
      case Format::json:
        return json(report);
      case Format::csv:
        return csv(report);
      case Format::markdown:
        return markdown(report);
      case Format::table:
        break;
    }
    return text(report, style);
  };
}

struct OutputOptions {
  std::string format = "table";
  std::vector<std::string> files;  ///< format by suffix: .txt .json .csv .md
  std::string color = "auto";
};

/// Renders to standard output and to every file. Throws InputError for an unknown format or suffix and for a
/// file that cannot be written; a closed pipe ends the output quietly.
void emit(const Renderer& render, const OutputOptions& options);

/// Writes to standard output; false, without a word, when the reader has gone. Throws InputError when the
/// disk is full.
bool write_stdout(std::string_view text);

/// What a report warns of, one line each on standard error, where its numbers alone go to standard output: as
/// CSV. Lines begin with `lead`.
void say_beside_csv(std::string_view lead, const std::vector<std::string>& warnings,
                    const OutputOptions& options);

/// Talk, on standard error.
void say(std::string_view text);

ColorChoice color_choice(const std::string& word);

}  // namespace trainbudget::cli
