#include "planner/plan_report.h"

#include "planner/reasons.h"
#include "render/json_number.h"
#include "render/number_text.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace trainbudget::planner {
namespace {

using Json = nlohmann::ordered_json;
using render::Cell;
using render::number_text;

Cell number(double value, Unit unit) {
  return Cell::of(number_text(value, unit), value);
}

Cell optional_number(const std::optional<Range>& range, Unit unit, Quantile quantile = Quantile::p50) {
  return range ? number(at(*range, quantile), unit) : Cell::unknown();
}

/// What the title of a column says of numbers that are no medians.
std::string quantile_text(const Plan& plan) {
  return plan.limits.quantile == Quantile::p90 ? " (P90)" : "";
}

std::string model_text(const Way& way) {
  return way.model.empty() ? number_text(way.parameters, Unit::count) + " parameters" : way.model;
}

std::string hardware_text(const Way& way) {
  return render::grouped(way.gpus) + " × " + way.accelerator;
}

Cell loss_difference(const Plan& plan, const Way& way) {
  if (!plan.winner) return Cell::unknown();
  const double more = way.loss[preferred_law] - plan.winner->loss[preferred_law];
  return Cell::of(more == 0.0 ? "" : fmt::format("{:+.4f}", more), more);
}

/// What the budget pays: the cost, or with what was asked for around it.
render::Column bill_column(const Plan& plan) {
  const auto more = [](const Way& way) { return way.bill_usd != way.cost_usd; };
  const bool total =
      (plan.winner && more(*plan.winner)) ||
      std::any_of(plan.misses.begin(), plan.misses.end(), [&](const Option& miss) { return more(miss.way); });
  return {"bill_usd", (total ? "Total budget" : "Cost") + quantile_text(plan), true};
}

render::Column time_column(const Plan& plan) {
  return {"wall_time_seconds", "Wall time" + quantile_text(plan), true};
}

/// Ways that differ in size and tokens.
render::Table options_table(const Plan& plan) {
  render::Table table{.columns = {{"option", "Option"},
                                  {"model", "Model"},
                                  {"parameters", "Parameters", true},
                                  {"tokens", "Tokens", true},
                                  {"tokens_per_parameter", "Per parameter", true},
                                  {"gpus", "On"},
                                  bill_column(plan),
                                  time_column(plan),
                                  {"loss", "Loss", true},
                                  {"loss_difference", "±", true}}};
  if (plan.served_tokens > 0.0)
    table.columns.insert(table.columns.begin() + 7, {"serving_usd", "Serving", true});
  for (const Option& option : plan.options) {
    const Way& way = option.way;
    std::vector<Cell> row = {
        Cell::of(option.title),
        Cell::of(model_text(way)),
        number(way.parameters, Unit::count),
        Cell::of(number_text(way.tokens, Unit::count), way.tokens),
        Cell::of(render::significant(way.tokens_per_parameter(), 2), way.tokens_per_parameter()),
        Cell::of(hardware_text(way), way.gpus),
        optional_number(way.bill_usd, Unit::usd, plan.limits.quantile),
        number(at(way.wall_time_seconds, plan.limits.quantile), Unit::seconds),
        Cell::of(fmt::format("{:.4f}", way.loss[preferred_law]), way.loss[preferred_law]),
        loss_difference(plan, way)};
    if (plan.served_tokens > 0.0) row.insert(row.begin() + 7, number(way.serving_usd, Unit::usd));
    table.rows.push_back(std::move(row));
  }
  return table;
}

/// Ways that differ in what they run on; what is the same for all of them is left out.
class WaysTable {
 public:
  explicit WaysTable(const Plan& plan) : quantile_(plan.limits.quantile) {
    table_.columns = {{"what", "What"},   {"gpus", "On"},
                      {"offer", "Offer"}, {"price_usd_per_gpu_hour", "Price", true},
                      bill_column(plan),  time_column(plan)};
    table_.columns.push_back({.key = "reason", .title = "Why not", .wraps = true});
  }

