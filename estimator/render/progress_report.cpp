#include "render/progress_report.h"

#include "core/date.h"
#include "core/quantity.h"
#include "render/against_plan.h"
#include "render/estimate_report.h"
#include "render/json_number.h"
#include "render/number_text.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace trainbudget::render {
namespace {

using Json = nlohmann::ordered_json;

struct Line {
  std::string id;
  std::string title;
  std::optional<Range> value;
  Unit unit = Unit::count;
  bool is_time = false;      ///< seconds since 1970
  std::string unknown = {};  ///< why there is no value
  bool opens = false;        ///< begins a group
};

std::optional<Range> exact(std::optional<double> value) {
  return value ? std::optional(exactly(*value)) : std::nullopt;
}

std::vector<Line> lines_of(const ProgressReport& report) {
  const Progress& p = report.progress;
  const char* no_bill = !report.gpus ? "unknown: no number of GPUs" : "unknown: no price";
  std::vector<Line> lines = {
      {"tokens", "Trained on", exactly(p.tokens), Unit::tokens, false, "", true},
      {"share", "Of all tokens", exactly(p.tokens / p.total_tokens), Unit::fraction},
      {"elapsed", "Time so far", exactly(p.elapsed_seconds), Unit::seconds},
      {"gpu_hours", "GPU-hours so far", exact(p.gpu_hours), Unit::gpu_hours, false, no_bill},
      {"cost", "Spent so far", report.bill.cost_usd, Unit::usd, false, no_bill},
      {"throughput", "Throughput now", exactly(p.tokens_per_second), Unit::tokens_per_second, false, "",
       true},
      {"throughput_all", "Throughput, all time counted", exactly(p.tokens_per_second_all),
       Unit::tokens_per_second}};
  if (p.flops_per_second_per_gpu)
    lines.push_back(
        {"flops_per_gpu", "Achieved on each GPU", exact(p.flops_per_second_per_gpu), Unit::flops_per_second});
  if (p.model_flops_utilization)
    lines.push_back({"model_flops_utilization", "Model FLOPs utilisation", exact(p.model_flops_utilization),
                     Unit::fraction});
  if (!p.interruptions.empty()) {
    lines.push_back({"interruptions", "Interruptions", exactly(static_cast<double>(p.interruptions.size())),
                     Unit::count});
    lines.push_back({"lost", "Lost in them", exactly(p.lost_seconds), Unit::seconds});
  }
  if (p.repeated_tokens > 0.0) {
    lines.push_back({"repeated", "Done twice", exactly(p.repeated_tokens), Unit::tokens});
    lines.push_back({"repeated_time", "Lost in that", exactly(p.repeated_seconds), Unit::seconds});
  }
  lines.push_back({"remaining", "Time to go", p.remaining_seconds, Unit::seconds, false, "", true});
  if (p.finish_time) lines.push_back({"finish", "Finish", p.finish_time, Unit::seconds, true});
  lines.push_back({"wall_time", "Wall time in the end", p.wall_time_seconds, Unit::seconds});
  lines.push_back(
      {"final_gpu_hours", "GPU-hours in the end", p.final_gpu_hours, Unit::gpu_hours, false, no_bill});
  lines.push_back({"final_cost", "Final bill", report.bill.final_cost_usd, Unit::usd, false, no_bill});
  if (report.plan) {
    lines.push_back({"plan_wall_time", "Planned wall time", report.plan->wall_time_seconds, Unit::seconds,
                     false, "", true});
    lines.push_back(
        {"plan_cost", "Planned bill", report.plan->cost_usd, Unit::usd, false, "unknown: no price"});
  }
  return lines;
}

Table lines_table(const std::vector<Line>& lines) {
  Table table{.columns = {{"line", ""}, {"p10", "P10", true}, {"p50", "P50", true}, {"p90", "P90", true}}};
  for (const Line& line : lines) {
    if (line.opens && !table.rows.empty())
      table.rows.push_back({Cell::of(""), Cell::of(""), Cell::of(""), Cell::of("")});
    const auto cell = [&](double value) {
      return Cell::of(line.is_time ? time_text(value) : number_text(value, line.unit), value);
    };
    if (!line.value) {
      table.rows.push_back({Cell::of(line.title), Cell::of(""), Cell::of(line.unknown), Cell::of("")});
      continue;
    }
    const bool is_exact = line.value->is_exact();
    table.rows.push_back({Cell::of(line.title), is_exact ? Cell::of("") : cell(line.value->p10),
                          cell(line.value->p50), is_exact ? Cell::of("") : cell(line.value->p90)});
  }
  return table;
}

std::string headline(const ProgressReport& report) {
  return fmt::format("{}: {} of {} tokens", report.title, number_text(report.progress.tokens, Unit::count),
                     number_text(report.progress.total_tokens, Unit::count));
}

std::string subtitle(const ProgressReport& report) {
  std::string text;
  if (report.gpus)
    text = grouped(*report.gpus) + " × " + (report.accelerator.empty() ? "GPU" : report.accelerator) + "; ";
  text += fmt::format("{} records of a {} log", grouped(report.records), report.format);
  if (report.progress.last_time) text += ", the last of " + time_text(*report.progress.last_time);
  return text;
}

/// What there is to say in words.
std::vector<std::string> findings_of(const ProgressReport& report) {
  const Progress& p = report.progress;
  std::vector<std::string> findings;
  if (p.tokens >= p.total_tokens) findings.emplace_back("all tokens are trained on");
  if (p.trend)
    findings.push_back(p.trend->is_clear ? fmt::format("throughput {} by {:.1f} % over the log",
                                                       p.trend->change < 0.0 ? "fell" : "rose",
                                                       100.0 * std::fabs(p.trend->change))
                                         : "throughput shows no clear trend");
  if (const auto against = against_plan(report)) {
    findings.push_back(against_text(*against));
    findings.push_back(against->is_within ? "the forecast lies within the plan's P10 to P90"
                                          : "the forecast lies outside the plan's P10 to P90");
  }
  if (p.tokens < p.total_tokens)
    findings.push_back(
        p.blocks > 1
            ? fmt::format(
                  "{} parts of the log differ by {:.0f} %; the range is of {:.0f} %, with what is assumed "
                  "where there are few",
                  p.blocks, 100.0 * p.observed_spread, 100.0 * p.block_spread)
            : fmt::format("the log is too short for a range of its own: {:.0f} % are assumed",
                          100.0 * p.block_spread));
  return findings;
}

Table interruptions_table(const Progress& progress) {
  Table table{.columns = {{"line", "Line", true},
                          {"tokens", "After", true},
                          {"lost_seconds", "Lost", true},
                          {"repeated_tokens", "Done twice", true},
                          {"kind", "What"}}};
  for (const Interruption& one : progress.interruptions)
    table.rows.push_back(
        {Cell::of(std::to_string(one.line), one.line),
         Cell::of(number_text(one.tokens, Unit::count), one.tokens),
         Cell::of(number_text(one.lost_seconds, Unit::seconds), one.lost_seconds),
         Cell::of(one.repeated_tokens > 0.0 ? number_text(one.repeated_tokens, Unit::count) : "",
                  one.repeated_tokens),
         Cell::of(one.restart ? "restart" : "gap")});
  return table;
}

/// Notes of one text, with the lines that they are of.
struct NoteGroup {
  std::string text;
  std::vector<int> lines;
};

std::vector<NoteGroup> grouped_notes(const std::vector<LogNote>& notes) {
  std::vector<NoteGroup> groups;
  std::map<std::string, std::size_t> index;
  for (const LogNote& note : notes) {
    const auto [found, is_new] = index.emplace(note.text, groups.size());
    if (is_new) groups.push_back({note.text, {}});
    std::vector<int>& lines = groups[found->second].lines;
    if (lines.empty() || lines.back() != note.line)
      lines.push_back(note.line);  // a line may hold two reports
  }
  return groups;
}

constexpr std::size_t most_lines_named = 5;

std::vector<std::string> note_texts(const std::vector<LogNote>& notes) {
  std::vector<std::string> texts;
  for (const NoteGroup& group : grouped_notes(notes)) {
    std::string text;
    if (group.lines.front() > 0) {
      text = group.lines.size() > 1 ? "lines " : "line ";
      for (std::size_t i = 0; i < std::min(group.lines.size(), most_lines_named); ++i)
        text += (i > 0 ? ", " : "") + std::to_string(group.lines[i]);
      if (group.lines.size() > most_lines_named)
        text += fmt::format(" and {} more", group.lines.size() - most_lines_named);
      text += ": ";
    }
    texts.push_back(text + group.text);
  }
  return texts;
}

/// The parts of the report, in order: to `table(title, …)` and `list(title, …)`.
template <class OnTable, class OnList>
void compose(const ProgressReport& report, const OnTable& table, const OnList& list) {
  table("", lines_table(lines_of(report)));
  list("What it says", findings_of(report));
  if (!report.progress.interruptions.empty()) table("Interruptions", interruptions_table(report.progress));
  list("Notes on the log", note_texts(report.progress.notes));
  list("Assumed", report.assumptions);
  list("Beware", report.warnings);
}

Json range_json(const Range& range) {
  return {{"p10", json_number(range.p10)}, {"p50", json_number(range.p50)}, {"p90", json_number(range.p90)}};
}

Json optional_range(const std::optional<Range>& range) {
  return range ? range_json(*range) : Json(nullptr);
}

Json optional_number(const std::optional<double>& value) {
  return value ? json_number(*value) : Json(nullptr);
}

Json against_json(const std::optional<AgainstPlan>& against, const std::optional<Estimate>& plan) {
  if (!against) return nullptr;
  return {{"wall_time_seconds", range_json(plan->wall_time_seconds)},
          {"cost_usd", optional_range(plan->cost_usd)},
          {"behind_seconds", json_number(against->behind_seconds)},
          {"final_behind_seconds", json_number(against->final_behind_seconds)},
          {"over_usd", optional_number(against->over_usd)},
          {"final_over_usd", optional_number(against->final_over_usd)},
          {"is_within_range", against->is_within}};
}

}  // namespace

