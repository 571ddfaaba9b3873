// Any bytes are a price list of somebody's, in one of three formats: offers that are prices, or a located
// error.
#include "io/price_import/price_import.h"
#include "io/profile_folder.h"
#include "io/text_source.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trainbudget;
  static const io::ProfileFolder profiles = io::profile_folder("");
  static const auto names = io::read_import_names(profiles.path("prices/import_names.csv"));
  static const auto accelerators = profiles.names(io::accelerator_profiles);
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const io::PriceSource source :
       {io::PriceSource::skypilot, io::PriceSource::gpuhunt, io::PriceSource::csv}) {
    for (const char* provider : {"gcp", "runpod", "mithril"}) {
      try {
        const io::CsvTable table(io::checked_source(text, "input", 1 << 16), "input");
        const io::PriceImport list = io::import_prices(table, {.source = source,
                                                               .provider = provider,
                                                               .as_of = {2026, 8, 21},
                                                               .today = {2026, 8, 21},
                                                               .names = names,
                                                               .profiles = accelerators});
        for (const Offer& offer : list.offers) {
          if (!(offer.price.value > 0.0) || !std::isfinite(offer.price.value) || offer.accelerator.empty())
            std::abort();
        }
      } catch (const io::InputError& error) {
        describe(error);
      }
    }
  }
  return 0;
}
