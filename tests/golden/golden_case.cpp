#include "golden/golden_case.h"

#include <charconv>
#include <optional>

namespace trainbudget::testing {
namespace {

constexpr std::string_view no_newline = "\\ no newline at the end\n";

/// A marker line ("$ …" or "-- …") and the lines below it, still escaped.
struct Block {
  std::string header;
  std::string body;
  int line = 0;
};

struct Blocks {
  std::string comment;
  std::vector<Block> blocks;
};

bool is_marker(std::string_view line) {
  return line.starts_with("$ ") || line.starts_with("-- ");
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;  // each with its newline
  while (!text.empty()) {
    const std::size_t length = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return lines;
}

Blocks split_blocks(std::string_view text) {
  Blocks result;
  int number = 0;
  for (std::string_view line : lines_of(text)) {
    ++number;
    if (is_marker(line)) {
      if (line.ends_with('\n')) line.remove_suffix(1);
      result.blocks.push_back({std::string(line), {}, number});
    } else {
      (result.blocks.empty() ? result.comment : result.blocks.back().body) += line;
    }
  }
  return result;
}

std::string escape_lines(std::string_view text) {
  std::string escaped;
  for (const std::string_view line : lines_of(text)) {
    if (is_marker(line) || line.starts_with('\\')) escaped += '\\';
    escaped += line;
  }
  if (!text.empty() && !text.ends_with('\n')) (escaped += '\n') += no_newline;
  return escaped;
}

std::string unescape_lines(std::string_view body) {
  std::string text;
  for (std::string_view line : lines_of(body)) {
    if (line == no_newline) {
      text.pop_back();
      continue;
    }
    if (line.starts_with('\\')) line.remove_prefix(1);
    text += line;
  }
  return text;
}

int hex_digit(char c) {
  const std::size_t digit = std::string_view("0123456789abcdef").find(c);
  return digit == std::string_view::npos ? -1 : static_cast<int>(digit);
}

/// \n \r \t \\ \xNN for bytes that an editor would not keep; a real newline counts for nothing.
std::string decode_escapes(std::string_view text, const Block& block) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') continue;
    if (text[i] != '\\') {
      bytes += text[i];
      continue;
    }
    const char kind = ++i < text.size() ? text[i] : '\0';
    const int high = kind == 'x' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      bytes += static_cast<char>(high * 16 + low);
      i += 2;
    } else if (const std::size_t known = std::string_view("nrt\\").find(kind);
               known != std::string_view::npos) {
      bytes += "\n\r\t\\"[known];
    } else {
      throw CaseError("line " + std::to_string(block.line) + ": unknown escape in '" + block.header + "'");
    }
  }
  return bytes;
}

/// What follows `marker` in the header; nothing when the block is of another kind.
std::optional<std::string> argument_of(const Block& block, std::string_view marker) {
  if (block.header == marker) return std::string();
  if (!block.header.starts_with(std::string(marker) + " ")) return std::nullopt;
  return block.header.substr(marker.size() + 1);
}

bool is_expectation(const Block& block) {
  for (const std::string_view marker : {"-- exit", "-- stdout", "-- stderr", "-- wrote"}) {
    if (argument_of(block, marker)) return true;
  }
  return false;
}

[[noreturn]] void refuse(const Block& block, const std::string& why) {
  throw CaseError("line " + std::to_string(block.line) + ": " + why + ": " + block.header);
}

int exit_code(const Block& block, const std::string& text) {
  int code = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  if (error != std::errc() || end != text.data() + text.size()) refuse(block, "not an exit code");
  return code;
}

/// Blocks that belong to the last step. False for any other.
bool read_step_block(const Block& block, Step& step) {
  if (const auto code = argument_of(block, "-- exit")) {
    step.expected.exit_code = exit_code(block, *code);
  } else if (argument_of(block, "-- stdout")) {
    step.expected.out = unescape_lines(block.body);
  } else if (argument_of(block, "-- stderr")) {
    step.expected.err = unescape_lines(block.body);
  } else if (const auto written = argument_of(block, "-- wrote")) {
    step.expected.written[*written] = unescape_lines(block.body);
  } else {
    return false;
  }
  return true;
}

