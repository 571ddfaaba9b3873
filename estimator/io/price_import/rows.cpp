#include "io/price_import/rows.h"

#include "io/profile_names.h"
#include "io/quantity_text.h"
#include "io/suggest.h"

#include <algorithm>
#include <set>

namespace trainbudget::io {
namespace {

bool fits(const ImportName& row, std::string_view source, std::string_view provider, std::string_view name,
          std::string_view instance, std::string_view memory) {
  return row.source == source && (row.provider.empty() || row.provider == provider) && row.name == name &&
         (row.instance.empty() || lower_case(instance).find(lower_case(row.instance)) != std::string::npos) &&
         (row.memory_gb.empty() || row.memory_gb == memory);
}

/// "80.0" is "80".
std::string whole(std::string_view number) {
  const std::size_t point = number.find('.');
  if (point == std::string_view::npos) return std::string(number);
  const bool zeros = number.find_first_not_of('0', point + 1) == std::string_view::npos;
  return std::string(zeros ? number.substr(0, point) : number);
}

}  // namespace

std::optional<double> ImportRows::number(std::size_t row, std::size_t column) const {
  const std::string_view text = table_.field(row, column);
  if (text.empty() || text == "nan" || text == "None") return std::nullopt;
  try {
    return parse_quantity(text, QuantityKind::count, table_.location(row));
  } catch (InputError& error) {
    error.location = table_.location(row, column);
    throw;
  }
}

std::optional<double> ImportRows::price(std::size_t row, std::size_t column) const {
  constexpr double sentinel = 700.0;
  const std::optional<double> usd = number(row, column);
  if (!usd || *usd == 0.0 || *usd == sentinel) return std::nullopt;
  return usd;
}

std::optional<std::string> ImportRows::accelerator(std::size_t row, const std::string& name,
                                                   const std::string& instance, const std::string& memory,
                                                   PriceImport& import) const {
  const std::string_view source = request_.source == PriceSource::skypilot ? "skypilot" : "gpuhunt";
  std::set<std::string> known;
  for (const ImportName& entry : request_.names) {
    if (entry.source == source) known.insert(entry.name);
    if (!fits(entry, source, request_.provider, name, instance, whole(memory))) continue;
    if (!entry.accelerator.empty()) return entry.accelerator;
    drop(row, "'" + name + "': " + entry.note, instance, import);
    return std::nullopt;
  }
  if (known.contains(name)) {
    drop(row, "'" + name + "' may mean several accelerators here", instance, import);
    return std::nullopt;
  }
  const std::string hint = did_you_mean_any(name, known);
  drop(row, "unknown accelerator '" + name.substr(0, 60) + "'" + (hint.empty() ? "" : "; " + hint), instance,
       import);
  return std::nullopt;
}

std::vector<ImportName> read_import_names(const std::string& path) {
  const CsvTable table = read_csv_file(path);
  const std::size_t columns[] = {
      table.column("source"),    table.column("provider"),    table.column("name"), table.column("instance"),
      table.column("memory_gb"), table.column("accelerator"), table.column("note")};
  std::vector<ImportName> names;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const auto text = [&](std::size_t i) { return std::string(table.field(row, columns[i])); };
    names.push_back({text(0), text(1), text(2), text(3), text(4), text(5), text(6)});
  }
  return names;
}

PriceImport import_prices(const CsvTable& table, const ImportRequest& request) {
  PriceImport import;
  const ImportRows rows(table, request);
  if (request.source == PriceSource::skypilot) import_skypilot(rows, import);
  if (request.source == PriceSource::gpuhunt) import_gpuhunt(rows, import);
  if (request.source == PriceSource::csv) import_own_csv(rows, import);
  if (request.source != PriceSource::csv) {
    drop_duplicates(import);
    mark_suspects(import);
  }
  return import;
}

double tpu_chips(std::string_view name) {
  const std::size_t dash = name.rfind('-');
  if (dash == std::string_view::npos || dash + 1 == name.size()) return 0.0;
  double count = 0.0;
  for (const char c : name.substr(dash + 1)) {
    if (c < '0' || c > '9') return 0.0;
    count = count * 10.0 + (c - '0');
  }
  std::string_view kind = name.substr(0, dash);
  if (kind.starts_with("tpu-")) kind.remove_prefix(4);
  const bool cores = kind == "v2" || kind == "v3" || kind == "v4" || kind == "v5p";
  return cores ? count / 2.0 : count;
}

}  // namespace trainbudget::io
