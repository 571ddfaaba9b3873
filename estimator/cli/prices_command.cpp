// trainbudget prices: the dated price list.
#include "cli/command.h"
#include "cli/prices_import_command.h"
#include "io/accelerator_file.h"
#include "io/price_search.h"
#include "io/price_table.h"
#include "io/profile_folder.h"
#include "io/profile_names.h"
#include "io/suggest.h"
#include "render/hardware_table.h"

#include <algorithm>
#include <memory>
#include <set>

namespace trainbudget::cli {
namespace {

struct ListOptions {
  std::string gpu, provider, pricing, region, as_of, prices;
};

/// The accelerator's name in the list; some old ones have prices but no profile.
std::string accelerator_in(const std::vector<Offer>& offers, const io::ProfileFolder& profiles,
                           const std::string& name) {
  const std::string lower = io::lower_case(name);
  const bool listed = std::any_of(offers.begin(), offers.end(),
                                  [&](const Offer& offer) { return offer.accelerator == lower; });
  return listed ? lower : io::find_accelerator(profiles, name, io::option_location("--gpu", name)).name;
}

/// Throws unless some offer has `word` as the value that `of` takes from it.
template <class Of>
void check_known(const std::vector<Offer>& offers, const std::string& option, const std::string& word,
                 Of of) {
  std::set<std::string> known;
  for (const Offer& offer : offers)
    known.insert(of(offer));
  if (known.contains(word)) return;
  const std::vector<std::string_view> words(known.begin(), known.end());
  throw io::InputError(io::option_location(option, word), "the price list does not know '" + word + "'",
                       io::did_you_mean_or_list(word, words));
}

int list(const GlobalOptions& global, const ListOptions& options) {
  const io::ProfileFolder profiles = io::profile_folder(global.profiles);
  const std::vector<Offer> offers =
      io::read_price_table(options.prices.empty() ? profiles.path("prices/prices.csv") : options.prices);
  OfferQuery query;
  query.as_of = io::parse_date(options.as_of.empty() ? today() : options.as_of,
                               io::option_location("--as-of", options.as_of));
  if (!options.provider.empty()) {
    check_known(offers, "--provider", options.provider, [](const Offer& offer) { return offer.provider; });
    query.provider = options.provider;
  }
  if (!options.pricing.empty())
    query.pricing = io::pricing_named(options.pricing, io::option_location("--pricing", options.pricing));
  if (!options.region.empty()) {
    check_known(offers, "--region", options.region, [](const Offer& offer) { return offer.region; });
    query.region = options.region;
  }
  std::set<std::string> accelerators;
  if (!options.gpu.empty()) {
    accelerators.insert(accelerator_in(offers, profiles, options.gpu));
  } else {
    for (const Offer& offer : offers)
      accelerators.insert(offer.accelerator);
  }
  std::vector<const Offer*> found;
  for (const std::string& accelerator : accelerators) {
    query.accelerator = accelerator;
    const std::vector<const Offer*> some = current_offers(offers, query);
    found.insert(found.end(), some.begin(), some.end());
  }
  if (found.empty()) {
    const std::string what =
        options.gpu.empty() ? "no price matches" : "no price of " + io::query_text(query);
    throw io::InputError({.file = "prices"}, what,
                         options.gpu.empty()
                             ? "leave out --region, --pricing, --provider or --as-of to see what there is"
                             : io::what_exists(offers, query));
  }
  emit(renderer_of(render::offer_list(found, query.as_of)), global.output);
  return 0;
}

}  // namespace

std::vector<AddedCommand> add_prices_commands(CLI::App& parent, const GlobalOptions& global) {
  CLI::App* app = parent.add_subcommand("prices", "The dated price list");
  app->require_subcommand(0, 1);
  const auto options = std::make_shared<ListOptions>();
  CLI::App* list_app = app->add_subcommand("list", "Prices as known on a day, the newest of each offer");
  list_app->add_option("--gpu", options->gpu, "Accelerator")->type_name("NAME");
  list_app->add_option("--provider", options->provider, "Provider: aws, gcp, lambda ...")->type_name("NAME");
  list_app
      ->add_option("--pricing", options->pricing,
                   "on_demand, spot, community, reserved_1y, reserved_3y, capacity_block")
      ->type_name("MODEL");
  list_app->add_option("--region", options->region, "Region, as the provider calls it")->type_name("NAME");
  list_app->add_option("--as-of", options->as_of, "Day: 2024-06-01; default: today")->type_name("DATE");
  list_app->add_option("--prices", options->prices, "A list of your own, as 'prices import' writes it")
      ->type_name("FILE");
  return {add_prices_import(*app, global), {list_app, [=, &global] { return list(global, *options); }}};
}

}  // namespace trainbudget::cli
