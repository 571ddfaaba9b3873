#include "catch.h"
#include "input_error_of.h"
#include "io/quantity_text.h"

#include <clocale>
#include <string>

using namespace trainbudget;
using namespace trainbudget::io;
using Kind = QuantityKind;

namespace {

double read(std::string_view text, Kind kind) {
  return parse_quantity(text, kind, option_location("--x", text));
}

struct Accepted {
  const char* text;
  Kind kind;
  double value;
};

struct Refused {
  const char* text;
  Kind kind;
  const char* message;
  const char* hint;
};

}  // namespace

TEST_CASE("quantities as people write them") {
  const auto [text, kind, value] = GENERATE(values<Accepted>({
      {"14B", Kind::count, 14e9},
      {"1.1T", Kind::count, 1.1e12},  // to the bit: 1.1 * 1e12 is another double
      {"300G", Kind::count, 300e9},
      {"3e11", Kind::count, 3e11},
      {"3E+11", Kind::count, 3e11},
      {"64", Kind::count, 64},
      {" 64 ", Kind::count, 64},
      {".5", Kind::count, 0.5},
      {"5.", Kind::count, 5},
      {"1,000,000", Kind::count, 1e6},
      {"1_000_000", Kind::count, 1e6},
      {"7 billion", Kind::count, 7e9},
      {"0", Kind::count, 0},
      {"007", Kind::count, 7},
      {"50%", Kind::fraction, 0.5},
      {"16 %", Kind::fraction, 0.16},
      {"0.5", Kind::fraction, 0.5},
      {"100%", Kind::fraction, 1},
      {"2.52e22", Kind::flops, 2.52e22},
      {"25 ZFLOP", Kind::flops, 25e21},
      {"1EFLOPs", Kind::flops, 1e18},
      {"3640 PF-days", Kind::flops, 3640e15 * 86400},
      {"80GB", Kind::bytes, 80e9},
      {"80 GiB", Kind::bytes, 80 * 1073741824.0},
      {"512 bytes", Kind::bytes, 512},
      {"1EiB", Kind::bytes, 0x1p60},
      {"3 months", Kind::seconds, 90 * 86400.0},
      {"2.5 days", Kind::seconds, 216000},
      {"90min", Kind::seconds, 5400},
      {"1h30m", Kind::seconds, 5400},
      {"2 days 12 h", Kind::seconds, 216000},
      {"1.5h", Kind::seconds, 5400},
      {"10ms", Kind::seconds, 0.01},
      {"3.4 us", Kind::seconds, 3.4e-6},
      {"3 µs", Kind::seconds, 3e-6},
      {"1 week", Kind::seconds, 604800},
      {"1 year", Kind::seconds, 365 * 86400.0},
      {"300B", Kind::tokens, 300e9},
      {"1.5T tokens", Kind::tokens, 1.5e12},
      {"300 billion tokens", Kind::tokens, 300e9},
      {"312TFLOPS", Kind::flops_per_second, 312e12},
      {"312 TFLOP/s", Kind::flops_per_second, 312e12},
      {"624 TOPS", Kind::flops_per_second, 624e12},
      {"989.4 TFLOPS", Kind::flops_per_second, 989.4e12},
      {"2.039TB/s", Kind::bytes_per_second, 2.039e12},
      {"400Gb/s", Kind::bytes_per_second, 50e9},
      {"400 Gbps", Kind::bytes_per_second, 50e9},
      {"100 Gbit/s", Kind::bytes_per_second, 12.5e9},
      {"50 GBps", Kind::bytes_per_second, 50e9},
      {"1 GiB/s", Kind::bytes_per_second, 0x1p30},
      {"$100k", Kind::usd, 1e5},
      {"$2.5M", Kind::usd, 2.5e6},
      {"$1.5 million", Kind::usd, 1.5e6},
      {"35449 USD", Kind::usd, 35449},
      {"$35,449", Kind::usd, 35449},
      {"100k USD", Kind::usd, 1e5},
      {"100000", Kind::usd, 1e5},
      {"$0.79/h", Kind::usd_per_second, 0.79 / 3600},
      {"0.79 USD/hour", Kind::usd_per_second, 0.79 / 3600},
      {"$ 0.79 / hr", Kind::usd_per_second, 0.79 / 3600},
      {"$2/GPU/h", Kind::usd_per_second, 2.0 / 3600},
      {"$2/GPU-hour", Kind::usd_per_second, 2.0 / 3600},
      {"$24/day", Kind::usd_per_second, 24.0 / 86400},
      {"400W", Kind::watts, 400},
      {"10.2kW", Kind::watts, 10200},
      {"1830 MHz", Kind::hertz, 1.83e9},
      {"1.41GHz", Kind::hertz, 1.41e9},
      {"1.5 MWh", Kind::joules, 5.4e9},
      {"3.6MJ", Kind::joules, 3.6e6},
      {"24.7t", Kind::grams, 24.7e6},
      {"164kg", Kind::grams, 164e3},
  }));
  CAPTURE(text);
  CHECK(read(text, kind) == value);
}

