#include "io/scenario_energy.h"

#include "io/carbon_file.h"
#include "io/map_reader.h"
#include "io/power_file.h"
#include "io/profile_names.h"
#include "io/scenario_price.h"
#include "io/suggest.h"

#include <algorithm>
#include <set>

namespace trainbudget::io {
namespace {

constexpr std::string_view regional_places[] = {"gcp", "aws", "azure"};
constexpr std::string_view national_places[] = {"country", "us-state"};

/// Letter case and spaces aside: "East US" is "eastus".
std::string plain(std::string_view text) {
  std::string lower = lower_case(text);
  std::erase(lower, ' ');
  return lower;
}

/// The code of "Iowa (us-central1)".
std::string_view in_brackets(std::string_view text) {
  const std::size_t open = text.rfind('(');
  const std::size_t close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return text;
  return text.substr(open + 1, close - open - 1);
}

Sourced<Range> range_of(const GridIntensity& grid, double spread) {
  return {{grid.grams_per_kwh / (1.0 + spread), grid.grams_per_kwh, grid.grams_per_kwh * (1.0 + spread)},
          {.origin = Origin::published,
           .source = grid.source,
           .date = std::to_string(grid.year),
           .note = grid.note}};
}

std::string name_of_grid(const GridIntensity& grid) {
  return grid.key + (grid.name.empty() ? "" : ", " + grid.name) + " (" + std::to_string(grid.year) + ")";
}

const GridIntensity* find_named(std::span<const GridIntensity> grids,
                                std::span<const std::string_view> places, std::string_view wanted, int year) {
  const std::string word = plain(wanted);
  for (const std::string_view place : places) {
    for (const GridIntensity& grid : grids) {
      const bool named = grid.place == place && (plain(grid.key) == word || plain(grid.name) == word);
      if (!named) continue;
      if (const GridIntensity* found = find_grid(grids, grid.place, grid.key, year)) return found;
    }
  }
  return nullptr;
}

[[noreturn]] void refuse_grid(const YamlNode& node, std::span<const GridIntensity> grids,
                              std::span<const std::string_view> places, const char* what, int year) {
  std::set<std::string> names;
  for (const GridIntensity& grid : grids) {
    if (std::find(places.begin(), places.end(), grid.place) == places.end()) continue;
    names.insert(grid.key);
    if (grid.place == "country" || grid.place == "us-state") names.insert(grid.name);
  }
  std::string message = "no emissions are known of the " + std::string(what) + " '" + node.text + "'";
  if (year > 0) message += " up to " + std::to_string(year);
  if (node.text.size() == 2 && std::find(places.begin(), places.end(), "country") != places.end())
    throw InputError(node.location, message,
                     "countries are written by name or in three letters, states of the USA in two: 'France', "
                     "'FRA', 'TX'");
  const std::string near = did_you_mean_any(node.text, names);
  throw InputError(node.location, message, near.empty() ? "give them: energy: {grid: 300 g/kWh}" : near);
}

void apply_convention(PowerModel& power, const Location& where) {
  const Provenance model_card = {.origin = Origin::user,
                                 .source = given_by_user(where).source,
                                 .note = "convention of model cards: GPU-hours × TDP"};
  power = {.load_fraction = {exactly(1.0), model_card},
           .overhead_watts = {exactly(0.0), model_card},
           .network_fraction = {exactly(0.0), model_card},
           .pue = {exactly(1.0), model_card}};
}

/// The keys of `energy`.
struct Keys {
  const YamlNode *convention, *load, *overhead, *network, *pue, *provider, *region, *country, *grid, *year;
};

Keys read_keys(MapReader& map) {
  const Keys keys{.convention = map.find("convention"),
                  .load = map.find("load_fraction"),
                  .overhead = map.find("server_overhead"),
                  .network = map.find("network_fraction"),
                  .pue = map.find("pue"),
                  .provider = map.find("provider"),
                  .region = map.find("region"),
                  .country = map.find("country"),
                  .grid = map.find("grid"),
                  .year = map.find("year")};
  map.finish();
  const YamlNode* place = nullptr;
  for (const YamlNode* node : {keys.region, keys.country, keys.grid}) {
    if (node == nullptr) continue;
    if (place != nullptr) {
      throw InputError(node->location, "the grid is named twice",
                       "leave all but one of region, country and grid out");
    }
    place = node;
  }
  return keys;
}

bool model_card(const Keys& keys) {
  if (keys.convention == nullptr) return false;
  constexpr std::string_view words[] = {"metered", "model-card"};
  if (read_word(*keys.convention, "convention", words) == 0) return false;
  for (const YamlNode* node : {keys.load, keys.overhead, keys.network, keys.pue}) {
    if (node == nullptr) continue;
    throw InputError(node->location, "the convention of model cards is GPU-hours × TDP and nothing else",
                     "leave this key or convention out");
  }
  return true;
}

void read_power(const Keys& keys, PowerModel& power) {
  constexpr double most_watts = 1e5;
  if (keys.load != nullptr) power.load_fraction = read_range(*keys.load, QuantityKind::fraction);
  if (keys.overhead != nullptr)
    power.overhead_watts = read_range(*keys.overhead, QuantityKind::watts, 0.0, most_watts);
  if (keys.network != nullptr) power.network_fraction = read_range(*keys.network, QuantityKind::fraction);
  if (keys.pue == nullptr) return;
  power.pue = read_range(*keys.pue, QuantityKind::count);
  if (power.pue.value.p10 < 1.0 || power.pue.value.p90 > 3.0)
    throw InputError(keys.pue->location, "a PUE from 1 to 3 is wanted");
}

/// The grid of the scenario; nothing where nobody says where the run is.
std::optional<CarbonModel> read_grid(const Keys& keys, const EnergyRequest& request,
                                     const PowerDefaults& defaults, const ProfileFolder& profiles,
                                     Scenario& scenario, ScenarioSources& sources) {
  const int year = keys.year != nullptr ? static_cast<int>(read_integer(*keys.year, 1990, 2100)) : 0;
  if (keys.grid != nullptr) {
    if (keys.year != nullptr)
      throw InputError(keys.year->location, "a grid that is given has no year", "leave one of the two out");
    constexpr double joules_per_kwh = 3.6e6;
    constexpr double most_grams_per_kwh = 1e4;
    Sourced<Range> grid =
        read_range(*keys.grid, QuantityKind::grams_per_joule, 0.0, most_grams_per_kwh / joules_per_kwh);
    grid.value = grid.value * joules_per_kwh;
    return CarbonModel{.grid_name = "as given", .grid = grid};
  }
  if (keys.country == nullptr && request.region.empty() && keys.region == nullptr) {
    if (keys.year != nullptr)
      throw InputError(keys.year->location, "a year, and no grid of which it would be",
                       "add region or country, or leave year out");
    return std::nullopt;
  }
  const std::string path = profiles.path("carbon_intensity.csv");
  sources.files.push_back(path);
  const auto grids =
      profiles.once<std::vector<GridIntensity>>("file " + path, [&] { return read_grid_intensities(path); });
  const GridIntensity* found = nullptr;
  if (keys.country != nullptr) {
    found = find_named(*grids, national_places, read_string(*keys.country), year);
    if (found == nullptr) refuse_grid(*keys.country, *grids, national_places, "country", year);
    scenario.assumptions.push_back(std::string("CO2e: the grid of ") +
                                   (found->place == "us-state" ? "the US state " : "") + found->name +
                                   " in " + std::to_string(found->year));
  } else {
    found = grid_of_region(*grids, request.provider, request.region, year);
    if (found == nullptr) {
      const std::string places_path = profiles.path("region_places.csv");
      sources.files.push_back(places_path);
      const auto places = profiles.once<std::vector<RegionPlace>>(
          "file " + places_path, [&] { return read_region_places(places_path); });
      const auto known = std::find_if(places->begin(), places->end(), [&](const RegionPlace& row) {
        return row.provider == request.provider && row.region == request.region;
      });
      if (known != places->end()) found = find_grid(*grids, known->place, known->key, year);
    }
    if (found == nullptr && keys.region != nullptr) {
      if (request.provider.empty()) found = find_named(*grids, regional_places, request.region, year);
      if (found == nullptr) refuse_grid(*keys.region, *grids, regional_places, "region", year);
    }
  }
  if (found == nullptr) return std::nullopt;
  return CarbonModel{.grid_name = name_of_grid(*found), .grid = range_of(*found, defaults.grid_spread.value)};
}

}  // namespace

const GridIntensity* grid_of_region(std::span<const GridIntensity> grids, std::string_view provider,
                                    std::string_view region, int year) {
  if (provider.empty() || region.empty()) return nullptr;
  const std::string_view places[] = {provider};
  const GridIntensity* found = find_named(grids, places, in_brackets(region), year);
  return found != nullptr ? found : find_named(grids, places, region, year);
}

void read_energy(const EnergyRequest& asked, const ProfileFolder& profiles, Scenario& scenario,
                 ScenarioSources& sources) {
  EnergyRequest request = asked;
  Keys keys{};
  std::optional<MapReader> map;
  if (request.node != nullptr) keys = read_keys(map.emplace(*request.node, "energy"));
  if (keys.provider != nullptr) request.provider = read_string(*keys.provider);
  if (keys.region != nullptr) request.region = read_string(*keys.region);

  const std::string power_path = profiles.path("power.yaml");
  sources.files.push_back(power_path);
  const auto defaults =
      profiles.once<PowerDefaults>("file " + power_path, [&] { return read_power_defaults(power_path); });
  scenario.power = power_model(*defaults, scenario.accelerator, request.provider,
                               std::string(in_brackets(request.region)));
  const bool by_model_card = model_card(keys);
  scenario.carbon = read_grid(keys, request, *defaults, profiles, scenario, sources);
  if (!scenario.power) {
    scenario.warnings.push_back("no TDP of " + scenario.accelerator.name +
                                " is published: its energy is unknown");
    return;
  }
  if (by_model_card) {
    apply_convention(*scenario.power, keys.convention->location);
    scenario.assumptions.push_back(
        "energy: as model cards count it, GPU-hours × TDP: no server, no building");
    return;
  }
  // The electricity that is paid is the one that is counted.
  if (scenario.own) scenario.power->pue = {exactly(scenario.own->pue.value), scenario.own->pue.provenance};
  read_power(keys, *scenario.power);
  if (request.node == nullptr) {
    scenario.assumptions.push_back(
        "energy: load, server overhead and PUE as in hardware_profiles/power.yaml");
  }
  if (!scenario.carbon) return;
  scenario.carbon->embodied = embodied_of(*defaults, scenario.accelerator.name);
  if (!scenario.carbon->embodied) {
    scenario.assumptions.push_back("CO2e: of the electricity alone; what making a " +
                                   scenario.accelerator.name + " emitted is not published");
  }
}

}  // namespace trainbudget::io
