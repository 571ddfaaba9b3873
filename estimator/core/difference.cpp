#include "core/difference.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>

namespace trainbudget {
namespace {

constexpr double rounding = 1e-11;

bool same(double a, double b) {
  return std::abs(a - b) <= rounding * std::max(std::abs(a), std::abs(b));
}
bool same(const Range& a, const Range& b) {
  return same(a.p10, b.p10) && same(a.p50, b.p50) && same(a.p90, b.p90);
}

void add_fact(Difference& result, const char* title, std::string before, std::string after) {
  if (before != after) result.facts.push_back({title, std::move(before), std::move(after)});
}

/// Texts that only one of the two has.
void add_texts(Difference& result, const char* title, const std::vector<std::string>& before,
               const std::vector<std::string>& after) {
  const auto has = [](const std::vector<std::string>& texts, const std::string& text) {
    return std::find(texts.begin(), texts.end(), text) != texts.end();
  };
  for (const std::string& text : before) {
    if (!has(after, text)) result.facts.push_back({title, text, {}});
  }
  for (const std::string& text : after) {
    if (!has(before, text)) result.facts.push_back({title, {}, text});
  }
}

/// A given number, found by a line that it goes into and its place there: names of inputs may hold that of
/// the accelerator.
struct GivenInput {
  std::vector<std::string> lines;  ///< all that it goes into
  std::string key;
  const LedgerInput* input = nullptr;
};

/// Whether both are one input: the same in a line that both estimates have.
bool is_same_input(const GivenInput& a, const GivenInput& b) {
  return a.key == b.key && a.input->unit == b.input->unit &&
         std::find_first_of(a.lines.begin(), a.lines.end(), b.lines.begin(), b.lines.end()) != a.lines.end();
}

std::string key_of(const LedgerLine& line, const LedgerInput& input) {
  return line.id == "peak_flops_per_second" || line.id == "memory_capacity" ? line.id : input.name;
}

bool same_words(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

/// Whether `input` of `line` repeats another line of the ledger.
bool is_repeated(const Estimate& estimate, const LedgerLine& line, const LedgerInput& input) {
  return std::any_of(estimate.ledger.begin(), estimate.ledger.end(), [&](const LedgerLine& other) {
    return other.id != line.id && same_words(other.title, input.name);
  });
}

/// What went into `estimate` from outside, each number once.
std::vector<GivenInput> given_inputs(const Estimate& estimate) {
  std::vector<GivenInput> inputs;
  for (const LedgerLine& line : estimate.ledger) {
    for (const LedgerInput& input : line.inputs) {
      if (input.provenance.origin == Origin::derived || is_repeated(estimate, line, input)) continue;
      const auto known = std::find_if(inputs.begin(), inputs.end(), [&](const GivenInput& other) {
        return other.key == key_of(line, input) && other.input->unit == input.unit &&
               same(other.input->value, input.value);
      });
      if (known != inputs.end())
        known->lines.push_back(line.id);
      else
        inputs.push_back({{line.id}, key_of(line, input), &input});
    }
  }
  return inputs;
}

std::string source_text(const Provenance& provenance) {
  return std::string(name_of(provenance.origin)) +
         (provenance.source.empty() ? "" : ": " + provenance.source);
}

NumberDifference of_input(const GivenInput& before, const GivenInput& after) {
  const GivenInput& any = before.input != nullptr ? before : after;
  NumberDifference number{.id = any.lines.front(), .title = any.input->name, .unit = any.input->unit};
  if (before.input != nullptr) {
    number.before = before.input->value;
    number.source_before = source_text(before.input->provenance);
  }
  if (after.input != nullptr) {
    number.after = after.input->value;
    number.source_after = source_text(after.input->provenance);
  }
  return number;
}

void add_inputs(Difference& result, const Estimate& before, const Estimate& after) {
  std::vector<GivenInput> left = given_inputs(before);
  std::vector<GivenInput> right = given_inputs(after);
  for (const GivenInput& a : left) {
    const auto b = std::find_if(right.begin(), right.end(),
                                [&](const GivenInput& other) { return is_same_input(a, other); });
    if (b == right.end()) {
      result.inputs.push_back(of_input(a, {}));
      continue;
    }
    if (!same(a.input->value, b->input->value)) result.inputs.push_back(of_input(a, *b));
    right.erase(b);
  }
  for (const GivenInput& b : right)
    result.inputs.push_back(of_input({}, b));
}

void add_lines(Difference& result, const Estimate& before, const Estimate& after) {
  for (const LedgerLine& a : before.ledger) {
    const LedgerLine* b = find_line(after, a.id);
    if (b != nullptr && same(a.value, b->value)) continue;
    result.lines.push_back({.id = a.id, .title = a.title, .unit = a.unit, .before = a.value});
    if (b != nullptr) result.lines.back().after = b->value;
  }
  for (const LedgerLine& b : after.ledger) {
    if (find_line(before, b.id) == nullptr)
      result.lines.push_back({.id = b.id, .title = b.title, .unit = b.unit, .after = b.value});
  }
}

std::string start_text(const Estimate& estimate) {
  if (!estimate.dates) return {};
  const Date& start = estimate.dates->start;
  const auto padded = [](int number, std::size_t width) {
    const std::string digits = std::to_string(number);
    return std::string(width - std::min(width, digits.size()), '0') + digits;
  };
  return padded(start.year, 4) + "-" + padded(start.month, 2) + "-" + padded(start.day, 2);
}

struct Factor {
  std::string_view id;
  double power = 1.0;
};
constexpr Factor cost_factors[] = {{"flops", 1.0},
                                   {"peak_flops_per_second", -1.0},
                                   {"model_flops_utilization", -1.0},
                                   {"whole_run_fraction", -1.0},
                                   {"price", 1.0}};
constexpr Factor time_factors[] = {{"flops", 1.0},
                                   {"peak_flops_per_second", -1.0},
                                   {"model_flops_utilization", -1.0},
                                   {"whole_run_fraction", -1.0},
                                   {"gpus", -1.0}};

struct FactorValue {
  std::string title;
  double value = 0.0;
};

std::optional<FactorValue> factor_value(const Estimate& estimate, std::string_view id) {
  if (id == "gpus") return FactorValue{"GPUs", estimate.gpus};
  const LedgerLine* line = find_line(estimate, id);
  if (line == nullptr) return std::nullopt;
  return FactorValue{line->title, line->value.p50};
}

void add_total(Difference& result, const Estimate& before, const Estimate& after, const char* id,
               std::span<const Factor> factors) {
  const LedgerLine* a = find_line(before, id);
  const LedgerLine* b = find_line(after, id);
  if (a == nullptr || b == nullptr || same(a->value.p50, b->value.p50)) return;
  TotalDifference total{.id = id, .title = a->title, .unit = a->unit, .amount = b->value.p50 - a->value.p50};
  const bool has_mean = a->value.p50 > 0.0 && b->value.p50 > 0.0;
  const double mean = has_mean ? total.amount / std::log(b->value.p50 / a->value.p50) : 0.0;
  double explained = 0.0;
  for (const Factor& factor : factors) {
    const std::optional<FactorValue> x = factor_value(before, factor.id);
    const std::optional<FactorValue> y = factor_value(after, factor.id);
    if (!has_mean || !x || !y || x->value <= 0.0 || y->value <= 0.0 || same(x->value, y->value)) continue;
    const double amount = mean * factor.power * std::log(y->value / x->value);
    explained += amount;
    total.shares.push_back({x->title, amount});
  }
  const double rest = total.amount - explained;
  const double scale = std::max(a->value.p50, b->value.p50);
  if (std::abs(rest) > 1e-9 * scale) total.shares.push_back({"everything else", rest});
  std::stable_sort(total.shares.begin(), total.shares.end(), [](const FactorShare& l, const FactorShare& r) {
    return std::abs(l.amount) > std::abs(r.amount);
  });
  result.totals.push_back(std::move(total));
}

}  // namespace

Difference difference(const Estimate& before, const Estimate& after) {
  Difference result;
  add_fact(result, "Name", before.name, after.name);
  add_fact(result, "Fidelity", std::string(name_of(before.fidelity)), std::string(name_of(after.fidelity)));
  add_fact(result, "Accelerator", before.accelerator, after.accelerator);
  add_fact(result, "Start", start_text(before), start_text(after));
  add_texts(result, "Assumed", before.assumptions, after.assumptions);
  add_texts(result, "Beware", before.warnings, after.warnings);
  add_inputs(result, before, after);
  add_lines(result, before, after);
  add_total(result, before, after, "cost", cost_factors);
  add_total(result, before, after, "wall_time", time_factors);
  return result;
}

}  // namespace trainbudget
