// dstack's gpuhunt: <provider>.csv of catalog v1 and v2. A price is of the whole instance; memory is of one
// GPU.
#include "io/price_import/rows.h"

namespace trainbudget::io {

void import_gpuhunt(const ImportRows& rows, PriceImport& import) {
  constexpr double most_usd = 1e4;
  const CsvTable& table = rows.table();
  const std::size_t instance = table.column("instance_name");
  const std::size_t location = table.column("location");
  const std::size_t price = table.column("price");
  const std::size_t count = table.column("gpu_count");
  const std::size_t name = table.column("gpu_name");
  const std::size_t memory = table.column("gpu_memory");
  const std::size_t spot = table.column("spot");
  const std::optional<std::size_t> vendor = table.find_column("gpu_vendor");  // v2
  for (std::size_t row = 0; row < rows.size(); ++row) {
    std::string gpu = rows.text(row, name);
    const std::string type = rows.text(row, instance);
    double accelerators = rows.number(row, count).value_or(0.0);
    const bool prefixed = gpu.starts_with("tpu-");  // v1 has no vendor, and a prefix instead
    const bool tpu = prefixed || (vendor && rows.text(row, *vendor) == "google");
    if (prefixed) gpu.erase(0, 4);
    if (gpu.empty() || (accelerators <= 0.0 && !tpu)) {
      rows.drop(row, "no accelerator: a price of a host alone", type, import);
      continue;
    }
    const std::optional<double> usd = rows.price(row, price);
    if (!usd) {
      rows.drop(row, "no price: empty, 0 or the sentinel 700", type, import);
      continue;
    }
    if (tpu) {
      accelerators = tpu_chips(type);
      if (accelerators <= 0.0) {
        rows.drop(row, "a TPU slice whose name does not tell its chips", type, import);
        continue;
      }
      const std::size_t dash = gpu.rfind('-');
      if (dash != std::string::npos) gpu.resize(dash);
    }
    const std::string word = rows.text(row, spot);
    const bool is_spot = word == "True" || word == "true";
    if (!is_spot && word != "False" && word != "false")
      throw InputError(table.location(row, spot), "'" + word.substr(0, 40) + "' is neither True nor False");
    const auto accelerator = rows.accelerator(row, gpu, type, rows.text(row, memory), import);
    if (!accelerator) continue;
    const double each = *usd / accelerators;
    if (!(each > 0.0) || each > most_usd) {
      rows.drop(row, "more than 10000 USD for an accelerator-hour", type, import);
      continue;
    }
    const ImportRequest& request = rows.request();
    import.offers.push_back({.accelerator = *accelerator,
                             .provider = request.provider,
                             .pricing = is_spot ? PricingModel::spot : PricingModel::on_demand,
                             .price = usd_per_hour(each),
                             .instance = type,
                             .gpus_per_instance = accelerators <= 1e6 ? static_cast<int>(accelerators) : 0,
                             .region = rows.text(row, location),
                             .as_of = {request.as_of, request.as_of},
                             .date_precision = request.date_precision,
                             .quality = PriceQuality::a,
                             .source = "gpuhunt catalog, " + request.provider});
  }
}

}  // namespace trainbudget::io