TEST_CASE("prices and intensities per kilowatt-hour") {
  CHECK(read("$0.08/kWh", Kind::usd_per_joule) == Approx(0.08 / 3.6e6));
  CHECK(read("80 USD/MWh", Kind::usd_per_joule) == Approx(0.08 / 3.6e6));
  CHECK(read("413 g/kWh", Kind::grams_per_joule) == Approx(413 / 3.6e6));
  CHECK(read("413 kg/MWh", Kind::grams_per_joule) == Approx(413 / 3.6e6));
}

TEST_CASE("quantities that are refused, and what is said") {
  const auto [text, kind, message, hint] = GENERATE(values<Refused>({
      {"", Kind::tokens, "the text is empty", "300B"},
      {"   ", Kind::tokens, "the text is empty", "300B"},
      {"$", Kind::usd, "the text is empty", "$100k"},
      {"nan", Kind::tokens, "not a finite number", "300B"},
      {".inf", Kind::tokens, "not a finite number", "300B"},
      {"-Infinity", Kind::tokens, "is negative", "300B"},
      {"-5", Kind::count, "is negative", "14B"},
      {"$-5", Kind::usd, "is negative", "$100k"},
      {"0x10", Kind::count, "is hexadecimal", "14B"},
      {"abc", Kind::count, "is not a count", "14B"},
      {"1e400", Kind::count, "is too large", "14B"},
      {"1e300ZFLOP", Kind::flops, "is too large", "25 ZFLOP"},
      {"1e99999999999999999999", Kind::count, "is too large", "14B"},
      {"1e-400", Kind::count, "is too small", "14B"},
      {"1,00", Kind::count, "commas group digits by three", ""},
      {"1,5", Kind::count, "decimal mark is a point", ""},
      {"12,34,567", Kind::count, "commas group digits by three", ""},
      {"1__0", Kind::count, "unknown unit '__0'", ""},
      {"14B!", Kind::count, "unknown unit 'B!'", "14B"},
      {"14 B B", Kind::count, "unknown unit", "14B"},
      {"1.2.3", Kind::count, "unknown unit '.3'", ""},
      {"14b", Kind::count, "is ambiguous", "did you mean 14B?"},
      {"50", Kind::fraction, "is more than the whole", "did you mean 50%?"},
      {"1.5", Kind::fraction, "is more than the whole", "did you mean 1.5%?"},
      {"150%", Kind::fraction, "is more than the whole", "50%"},
      {"80Gb", Kind::bytes, "is in bits", "did you mean 80GB (decimal) or 80GiB (binary)?"},
      {"80G", Kind::bytes, "is ambiguous", "did you mean 80GB (decimal) or 80GiB (binary)?"},
      {"80", Kind::bytes, "lacks its unit", "80GB"},
      {"1M", Kind::seconds, "is ambiguous", "did you mean 1min or 1 months?"},
      {"1m", Kind::seconds, "is ambiguous", "did you mean 1min or 1 months?"},
      {"30m1h", Kind::seconds, "unknown unit", "12h"},
      {"1h1h", Kind::seconds, "unknown unit", "12h"},
      {"90", Kind::seconds, "lacks its unit", "90min"},
      {"300GB", Kind::tokens, "is a number of bytes, a number of tokens is wanted", "300B"},
      {"3 days", Kind::tokens, "is a time, a number of tokens is wanted", "300B"},
      {"$5", Kind::tokens, "is an amount of US dollars, a number of tokens is wanted", "300B"},
      {"$5", Kind::bytes, "is an amount of US dollars", "80GB"},
      {"312TFLOPS", Kind::flops, "is a rate of FLOPs, a number of FLOPs is wanted", "25 ZFLOP"},
      {"80GB", Kind::bytes_per_second, "is a number of bytes, a bandwidth is wanted", "did you mean 80GB/s?"},
      {"0.79", Kind::usd_per_second, "lacks its unit", "did you mean $0.79/h?"},
      {"$0.79", Kind::usd_per_second, "is an amount of US dollars", "did you mean $0.79/h?"},
      {"0.79/h", Kind::usd_per_second, "unknown unit", "$0.79/h"},
      {"€0.79/h", Kind::usd_per_second, "US dollars", "$0.79/h"},
      {"$32/node/h", Kind::usd_per_second, "unknown unit", "$0.79/h"},
      {"$1/m", Kind::usd_per_second, "unknown unit", "$0.79/h"},
      {"400mW", Kind::watts, "unknown unit 'mW'", "400W"},
      {"/h", Kind::usd_per_second, "is not a price", "$0.79/h"},
  }));
  CAPTURE(text);
  const std::string given = text;
  const Kind wanted = kind;
  const InputError error = input_error_of([&] { read(given, wanted); });
  CHECK_THAT(error.what(), ContainsSubstring(message));
  CHECK_THAT(error.hint, ContainsSubstring(hint));
  CHECK(error.location.file == "--x");
}

