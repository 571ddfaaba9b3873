// Emissions of grids: the file loads, its numbers can be, and regions are found as people write them.
#include "catch.h"
#include "io/carbon_file.h"
#include "io/power_file.h"
#include "io/price_table.h"
#include "io/scenario_energy.h"
#include "profiles.h"

#include <algorithm>
#include <set>

using namespace trainbudget;

namespace {

std::vector<GridIntensity> grids() {
  return io::read_grid_intensities(profiles::folder().path("carbon_intensity.csv"));
}

}  // namespace

TEST_CASE("every grid has a name, a source and emissions that a power plant can have") {
  const std::set<std::string> places = {"gcp", "aws", "azure", "country", "us-state"};
  const std::vector<GridIntensity> all = grids();
  CHECK(all.size() == 568);
  for (const GridIntensity& grid : all) {
    INFO(grid.place << " " << grid.key);
    CHECK(places.contains(grid.place));
    CHECK_FALSE(grid.key.empty());
    CHECK_FALSE(grid.name.empty());
    CHECK_FALSE(grid.source.empty());
    CHECK(grid.grams_per_kwh >= 0.0);
    CHECK(grid.grams_per_kwh < 1400.0);
    CHECK(grid.year >= 2009);
    CHECK(grid.year <= 2026);
  }
}

TEST_CASE("published anchors of 2024") {
  const std::vector<GridIntensity> all = grids();
  CHECK(find_grid(all, "gcp", "us-central1", 0)->grams_per_kwh == Approx(413).margin(0.6));
  CHECK(find_grid(all, "gcp", "us-west1", 0)->grams_per_kwh == Approx(79).margin(0.6));
  CHECK(find_grid(all, "gcp", "europe-north1", 0)->grams_per_kwh == Approx(39).margin(0.6));
  CHECK(find_grid(all, "gcp", "europe-north1", 2019)->grams_per_kwh == 181.0);
  CHECK(find_grid(all, "country", "FRA", 0)->grams_per_kwh == Approx(56.04).margin(0.01));
}

TEST_CASE("no grid of a hyperscaler is a slip of the pen: Sweden is not at 8 g, Germany not at 402 million") {
  const std::vector<GridIntensity> all = grids();
  CHECK(find_grid(all, "aws", "eu-north-1", 0)->grams_per_kwh == Approx(40.7).margin(0.1));
  CHECK(find_grid(all, "azure", "germanywestcentral", 0)->grams_per_kwh == 402.0);
}

TEST_CASE("regions are found as price lists write them, and only at their own provider") {
  const std::vector<GridIntensity> all = grids();
  CHECK(io::grid_of_region(all, "gcp", "Iowa (us-central1)", 0)->key == "us-central1");
  CHECK(io::grid_of_region(all, "azure", "East US", 0)->key == "eastus");
  CHECK(io::grid_of_region(all, "azure", "eastus", 0)->key == "eastus");
  CHECK(io::grid_of_region(all, "aws", "us-east-1", 0)->key == "us-east-1");
  CHECK(io::grid_of_region(all, "lambda", "us-east-1", 0) == nullptr);
  CHECK(io::grid_of_region(all, "gcp", "US mostly", 0) == nullptr);
}

TEST_CASE("what making an accelerator emitted is known of few, and unknown of the others") {
  const PowerDefaults power = io::read_power_defaults(profiles::folder().path("power.yaml"));
  CHECK(embodied_of(power, "h100-sxm-80gb")->value.p50 == Approx(25.0285).epsilon(1e-4));
  CHECK_FALSE(embodied_of(power, "rtx-4090").has_value());
}

TEST_CASE("regions of providers without emissions of their own lie in places that have some") {
  const std::vector<GridIntensity> all = grids();
  const auto places = io::read_region_places(profiles::folder().path("region_places.csv"));
  const auto offers = io::read_price_table(profiles::folder().path("prices/prices.csv"));
  CHECK(places.size() > 35);
  std::set<std::pair<std::string, std::string>> seen;
  for (const RegionPlace& row : places) {
    INFO(row.provider << " " << row.region);
    CHECK(find_grid(all, row.place, row.key, 0) != nullptr);
    CHECK_FALSE(row.source.empty());
    CHECK(seen.insert({row.provider, row.region}).second);
    CHECK(std::any_of(offers.begin(), offers.end(), [&](const Offer& offer) {
      return offer.provider == row.provider && offer.region == row.region;
    }));
    CHECK(io::grid_of_region(all, row.provider, row.region, 0) == nullptr);
  }
  CHECK(names_a_place("FIN-02"));
  CHECK_FALSE(names_a_place("global"));
  CHECK_FALSE(names_a_place(""));
}
