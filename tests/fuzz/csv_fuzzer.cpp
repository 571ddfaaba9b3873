// Any bytes are a table or a located error; and any table is a price list or one.
#include "io/csv.h"
#include "io/price_table.h"
#include "io/text_source.h"

#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trainbudget::io;
  try {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const CsvTable table(checked_source(text, "input", largest_csv_bytes), "input");
    if (table.rows() > 0) describe(InputError(table.location(table.rows() - 1, 0), "the last row"));
    read_price_table(table);
  } catch (const InputError& error) {
    describe(error);
  }
  return 0;
}
