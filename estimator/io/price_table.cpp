#include "io/price_table.h"

#include "io/quantity_text.h"
#include "io/suggest.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace trainbudget::io {
namespace {

int number_at(std::string_view text, std::size_t at, std::size_t length) {
  return static_cast<int>(std::strtol(std::string(text.substr(at, length)).c_str(), nullptr, 10));
}

bool has_shape(std::string_view text, std::string_view shape) {
  if (text.size() != shape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (shape[i] == '0' ? !digit : text[i] != shape[i]) return false;
  }
  return true;
}

[[noreturn]] void refuse_date(std::string_view text, const Location& where) {
  throw InputError(where, "'" + std::string(text.substr(0, 40)) + "' is no date", "write it as 2024-06-01");
}

template <class Enum, std::size_t N>
Enum word_in(std::string_view word, const std::array<Enum, N>& values, const char* what,
             const Location& where) {
  std::vector<std::string_view> words;
  for (const Enum value : values) {
    if (name_of(value) == word) return value;
    words.push_back(name_of(value));
  }
  throw InputError(where, "unknown " + std::string(what) + " '" + std::string(word.substr(0, 40)) + "'",
                   did_you_mean_or_list(word, words));
}

}  // namespace

Date parse_date(std::string_view text, const Location& where) {
  if (!has_shape(text, "0000-00-00")) refuse_date(text, where);
  const Date date{number_at(text, 0, 4), number_at(text, 5, 2), number_at(text, 8, 2)};
  if (!is_valid(date)) refuse_date(text, where);
  return date;
}

PriceDate parse_price_date(std::string_view text, const Location& where) {
  const std::size_t dots = text.find("..");
  if (dots != std::string_view::npos) {
    const PriceDate from = parse_price_date(text.substr(0, dots), where);
    const PriceDate to = parse_price_date(text.substr(dots + 2), where);
    if (to.last < from.first) refuse_date(text, where);
    return {from.first, to.last};
  }
  if (!has_shape(text, "0000-00")) {
    const Date day = parse_date(text, where);
    return {day, day};
  }
  const int year = number_at(text, 0, 4);
  const int month = number_at(text, 5, 2);
  if (!is_valid({year, month, 1})) refuse_date(text, where);
  return {{year, month, 1}, {year, month, days_in_month(year, month)}};
}

PricingModel pricing_named(const std::string& word, const Location& where) {
  return word_in(word, all_pricing_models, "pricing model", where);
}

std::vector<Offer> read_price_table(const CsvTable& table) {
  constexpr double most_gpus_per_instance = 1e6;
  const std::size_t accelerator = table.column("accelerator");
  const std::size_t provider = table.column("provider");
  const std::size_t pricing = table.column("pricing");
  const std::size_t price = table.column("usd_per_gpu_hour");
  const std::size_t instance = table.column("instance");
  const std::size_t gpus = table.column("gpus_per_instance");
  const std::size_t region = table.column("region");
  const std::size_t as_of = table.column("as_of");
  const std::size_t precision = table.column("date_precision");
  const std::size_t quality = table.column("quality");
  const std::size_t source = table.column("source");
  const std::size_t note = table.column("note");

  std::vector<Offer> offers;
  offers.reserve(table.rows());
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const Location where = table.location(row);
    std::size_t current = accelerator;  // the field that is being read, for the place of an error
    const auto field = [&](std::size_t column) { return current = column, table.field(row, column); };
    const auto text = [&](std::size_t column) { return std::string(field(column)); };
    try {
      Offer offer{.accelerator = text(accelerator), .provider = text(provider)};
      if (offer.accelerator.empty() || offer.provider.empty())
        throw InputError(where, "a price needs an accelerator and a provider");
      offer.pricing = word_in(field(pricing), all_pricing_models, "pricing model", where);
      const double usd = parse_quantity(field(price), QuantityKind::count, where);
      if (!(usd > 0.0) || usd > 1e4)
        throw InputError(
            where, "a price above 0 and up to 10000 USD per GPU-hour is wanted, not '" + text(price) + "'");
      offer.price = usd_per_hour(usd);
      offer.instance = text(instance);
      if (const std::string_view count = field(gpus); !count.empty()) {
        const double number = parse_quantity(count, QuantityKind::count, where);
        if (number > most_gpus_per_instance || number != std::floor(number))
          throw InputError(where, "a whole number of GPUs is wanted, not '" + text(gpus) + "'");
        offer.gpus_per_instance = static_cast<int>(number);
      }
      offer.region = text(region);
      offer.as_of = parse_price_date(field(as_of), where);
      offer.date_precision = word_in(field(precision), all_date_precisions, "date precision", where);
      offer.quality = word_in(field(quality), all_price_qualities, "quality", where);
      offer.source = text(source);
      offer.note = text(note);
      offers.push_back(std::move(offer));
    } catch (InputError& error) {
      error.location = table.location(row, current);
      throw;
    }
  }
  return offers;
}

std::vector<Offer> read_price_table(const std::string& path) {
  return read_price_table(read_csv_file(path));
}

std::string date_text(Date date) {
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02d-%02d", date.year, date.month, date.day);
  return text;
}

std::string date_text(const PriceDate& date) {
  if (date.first == date.last) return date_text(date.first);
  const bool whole_month = date.first.year == date.last.year && date.first.month == date.last.month;
  return whole_month ? date_text(date.first).substr(0, 7)
                     : date_text(date.first) + ".." + date_text(date.last);
}

}  // namespace trainbudget::io