  void add(const std::string& what, const std::optional<Way>& way, const std::string& reason) {
    std::vector<Cell> row = {Cell::of(what)};
    if (way) {
      row.insert(row.end(), {Cell::of(hardware_text(*way), way->gpus), Cell::of(way->offer),
                             optional_number(way->price_usd_per_gpu_hour, Unit::usd_per_gpu_hour),
                             optional_number(way->bill_usd, Unit::usd, quantile_),
                             number(at(way->wall_time_seconds, quantile_), Unit::seconds)});
    } else {
      row.insert(row.end(), 5, Cell::unknown());
    }
    row.push_back(Cell::of(reason));
    table_.rows.push_back(std::move(row));
  }

  const render::Table& table() const { return table_; }

 private:
  Quantile quantile_;  ///< against which limits hold, and of which the reasons are
  render::Table table_;
};

render::Table losers_table(const Plan& plan) {
  WaysTable ways(plan);
  for (const Loser& loser : plan.losers)
    ways.add(loser.what, loser.way, loser.reason);
  return ways.table();
}

render::Table misses_table(const Plan& plan) {
  WaysTable ways(plan);
  for (const Option& miss : plan.misses)
    ways.add(miss.title.substr(0, miss.title.find(':')), miss.way,
             "it would take " + miss.title.substr(miss.title.find(':') + 2));
  return ways.table();
}

std::string limits_text(const Limits& limits) {
  std::string text;
  if (limits.budget_usd) text = number_text(*limits.budget_usd, Unit::usd);
  if (limits.deadline_seconds)
    text += (text.empty() ? "" : " and ") + number_text(*limits.deadline_seconds, Unit::seconds);
  return text + (limits.quantile == Quantile::p90 ? " (P90)" : " (P50)");
}

std::string headline(const Plan& plan) {
  if (!plan.winner) return "Nothing keeps to " + limits_text(plan.limits);
  const Way& way = *plan.winner;
  return fmt::format("{} on {} tokens within {}", model_text(way), number_text(way.tokens, Unit::count),
                     limits_text(plan.limits));
}

std::string subtitle(const Way& way) {
  std::string text = hardware_text(way);
  if (!way.cluster.empty()) text += " in " + way.cluster;
  if (!way.offer.empty()) text += ", " + way.offer;
  if (way.price_usd_per_gpu_hour)
    text += ", " + number_text(way.price_usd_per_gpu_hour->p50, Unit::usd_per_gpu_hour);
  if (!way.layout.empty())
    text += "; " + way.layout + fmt::format(", {:g} sequences a step", way.global_batch);
  return text;
}

render::Table ranges_table(const Plan& plan) {
  render::Table table{
      .columns = {{"line", ""}, {"p10", "P10", true}, {"p50", "P50", true}, {"p90", "P90", true}}};
  for (const char* id : {"cost", "total", "wall_time", "gpu_hours", "paid_gpu_hours",
                         "model_flops_utilization", "memory", "price"}) {
    const LedgerLine* line = find_line(*plan.estimate, id);
    if (line == nullptr) continue;
    const bool exact = line->value.is_exact();
    const auto cell = [&](double value) { return number(value, line->unit); };
    table.rows.push_back({Cell::of(line->title), exact ? Cell::of("") : cell(line->value.p10),
                          cell(line->value.p50), exact ? Cell::of("") : cell(line->value.p90)});
  }
  return table;
}

std::string bold(const std::string& text, render::Style style) {
  return style.color ? "\033[1m" + text + "\033[0m" : text;
}

/// The parts of a report in order, for text and Markdown alike.
template <class Heading, class TableText, class Bullets, class Code>
void compose(const Plan& plan, const std::string& command, const Heading& heading, const TableText& table,
             const Bullets& bullets, const Code& code) {
  if (plan.winner) {
    table("", ranges_table(plan));
    bullets("Why it", plan.reasons);
    if (plan.options.size() > 1 || plan.free_tokens || plan.free_size) table("Options", options_table(plan));
  }
  if (!plan.misses.empty()) table("What comes nearest", misses_table(plan));
  if (!plan.losers.empty()) table("Why the others lost", losers_table(plan));
  bullets("Assumed", plan.assumptions);
  bullets("Beware", plan.warnings);
  if (plan.winner && !command.empty()) {
    heading("The same as an estimate");
    code(command);
  }
}

Json range_json(const std::optional<Range>& range) {
  if (!range) return nullptr;
  return {{"p10", render::json_number(range->p10)},
          {"p50", render::json_number(range->p50)},
          {"p90", render::json_number(range->p90)}};
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json optional_json(const std::optional<double>& value) {
  return value ? render::json_number(*value) : Json(nullptr);
}

Json way_json(const std::optional<Way>& optional) {
  if (!optional) return nullptr;
  const Way& way = *optional;
  Json loss = Json::object();
  for (std::size_t i = 0; i < scaling_laws.size(); ++i)
    loss[std::string(scaling_laws[i].name)] = render::json_number(way.loss[i]);
  return {{"model", text_or_null(way.model)},
          {"parameters", render::json_number(way.parameters)},
          {"tokens", render::json_number(way.tokens)},
          {"tokens_per_parameter", render::json_number(way.tokens_per_parameter())},
          {"accelerator", way.accelerator},
          {"cluster", text_or_null(way.cluster)},
          {"gpus", render::json_number(way.gpus)},
          {"offer", text_or_null(way.offer)},
          {"price_usd_per_gpu_hour", range_json(way.price_usd_per_gpu_hour)},
          {"layout", text_or_null(way.layout)},
          {"global_batch", way.global_batch > 0.0 ? render::json_number(way.global_batch) : Json(nullptr)},
          {"gpu_hours", render::json_number(way.gpu_hours)},
          {"wall_time_seconds", range_json(way.wall_time_seconds)},
          {"cost_usd", range_json(way.cost_usd)},
          {"bill_usd", range_json(way.bill_usd)},
          {"paid_gpu_hours", render::json_number(way.paid_gpu_hours)},
          {"serving_usd", render::json_number(way.serving_usd)},
          {"model_flops_utilization", render::json_number(way.model_flops_utilization)},
          {"memory_bytes", optional_json(way.memory_bytes)},
          {"loss_nats_per_token", std::move(loss)}};
}

Json options_json(const std::vector<Option>& options) {
  Json list = Json::array();
  for (const Option& option : options)
    list.push_back({{"title", option.title}, {"plan", way_json(option.way)}});
  return list;
}

std::string_view name_of(Aim aim) {
  return aim == Aim::cheapest ? "cheapest" : aim == Aim::fastest ? "fastest" : "least_loss";
}

Json chance(const std::optional<Range>& range, const std::optional<double>& limit) {
  return range && limit ? render::json_number(chance_at_most(*range, *limit)) : Json(nullptr);
}

}  // namespace

std::string plan_text(const Plan& plan, const std::string& command, render::Style style) {
  std::string out = bold(headline(plan), style) + "\n";
  const auto width = static_cast<std::size_t>(style.width);
  if (plan.winner) out += render::wrapped(subtitle(*plan.winner), width, 2) + "\n";
  const auto heading = [&](const std::string& title) {
    out += "\n" + (title.empty() ? "" : bold(title, style) + "\n");
  };
  compose(
      plan, command, heading,
      [&](const std::string& title, const render::Table& table) {
        heading(title);
        out += render::table_text(table, style);
      },
      [&](const std::string& title, const std::vector<std::string>& items) {
        if (items.empty()) return;
        heading(title);
        for (const std::string& item : items)
          out += "  - " + render::wrapped(item, width > 4 ? width - 4 : 0, 4) + "\n";
      },
      [&](const std::string& code) { out += code + "\n"; });
  return out;
}

std::string plan_markdown(const Plan& plan, const std::string& command) {
  std::string out = "# " + headline(plan) + "\n";
  if (plan.winner) out += subtitle(*plan.winner) + "\n";
  const auto heading = [&](const std::string& title) {
    out += title.empty() ? "\n" : "\n## " + title + "\n";
  };
  compose(
      plan, command, heading,
      [&](const std::string& title, const render::Table& table) {
        heading(title);
        out += render::table_markdown(table);
      },
      [&](const std::string& title, const std::vector<std::string>& items) {
        if (items.empty()) return;
        heading(title);
        for (const std::string& item : items)
          out += "- " + item + "\n";
      },
      [&](const std::string& code) { out += "```\n" + code + "\n```\n"; });
  return out;
}

std::string plan_json(const Plan& plan, const std::string& command) {
  Json losers = Json::array();
  for (const Loser& loser : plan.losers)
    losers.push_back({{"kind", loser.kind},
                      {"what", loser.what},
                      {"reason", loser.reason},
                      {"plan", way_json(loser.way)}});
  const std::optional<Range> time =
      plan.winner ? std::optional(plan.winner->wall_time_seconds) : std::nullopt;
  const std::optional<Range> bill = plan.winner ? plan.winner->bill_usd : std::nullopt;
  std::optional<double> budget = plan.limits.budget_usd;
  if (budget && plan.winner) *budget -= plan.winner->serving_usd;
  const Json report = {{"schema_version", "1.0"},
                       {"aim", name_of(plan.aim)},
                       {"limits",
                        {{"budget_usd", optional_json(plan.limits.budget_usd)},
                         {"deadline_seconds", optional_json(plan.limits.deadline_seconds)},
                         {"quantile", plan.limits.quantile == Quantile::p50 ? "p50" : "p90"}}},
                       {"served_tokens", render::json_number(plan.served_tokens)},
                       {"preferred_law", scaling_laws[preferred_law].name},
                       {"candidates", render::json_number(plan.candidates)},
                       {"winner", way_json(plan.winner)},
                       {"chance_within_budget", chance(bill, budget)},
                       {"chance_within_deadline", chance(time, plan.limits.deadline_seconds)},
                       {"command", text_or_null(command)},
                       {"options", options_json(plan.options)},
                       {"misses", options_json(plan.misses)},
                       {"losers", std::move(losers)},
                       {"reasons", plan.reasons},
                       {"assumptions", plan.assumptions},
                       {"warnings", plan.warnings}};
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string plan_csv(const Plan& plan) {
  render::Table table{.columns = {{"role", ""},
                                  {"what", ""},
                                  {"model", ""},
                                  {"parameters", ""},
                                  {"tokens", ""},
                                  {"accelerator", ""},
                                  {"gpus", ""},
                                  {"offer", ""},
                                  {"price_usd_per_gpu_hour", ""},
                                  {"layout", ""},
                                  {"global_batch", ""},
                                  {"cost_usd_p10", ""},
                                  {"cost_usd_p50", ""},
                                  {"cost_usd_p90", ""},
                                  {"bill_usd", ""},
                                  {"paid_gpu_hours", ""},
                                  {"serving_usd", ""},
                                  {"wall_time_seconds_p10", ""},
                                  {"wall_time_seconds_p50", ""},
                                  {"wall_time_seconds_p90", ""},
                                  {"loss", ""},
                                  {"reason", ""}}};
  const auto value = [](double number) { return Cell{"", number}; };
  const auto add = [&](const char* role, const std::string& what, const std::optional<Way>& optional,
                       const std::string& reason) {
    std::vector<Cell> row = {Cell::of(role), Cell::of(what)};
    if (optional) {
      const Way& way = *optional;
      const auto quantile = [&](const std::optional<Range>& range, double Range::*which) {
        return range ? value((*range).*which) : Cell::unknown();
      };
      row.insert(row.end(),
                 {Cell::of(way.model), value(way.parameters), value(way.tokens), Cell::of(way.accelerator),
                  value(way.gpus), Cell::of(way.offer), quantile(way.price_usd_per_gpu_hour, &Range::p50),
                  Cell::of(way.layout), way.global_batch > 0.0 ? value(way.global_batch) : Cell::unknown(),
                  quantile(way.cost_usd, &Range::p10), quantile(way.cost_usd, &Range::p50),
                  quantile(way.cost_usd, &Range::p90), quantile(way.bill_usd, &Range::p50),
                  value(way.paid_gpu_hours), value(way.serving_usd), value(way.wall_time_seconds.p10),
                  value(way.wall_time_seconds.p50), value(way.wall_time_seconds.p90),
                  value(way.loss[preferred_law])});
    } else {
      row.insert(row.end(), table.columns.size() - 3, Cell::unknown());
    }
    row.push_back(Cell::of(reason));
    table.rows.push_back(std::move(row));
  };
  if (plan.winner) add("winner", "", plan.winner, "");
  for (std::size_t i = 1; i < plan.options.size(); ++i)
    add("option", plan.options[i].title, plan.options[i].way, "");
  for (const Option& miss : plan.misses)
    add("miss", miss.title, miss.way, reason_against(plan, miss.way));
  for (const Loser& loser : plan.losers)
    add(loser.kind.c_str(), loser.what, loser.way, loser.reason);
  return render::table_csv(table);
}

}  // namespace trainbudget::planner