std::string time_text(double seconds) {
  constexpr Date last{9999, 12, 31};
  const double days = std::floor(seconds / seconds_per_day);
  if (!(days >= 0.0) || days > days_since_epoch(last)) return {};
  Date date;
  auto left = static_cast<int>(days);
  for (; left >= (is_leap_year(date.year) ? 366 : 365); ++date.year)
    left -= is_leap_year(date.year) ? 366 : 365;
  for (; left >= days_in_month(date.year, date.month); ++date.month)
    left -= days_in_month(date.year, date.month);
  date.day += left;
  const auto minutes = static_cast<int>((seconds - days * seconds_per_day) / 60.0);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", date.year, date.month, date.day, minutes / 60,
                     minutes % 60);
}

std::string progress_text(const ProgressReport& report, Style style) {
  const auto bold = [&](const std::string& text) {
    return style.color ? "\033[1m" + text + "\033[0m" : text;
  };
  const auto width = static_cast<std::size_t>(style.width > 4 ? style.width - 4 : 0);
  std::string out = bold(headline(report)) + "\n" + subtitle(report) + "\n";
  compose(
      report,
      [&](const std::string& title, const Table& table) {
        out += "\n" + (title.empty() ? "" : bold(title) + "\n") + table_text(table, style);
      },
      [&](const std::string& title, const std::vector<std::string>& items) {
        if (items.empty()) return;
        out += "\n" + bold(title) + "\n";
        for (const std::string& item : items)
          out += "  - " + wrapped(item, width, 4) + "\n";
      });
  return out;
}

