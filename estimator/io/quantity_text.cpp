#include "io/quantity_text.h"

#include "io/decimal.h"

#include <algorithm>
#include <array>
#include <cfloat>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

namespace trainbudget::io {
namespace {

using Kind = QuantityKind;

enum class Prefix {
  none,    ///< the word stands alone
  metric,  ///< k M G T P E Z Y R Q, steps of 1000
  bytes,   ///< the same, and Ki Mi Gi Ti Pi Ei, steps of 1024
  small,   ///< m u n
  amount,  ///< k M B T, thousand, million, billion, trillion: how people count tokens and dollars
};

// One value of the unit in SI base units is 10^exponent × times ÷ per. The power of ten is kept apart because
// it is applied to the decimal text, exactly; the division because 0.79/3600 and 0.79·(1/3600) differ in the
// last bit.
struct UnitWord {
  Kind kind;
  std::string_view word;
  Prefix prefix = Prefix::none;
  int exponent = 0;
  double times = 1.0;
  double per = 1.0;
};

// One row per unit word. Dollars are written before the number, and reach this table as "k$" or "$/h". Rates
// that have no word of their own are read as a ratio: "GB/s" is bytes over seconds, "g/kWh" grams over
// joules.
constexpr UnitWord unit_words[] = {
    {Kind::count, "", Prefix::amount},
    {Kind::fraction, ""},
    {Kind::fraction, "%", Prefix::none, -2},
    {Kind::flops, ""},
    {Kind::flops, "FLOP", Prefix::metric},
    {Kind::flops, "FLOPs", Prefix::metric},
    {Kind::flops, "flop", Prefix::metric},
    {Kind::flops, "flops", Prefix::metric},
    {Kind::flops, "OP", Prefix::metric},
    {Kind::flops, "OPs", Prefix::metric},
    {Kind::flops, "F-days", Prefix::metric, 0, 86400.0},  // as in PF-days
    {Kind::flops, "FLOP/s-days", Prefix::metric, 0, 86400.0},
    {Kind::bytes, "B", Prefix::bytes},
    {Kind::bytes, "byte"},
    {Kind::bytes, "bytes"},
    {Kind::seconds, "s", Prefix::small},
    {Kind::seconds, "µs", Prefix::none, -6},  // the micro sign of Latin keyboards
    {Kind::seconds, "μs", Prefix::none, -6},  // the Greek letter
    {Kind::seconds, "sec"},
    {Kind::seconds, "secs"},
    {Kind::seconds, "second"},
    {Kind::seconds, "seconds"},
    {Kind::seconds, "min", Prefix::none, 0, 60.0},
    {Kind::seconds, "mins", Prefix::none, 0, 60.0},
    {Kind::seconds, "minute", Prefix::none, 0, 60.0},
    {Kind::seconds, "minutes", Prefix::none, 0, 60.0},
    {Kind::seconds, "h", Prefix::none, 0, 3600.0},
    {Kind::seconds, "hr", Prefix::none, 0, 3600.0},
    {Kind::seconds, "hrs", Prefix::none, 0, 3600.0},
    {Kind::seconds, "hour", Prefix::none, 0, 3600.0},
    {Kind::seconds, "hours", Prefix::none, 0, 3600.0},
    {Kind::seconds, "d", Prefix::none, 0, 86400.0},
    {Kind::seconds, "day", Prefix::none, 0, 86400.0},
    {Kind::seconds, "days", Prefix::none, 0, 86400.0},
    {Kind::seconds, "w", Prefix::none, 0, 7 * 86400.0},
    {Kind::seconds, "week", Prefix::none, 0, 7 * 86400.0},
    {Kind::seconds, "weeks", Prefix::none, 0, 7 * 86400.0},
    {Kind::seconds, "month", Prefix::none, 0, 30 * 86400.0},
    {Kind::seconds, "months", Prefix::none, 0, 30 * 86400.0},
    {Kind::seconds, "year", Prefix::none, 0, 365 * 86400.0},
    {Kind::seconds, "years", Prefix::none, 0, 365 * 86400.0},
    {Kind::tokens, "", Prefix::amount},
    {Kind::tokens, "token", Prefix::amount},
    {Kind::tokens, "tokens", Prefix::amount},
    {Kind::flops_per_second, "FLOPS", Prefix::metric},
    {Kind::flops_per_second, "FLOPs", Prefix::metric},
    {Kind::flops_per_second, "flops", Prefix::metric},
    {Kind::flops_per_second, "OPS", Prefix::metric},
    {Kind::bytes_per_second, "b/s", Prefix::metric, 0, 1.0, 8.0},
    {Kind::bytes_per_second, "bps", Prefix::metric, 0, 1.0, 8.0},
    {Kind::bytes_per_second, "bit/s", Prefix::metric, 0, 1.0, 8.0},
    {Kind::bytes_per_second, "Bps", Prefix::bytes},
    {Kind::usd, "", Prefix::amount},
    {Kind::usd, "$", Prefix::amount},
    {Kind::usd, "USD", Prefix::amount},
    {Kind::usd, "usd", Prefix::amount},
    {Kind::usd, "dollars", Prefix::amount},
    {Kind::watts, "W", Prefix::metric},
    {Kind::hertz, "Hz", Prefix::metric},
    {Kind::joules, "J", Prefix::metric},
    {Kind::joules, "Wh", Prefix::metric, 0, 3600.0},
    {Kind::grams, "g"},
    {Kind::grams, "kg", Prefix::none, 3},
    {Kind::grams, "t", Prefix::metric, 6},
    {Kind::grams, "tonnes", Prefix::none, 6},
};

struct PrefixWord {
  Prefix prefix;
  std::string_view word;
  int exponent = 0;
  double times = 1.0;
};
constexpr PrefixWord prefix_words[] = {
    {Prefix::metric, "k", 3},         {Prefix::metric, "K", 3},         {Prefix::metric, "M", 6},
    {Prefix::metric, "G", 9},         {Prefix::metric, "T", 12},        {Prefix::metric, "P", 15},
    {Prefix::metric, "E", 18},        {Prefix::metric, "Z", 21},        {Prefix::metric, "Y", 24},
    {Prefix::metric, "R", 27},        {Prefix::metric, "Q", 30},        {Prefix::bytes, "Ki", 0, 0x1p10},
    {Prefix::bytes, "Mi", 0, 0x1p20}, {Prefix::bytes, "Gi", 0, 0x1p30}, {Prefix::bytes, "Ti", 0, 0x1p40},
    {Prefix::bytes, "Pi", 0, 0x1p50}, {Prefix::bytes, "Ei", 0, 0x1p60}, {Prefix::small, "m", -3},
    {Prefix::small, "u", -6},         {Prefix::small, "n", -9},         {Prefix::amount, "k", 3},
    {Prefix::amount, "K", 3},         {Prefix::amount, "M", 6},         {Prefix::amount, "B", 9},
    {Prefix::amount, "G", 9},         {Prefix::amount, "T", 12},        {Prefix::amount, "thousand", 3},
    {Prefix::amount, "million", 6},   {Prefix::amount, "billion", 9},   {Prefix::amount, "trillion", 12},
};

struct KindText {
  Kind kind;
  std::string_view noun;
  std::string_view examples;
};
constexpr KindText kind_texts[] = {
    {Kind::count, "a count", "64, 14B, 1.5T, 3e9"},
    {Kind::fraction, "a fraction", "50%, 0.5"},
    {Kind::flops, "a number of FLOPs", "2.52e22, 25 ZFLOP"},
    {Kind::bytes, "a number of bytes", "80GB (decimal), 80GiB (binary)"},
    {Kind::seconds, "a time", "3 months, 2.5 days, 12h, 90min, 10ms"},
    {Kind::tokens, "a number of tokens", "300B, 1.5T tokens, 3e11"},
    {Kind::flops_per_second, "a rate of FLOPs", "312TFLOPS, 312 TFLOP/s, 624 TOPS"},
    {Kind::bytes_per_second, "a bandwidth", "2039GB/s, 400Gb/s (bits)"},
    {Kind::usd, "an amount of US dollars", "$100k, $2.5M, 35449 USD"},
    {Kind::usd_per_second, "a price per hour", "$0.79/h, 4.096 USD/hour"},
    {Kind::watts, "a power", "400W, 10.2kW"},
    {Kind::hertz, "a clock", "1830 MHz, 1.83GHz"},
    {Kind::joules, "an energy", "1.5MWh, 3.6MJ"},
    {Kind::usd_per_joule, "a price of electricity", "$0.08/kWh"},
    {Kind::grams_per_joule, "a carbon intensity", "413 g/kWh"},
    {Kind::grams, "a mass of CO2", "24.7t, 164kg"},
};

const KindText& text_of(Kind kind) {
  for (const KindText& text : kind_texts) {
    if (text.kind == kind) return text;
  }
  return kind_texts[0];
}

struct Ratio {
  Kind kind, over, under;
};
constexpr std::array ratios = {
    Ratio{Kind::flops_per_second, Kind::flops, Kind::seconds},
    Ratio{Kind::bytes_per_second, Kind::bytes, Kind::seconds},
    Ratio{Kind::usd_per_second, Kind::usd, Kind::seconds},
    Ratio{Kind::usd_per_joule, Kind::usd, Kind::joules},
    Ratio{Kind::grams_per_joule, Kind::grams, Kind::joules},
};

struct Scale {
  int exponent = 0;
  double times = 1.0;
  double per = 1.0;
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view spaces = " \t\r\n";
  const std::size_t first = text.find_first_not_of(spaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(spaces) - first + 1);
}

/// `text` as a prefix and `unit`, with or without a space between them.
std::optional<Scale> scale_of(std::string_view text, const UnitWord& unit) {
  if (!text.ends_with(unit.word)) return std::nullopt;
  const std::string_view head = trimmed(text.substr(0, text.size() - unit.word.size()));
  const Scale plain{unit.exponent, unit.times, unit.per};
  if (head.empty()) return plain;
  for (const PrefixWord& prefix : prefix_words) {
    const bool applies =
        unit.prefix == prefix.prefix || (unit.prefix == Prefix::bytes && prefix.prefix == Prefix::metric);
    if (!applies || head != prefix.word || unit.prefix == Prefix::none) continue;
    return Scale{plain.exponent + prefix.exponent, plain.times * prefix.times, plain.per};
  }
  return std::nullopt;
}

std::optional<Scale> scale_of_word(std::string_view text, Kind kind) {
  for (const UnitWord& unit : unit_words) {
    if (unit.kind != kind) continue;
    if (const auto scale = scale_of(text, unit)) return scale;
  }
  return std::nullopt;
}

/// Prices are per GPU throughout: "$2/GPU/h", "$2/GPU-hour" and "$2/h" are the same.
void drop_gpu(std::string_view& over, std::string_view& under) {
  for (const std::string_view gpu : {"GPU", "gpu"}) {
    if (over.ends_with(gpu) && over.size() > gpu.size() && over[over.size() - gpu.size() - 1] == '/') {
      over = trimmed(over.substr(0, over.size() - gpu.size() - 1));
    }
    const bool joined = under.starts_with(gpu) && under.size() > gpu.size() + 1;
    if (joined && (under[gpu.size()] == '-' || under[gpu.size()] == ' ')) under.remove_prefix(gpu.size() + 1);
  }
}

/// What one of the unit `text` is in SI base units of `kind`; nullopt when it is no unit of that kind.
std::optional<Scale> scale_of(std::string_view text, Kind kind) {
  if (const auto scale = scale_of_word(text, kind)) return scale;
  const std::size_t slash = text.rfind('/');
  if (slash == std::string_view::npos) return std::nullopt;
  for (const Ratio& ratio : ratios) {
    if (ratio.kind != kind) continue;
    std::string_view over = trimmed(text.substr(0, slash));
    std::string_view under = trimmed(text.substr(slash + 1));
    if (kind == Kind::usd_per_second) drop_gpu(over, under);
    // "$/h" needs its dollar: a bare number over hours could be anything.
    if (over.empty() || under.empty()) return std::nullopt;
    if (ratio.over == Kind::usd && scale_of_word(over, Kind::count)) return std::nullopt;
    const auto above = scale_of_word(over, ratio.over);
    const auto below = scale_of_word(under, ratio.under);
    if (!above || !below) return std::nullopt;
    return Scale{above->exponent - below->exponent, above->times * below->per, above->per * below->times};
  }
  return std::nullopt;
}

/// One text on its way to a number, with all that an error may want to say.
struct Reading {
  std::string_view original;
  Kind kind;
  const Location& where;
  std::string number = {};  ///< as written
  std::string unit = {};    ///< as scale_of() takes it