/// Blocks that hold for the whole case. False for any other.
bool read_case_block(const Block& block, GoldenCase& parsed) {
  if (const auto escaped_name = argument_of(block, "-- escaped file")) {
    parsed.files[*escaped_name] = decode_escapes(block.body, block);
  } else if (const auto name = argument_of(block, "-- file")) {
    parsed.files[*name] = unescape_lines(block.body);
  } else if (const auto folder = argument_of(block, "-- folder")) {
    parsed.folders.push_back(*folder);
  } else if (const auto variable = argument_of(block, "-- env")) {
    const std::size_t equals = variable->find('=');
    if (equals == std::string::npos) refuse(block, "no '=' in");
    parsed.environment[variable->substr(0, equals)] = variable->substr(equals + 1);
  } else {
    return false;
  }
  return true;
}

bool may_have_body(const Block& block) {
  for (const std::string_view marker : {"-- file", "-- escaped file", "-- stdout", "-- stderr", "-- wrote"}) {
    if (argument_of(block, marker)) return true;
  }
  return false;
}

std::string expectation_text(const Result& result) {
  std::string text = "-- exit " + std::to_string(result.exit_code) + "\n-- stdout\n" +
                     escape_lines(result.out) + "-- stderr\n" + escape_lines(result.err);
  for (const auto& [name, content] : result.written)
    text += "-- wrote " + name + "\n" + escape_lines(content);
  return text;
}

}  // namespace

GoldenCase parse_case(std::string_view text) {
  const Blocks blocks = split_blocks(text);
  GoldenCase parsed;
  parsed.comment = blocks.comment;
  for (const std::string_view line : lines_of(blocks.comment)) {
    if (line != "\n" && !line.starts_with('#'))
      throw CaseError("only comments may stand before the first marker");
  }
  for (const Block& block : blocks.blocks) {
    if (!block.body.empty() && !may_have_body(block)) refuse(block, "text below a marker that takes none");
    if (const auto command_line = argument_of(block, "$")) {
      parsed.steps.push_back({*command_line, {}});
    } else if (!read_case_block(block, parsed)) {
      if (parsed.steps.empty()) refuse(block, "unknown marker, or one that must follow a command");
      if (!read_step_block(block, parsed.steps.back())) refuse(block, "unknown marker");
    }
  }
  if (parsed.steps.empty()) throw CaseError("no command: nothing would be tested");
  return parsed;
}

std::string with_results(std::string_view text, const std::vector<Result>& results) {
  const Blocks blocks = split_blocks(text);
  std::string rewritten = blocks.comment;
  std::size_t begun = 0;
  for (const Block& block : blocks.blocks) {
    if (is_expectation(block)) continue;
    if (argument_of(block, "$") && begun++ > 0) rewritten += expectation_text(results.at(begun - 2));
    rewritten += block.header + "\n" + block.body;
  }
  return rewritten + expectation_text(results.at(begun - 1));
}

std::vector<std::string> split_words(std::string_view command_line) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = '\0';
  for (std::size_t i = 0; i < command_line.size(); ++i) {
    char c = command_line[i];
    if (quote == '\0' && c == ' ') {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else {
      if (c == '\\' && quote != '\'') {
        if (++i == command_line.size()) throw CaseError("backslash at the end of a command");
        c = command_line[i];
      }
      words.back() += c;
    }
  }
  if (quote != '\0') throw CaseError("a quote that does not end");
  return words;
}

std::string without_value_of(std::string_view key, std::string text) {
  const std::string name = "\"" + std::string(key) + "\":";
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at)) {
    at += name.size();
    while (at < text.size() && text[at] == ' ')
      ++at;
    std::size_t end = at;
    int depth = 0;
    bool in_string = false;
    for (; end < text.size(); ++end) {
      const char c = text[end];
      if (in_string) {
        if (c == '\\')
          ++end;
        else if (c == '"')
          in_string = false;
        continue;
      }
      if (depth == 0 && (c == ',' || c == '}' || c == ']' || c == '\n')) break;
      if (c == '"') in_string = true;
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
    }
    text.replace(at, end - at, "\"*\"");
  }
  return text;
}

}  // namespace trainbudget::testing