TEST_CASE("a long or garbled text is repeated in part and in print") {
  const std::string text(100'000, '9');
  const InputError error = input_error_of([&] { read(text, Kind::seconds); });
  CHECK(std::string(error.what()).size() < 200);
  const InputError units = input_error_of([&] { read("1 " + std::string(100'000, 'x'), Kind::seconds); });
  CHECK(describe(units).size() < 500);
}

TEST_CASE("the locale changes nothing") {
  const char* german = std::setlocale(LC_ALL, "de_DE.UTF-8");
  const double value = read("1.5T", Kind::tokens);
  const std::string text = format_quantity(1.5e12, Kind::tokens);
  std::setlocale(LC_ALL, "C");
  CAPTURE(german != nullptr);
  CHECK(value == 1.5e12);
  CHECK(text == "1.5T");
}

TEST_CASE("quantities are written for people") {
  CHECK(format_quantity(14e9, Kind::count) == "14B");
  CHECK(format_quantity(1536, Kind::count) == "1,536");
  CHECK(format_quantity(300e9, Kind::tokens) == "300B");
  CHECK(format_quantity(999.7e6, Kind::count) == "1B");
  CHECK(format_quantity(999.4e6, Kind::count) == "999M");
  CHECK(format_quantity(0.1604, Kind::fraction) == "16%");
  CHECK(format_quantity(2.52e22, Kind::flops) == "25.2 ZFLOP");
  CHECK(format_quantity(80e9, Kind::bytes) == "80 GB");
  CHECK(format_quantity(312e12, Kind::flops_per_second) == "312 TFLOP/s");
  CHECK(format_quantity(50e9, Kind::bytes_per_second) == "50 GB/s");
  CHECK(format_quantity(22436 * 3600.0, Kind::seconds) == "935 days");
  CHECK(format_quantity(5400, Kind::seconds) == "1.5 h");
  CHECK(format_quantity(0.01, Kind::seconds) == "10 ms");
  CHECK(format_quantity(110725.6, Kind::usd) == "$110,726");
  CHECK(format_quantity(35.2, Kind::usd) == "$35.20");
  CHECK(format_quantity(0.79 / 3600, Kind::usd_per_second) == "$0.79/h");
  CHECK(format_quantity(0.08 / 3.6e6, Kind::usd_per_joule) == "$0.08/kWh");
  CHECK(format_quantity(413 / 3.6e6, Kind::grams_per_joule) == "413 g/kWh");
  CHECK(format_quantity(5.4e9, Kind::joules) == "1.5 MWh");
  CHECK(format_quantity(400, Kind::watts) == "400 W");
  CHECK(format_quantity(1.83e9, Kind::hertz, 4) == "1.83 GHz");
  CHECK(format_quantity(24.7e6, Kind::grams) == "24.7 t");
  CHECK(format_quantity(0, Kind::seconds) == "0 s");
  CHECK(format_quantity(-35.2, Kind::usd) == "-$35.20");
  CHECK(format_quantity(1.0 / 0.0, Kind::usd) == "unknown");
}