std::string progress_markdown(const ProgressReport& report) {
  std::string out = "# " + headline(report) + "\n" + subtitle(report) + "\n";
  compose(
      report,
      [&](const std::string& title, const Table& table) {
        out += (title.empty() ? "\n" : "\n## " + title + "\n\n") + table_markdown(table);
      },
      [&](const std::string& title, const std::vector<std::string>& items) {
        if (items.empty()) return;
        out += "\n## " + title + "\n";
        for (const std::string& item : items)
          out += "- " + item + "\n";
      });
  return out;
}

std::string progress_csv(const ProgressReport& report) {
  Table table{.columns = {{"id", ""}, {"p10", ""}, {"p50", ""}, {"p90", ""}, {"unit", ""}}};
  for (const Line& line : lines_of(report)) {
    const auto cell = [&](double Range::*which) {
      return line.value ? Cell::of("", (*line.value).*which) : Cell::unknown();
    };
    table.rows.push_back({Cell::of(line.id), cell(&Range::p10), cell(&Range::p50), cell(&Range::p90),
                          Cell::of(line.is_time ? "seconds_since_1970" : unit_word(line.unit))});
  }
  return table_csv(table);
}

std::string progress_json(const ProgressReport& report) {
  const Progress& p = report.progress;
  Json interruptions = Json::array();
  for (const Interruption& one : p.interruptions)
    interruptions.push_back({{"line", one.line},
                             {"kind", one.restart ? "restart" : "gap"},
                             {"tokens", json_number(one.tokens)},
                             {"lost_seconds", json_number(one.lost_seconds)},
                             {"repeated_tokens", json_number(one.repeated_tokens)}});
  Json notes = Json::array();
  for (NoteGroup& group : grouped_notes(p.notes)) {
    const std::size_t count = group.lines.size();
    constexpr std::size_t most_in_json = 100;
    group.lines.resize(std::min(count, most_in_json));
    std::erase(group.lines, 0);
    notes.push_back({{"text", group.text}, {"count", count}, {"lines", group.lines}});
  }
  Json finish = nullptr;
  if (p.finish_time)
    finish = {{"p10", time_text(p.finish_time->p10)},
              {"p50", time_text(p.finish_time->p50)},
              {"p90", time_text(p.finish_time->p90)}};
  const Json json = {
      {"schema_version", "1.0"},
      {"name", report.title},
      {"log",
       {{"format", report.format},
        {"records", json_number(report.records)},
        {"last_time", p.last_time ? Json(time_text(*p.last_time)) : Json(nullptr)}}},
      {"gpus", optional_number(report.gpus)},
      {"price_usd_per_gpu_hour", optional_range(report.bill.price_usd_per_gpu_hour)},
      {"steps", json_number(p.steps)},
      {"tokens", json_number(p.tokens)},
      {"total_tokens", json_number(p.total_tokens)},
      {"elapsed_seconds", json_number(p.elapsed_seconds)},
      {"gpu_hours", optional_number(p.gpu_hours)},
      {"cost_usd", optional_range(report.bill.cost_usd)},
      {"tokens_per_second", json_number(p.tokens_per_second)},
      {"tokens_per_second_all", json_number(p.tokens_per_second_all)},
      {"trend", p.trend ? Json{{"change", json_number(p.trend->change)}, {"is_clear", p.trend->is_clear}}
                        : Json(nullptr)},
      {"flops_per_second_per_gpu", optional_number(p.flops_per_second_per_gpu)},
      {"model_flops_utilization", optional_number(p.model_flops_utilization)},
      {"interruptions", std::move(interruptions)},
      {"lost_seconds", json_number(p.lost_seconds)},
      {"repeated_tokens", json_number(p.repeated_tokens)},
      {"repeated_seconds", json_number(p.repeated_seconds)},
      {"remaining_seconds", range_json(p.remaining_seconds)},
      {"finish", std::move(finish)},
      {"wall_time_seconds", range_json(p.wall_time_seconds)},
      {"final_gpu_hours", optional_range(p.final_gpu_hours)},
      {"final_cost_usd", optional_range(report.bill.final_cost_usd)},
      {"blocks", p.blocks},
      {"block_spread", json_number(p.block_spread)},
      {"plan", against_json(against_plan(report), report.plan)},
      {"notes", std::move(notes)},
      {"assumptions", report.assumptions},
      {"warnings", report.warnings}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace trainbudget::render