  [[noreturn]] void refuse(const std::string& message, std::string hint = {}) const {
    if (hint.empty()) {
      hint = "write " + std::string(text_of(kind).noun) + " as in " + std::string(text_of(kind).examples);
    }
    throw InputError(where, message, std::move(hint));
  }

  std::string quoted() const {
    constexpr std::size_t most_shown = 60;
    const bool cut = original.size() > most_shown;
    return "'" + std::string(original.substr(0, most_shown)) + (cut ? "...'" : "'");
  }

  [[noreturn]] void refuse_unit() const;
};

/// Units that are right somewhere else, or that could mean two things.
std::string likely_meaning(const Reading& reading) {
  const std::string& unit = reading.unit;
  const std::string& number = reading.number;
  const Kind kind = reading.kind;
  if (kind == Kind::bytes && scale_of(unit + "/s", Kind::bytes_per_second)) {
    const std::string scale = unit.substr(0, unit.size() - 1);  // bits: "Gb"
    return "did you mean " + number + scale + "B (decimal) or " + number + scale + "iB (binary)?";
  }
  if (kind == Kind::bytes && !unit.empty() && scale_of(unit + "B", kind)) {
    return "did you mean " + number + unit + "B (decimal) or " + number + unit + "iB (binary)?";
  }
  if (kind == Kind::seconds && (unit == "m" || unit == "M")) {
    return "did you mean " + number + "min or " + number + " months?";
  }
  const bool is_amount = kind == Kind::count || kind == Kind::tokens || kind == Kind::usd;
  if (is_amount && (unit == "b" || unit == "m" || unit == "t" || unit == "g")) {
    return "did you mean " + number + static_cast<char>(unit[0] - 'a' + 'A') + "?";
  }
  if (kind == Kind::usd_per_second && (unit.empty() || scale_of(unit, Kind::usd))) {
    // A rate without its time: of a price it is the hour, of thousands the month.
    std::string amount = "$" + number;
    std::copy_if(unit.begin(), unit.end(), std::back_inserter(amount), [](char c) { return c != '$'; });
    return amount.size() == number.size() + 1 ? "did you mean " + amount + "/h?"
                                              : "did you mean " + amount + "/month or " + amount + "/h?";
  }
  if (kind == Kind::bytes_per_second && scale_of(unit + "/s", kind))
    return "did you mean " + number + unit + "/s?";
  return {};
}

void Reading::refuse_unit() const {
  const std::string meaning = likely_meaning(*this);
  if (unit.empty()) refuse(quoted() + " lacks its unit", meaning);
  for (const KindText& other : kind_texts) {
    if (other.kind == kind || !scale_of(unit, other.kind)) continue;
    const bool is_bare_amount = scale_of(unit, Kind::count).has_value();  // "300B": of what?
    if (is_bare_amount) break;
    refuse(
        quoted() + " is " + std::string(other.noun) + ", " + std::string(text_of(kind).noun) + " is wanted",
        meaning);
  }
  if (kind == Kind::bytes && scale_of(unit + "/s", Kind::bytes_per_second)) {
    refuse(quoted() + " is in bits, bytes are wanted", meaning);
  }
  if (!meaning.empty()) refuse(quoted() + " is ambiguous", meaning);
  refuse("unknown unit '" + unit.substr(0, 40) + "' in " + quoted());
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  std::string lower(text);
  for (char& letter : lower) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  for (const std::string_view word : words) {
    if (lower == word) return true;
  }
  return false;
}

/// Says what is wrong with a text that does not begin with a number.
void refuse_what_is_no_number(const Reading& reading, std::string_view text) {
  const std::string noun(text_of(reading.kind).noun);
  if (text.empty()) reading.refuse(noun + " is wanted, the text is empty");
  if (text.front() == '-' || text.starts_with("−")) reading.refuse(reading.quoted() + " is negative");
  if (text.starts_with("0x") || text.starts_with("0X")) reading.refuse(reading.quoted() + " is hexadecimal");
  if (is_one_of(text, {"nan", ".nan", "inf", ".inf", "+inf", "infinity"})) {
    reading.refuse(reading.quoted() + " is not a finite number");
  }
  if (text.starts_with("€") || text.starts_with("£")) {
    reading.refuse(reading.quoted() + " is not in US dollars, the only currency known here");
  }
}

/// Splits the text into number and unit; the dollar sign joins the unit ("$2/GPU/h": 2, "$/GPU/h").
Decimal split(Reading& reading) {
  std::string_view text = trimmed(reading.original);
  refuse_what_is_no_number(reading, text);
  const bool has_dollar = text.starts_with('$');
  if (has_dollar) text = trimmed(text.substr(1));
  refuse_what_is_no_number(reading, text);
  Decimal number = scan_decimal(text);
  if (number.length == 0)
    reading.refuse(reading.quoted() + " is not " + std::string(text_of(reading.kind).noun));
  if (number.problem != nullptr) reading.refuse(reading.quoted() + ": " + number.problem);
  reading.number = text.substr(0, number.length);
  reading.unit = trimmed(text.substr(number.length));
  if (has_dollar) reading.unit.insert(std::min(reading.unit.find('/'), reading.unit.size()), "$");
  return number;
}

/// `1h30m`, `2 days 12h`: parts of a time from large to small.
std::optional<double> read_time_parts(std::string_view text) {
  double sum = 0.0;
  double last = 0.0;  // the unit before
  int parts = 0;
  for (text = trimmed(text); !text.empty(); ++parts) {
    const Decimal number = scan_decimal(text);
    if (number.length == 0 || number.problem != nullptr) return std::nullopt;
    text = trimmed(text.substr(number.length));
    const std::size_t end = std::min(text.find_first_of("0123456789."), text.size());
    const std::string_view word = trimmed(text.substr(0, end));
    // After hours, m can only be minutes.
    const auto scale = scale_of_word(word == "m" && last == 3600.0 ? "min" : word, Kind::seconds);
    if (!scale || scale->exponent != 0 || (parts > 0 && scale->times >= last)) return std::nullopt;
    sum += to_double(number) * scale->times;
    last = scale->times;
    text.remove_prefix(end);
  }
  return parts > 1 ? std::optional(sum) : std::nullopt;
}

}  // namespace

std::string_view quantity_name(QuantityKind kind) {
  return text_of(kind).noun;
}

double parse_quantity(std::string_view text, QuantityKind kind, const Location& where) {
  Reading reading{.original = text, .kind = kind, .where = where};
  const Decimal number = split(reading);
  const auto scale = scale_of(reading.unit, kind);
  if (!scale) {
    const auto time = kind == Kind::seconds ? read_time_parts(text) : std::nullopt;
    if (time && std::isfinite(*time)) return *time;
    reading.refuse_unit();
  }
  const double value = to_double(number, scale->exponent) * scale->times / scale->per;
  if (!std::isfinite(value)) reading.refuse(reading.quoted() + " is too large");
  if (value < DBL_MIN && is_nonzero(number)) reading.refuse(reading.quoted() + " is too small");
  if (kind == Kind::fraction && value > 1.0) {
    const bool percent_forgotten = reading.unit.empty() && value <= 100.0;
    reading.refuse(reading.quoted() + " is more than the whole",
                   percent_forgotten ? "did you mean " + reading.number + "%?" : "");
  }
  return value;
}

}  // namespace trainbudget::io
