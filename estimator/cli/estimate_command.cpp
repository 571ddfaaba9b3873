// trainbudget estimate: cost, time and energy of one run.
#include "cli/command.h"
#include "cli/regions.h"
#include "cli/scenario_options.h"
#include "cli/stamp.h"
#include "core/estimate.h"
#include "io/price_table.h"
#include "io/profile_folder.h"
#include "io/scenario_file.h"
#include "render/estimate_report.h"

#include <memory>

namespace trainbudget::cli {
namespace {

/// The list ages with the calendar; the report itself must not, so this is said beside it.
void say_age_of_prices(const std::string& newest) {
  if (newest.empty()) return;
  const int age = days_between(io::parse_date(newest, {}), io::parse_date(today(), {}));
  if (age > stale_price_days) {
    say("note: the newest price in the list is of " + newest + ", " + std::to_string(age) +
        " days ago; --price gives your own\n");
  }
}

}  // namespace

AddedCommand add_estimate_command(CLI::App& parent, const GlobalOptions& global,
                                  const std::vector<std::string>& arguments) {
  CLI::App* app = parent.add_subcommand("estimate", "Cost, time and energy of one training run");
  const auto options = std::make_shared<ScenarioOptions>(*app);
  const auto explain = std::make_shared<bool>(false);
  app->add_flag("--explain", *explain, "Show each line with its formula, its inputs and their sources");
  const auto regions = std::make_shared<bool>(false);
  app->add_flag("--regions", *regions,
                "Compare the regions that the price list knows: price, cost, grid, CO2e");
  app->footer(
      "Example:\n  trainbudget estimate --params 14B --tokens 300B --gpu a100-sxm-80gb --gpus 64 "
      "--efficiency 50% --price '$0.79/h'");

  return {app, [=, &global] {
            const io::ProfileFolder profiles = io::profile_folder(global.profiles);
            if (*regions) {
              emit(renderer_of(regions_table(options->document(), profiles)), global.output);
              return 0;
            }
            io::ScenarioSources sources;
            const Scenario scenario = io::read_scenario(options->document(), profiles, &sources);
            const Estimate result = estimate(scenario);
            if (!options->file().empty()) sources.files.insert(sources.files.begin(), options->file());
            const render::RunStamp stamp = run_stamp(arguments, sources.files);
            emit(
                [&](Format format, render::Style style) {
                  switch (format) {
                    case Format::json:
                      return render::estimate_json(result, stamp);
                    case Format::csv:
                      return render::estimate_csv(result);
                    case Format::markdown:
                      return render::estimate_markdown(result, *explain);
                    case Format::table:
                      break;
                  }
                  return render::estimate_text(result, *explain, style);
                },
                global.output);
            say_beside_csv("Beware: ", result.warnings, global.output);
            say_age_of_prices(sources.newest_price);
            return 0;
          }};
}

}  // namespace trainbudget::cli
