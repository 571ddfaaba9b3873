// What the importers share: rows by header name, prices that may be missing, names of accelerators.
#pragma once

#include "io/price_import/price_import.h"

#include <optional>
#include <string>
#include <string_view>

namespace trainbudget::io {

class ImportRows {
 public:
  ImportRows(const CsvTable& table, const ImportRequest& request) : table_(table), request_(request) {}

  std::size_t size() const { return table_.rows(); }
  std::string text(std::size_t row, std::size_t column) const {
    return std::string(table_.field(row, column));
  }
  /// A number of the field; nothing where it is empty. Throws at the field for anything else.
  std::optional<double> number(std::size_t row, std::size_t column) const;
  /// The same, and nothing for 0, nan and the sentinel 700.0, which stands for "unknown" in GCP's catalog.
  std::optional<double> price(std::size_t row, std::size_t column) const;

  /// The profile that `name` stands for; where there is none, drops the row and returns nothing.
  std::optional<std::string> accelerator(std::size_t row, const std::string& name,
                                         const std::string& instance, const std::string& memory,
                                         PriceImport& import) const;
  void drop(std::size_t row, std::string reason, std::string what, PriceImport& import) const {
    import.dropped.push_back({table_.location(row), std::move(reason), std::move(what)});
  }

  const CsvTable& table() const { return table_; }
  const ImportRequest& request() const { return request_; }

 private:
  const CsvTable& table_;
  const ImportRequest& request_;
};

void import_skypilot(const ImportRows& rows, PriceImport& import);
void import_gpuhunt(const ImportRows& rows, PriceImport& import);
void import_own_csv(const ImportRows& rows, PriceImport& import);

}  // namespace trainbudget::io
