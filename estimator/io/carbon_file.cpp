#include "io/carbon_file.h"

#include "io/csv.h"
#include "io/quantity_text.h"

namespace trainbudget::io {

std::vector<GridIntensity> read_grid_intensities(const std::string& path) {
  constexpr double most_grams_per_kwh = 3000.0;  // burnt lignite emits half of this
  const CsvTable table = read_csv_file(path);
  const std::size_t place = table.column("place");
  const std::size_t key = table.column("key");
  const std::size_t name = table.column("name");
  const std::size_t grams = table.column("grams_per_kwh");
  const std::size_t year = table.column("year");
  const std::size_t source = table.column("source");
  const std::size_t note = table.column("note");
  std::vector<GridIntensity> grids;
  grids.reserve(table.rows());
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const auto text = [&](std::size_t column) { return std::string(table.field(row, column)); };
    const auto number = [&](std::size_t column, double most) {
      const double value = parse_quantity(table.field(row, column), QuantityKind::count, table.location(row));
      if (value > most) throw InputError(table.location(row, column), "'" + text(column) + "' is too large");
      return value;
    };
    grids.push_back({.place = text(place),
                     .key = text(key),
                     .name = text(name),
                     .grams_per_kwh = number(grams, most_grams_per_kwh),
                     .year = static_cast<int>(number(year, 9999.0)),
                     .source = text(source),
                     .note = text(note)});
  }
  return grids;
}

std::vector<RegionPlace> read_region_places(const std::string& path) {
  const CsvTable table = read_csv_file(path);
  const std::size_t provider = table.column("provider");
  const std::size_t region = table.column("region");
  const std::size_t place = table.column("place");
  const std::size_t key = table.column("key");
  const std::size_t source = table.column("source");
  std::vector<RegionPlace> places;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const auto text = [&](std::size_t column) { return std::string(table.field(row, column)); };
    places.push_back({text(provider), text(region), text(place), text(key), text(source)});
  }
  return places;
}

}  // namespace trainbudget::io
