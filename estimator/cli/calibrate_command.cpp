// trainbudget calibrate and efficiency: what hardware and software achieve, fitted to measurements.
#include "calibration/from_measurement.h"
#include "calibration/profile.h"
#include "cli/calibrate_cluster.h"
#include "cli/command.h"
#include "core/quantile.h"
#include "io/accelerator_file.h"
#include "io/efficiency_file.h"
#include "io/file.h"
#include "io/measured_accelerator.h"
#include "io/measured_run_file.h"
#include "io/measurement_file.h"
#include "io/profile_folder.h"
#include "render/number_text.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <set>

#include <fmt/format.h>

namespace trainbudget::cli {
namespace {

struct CalibrateOptions {
  std::string from;
  std::string out;
  std::string cluster;
  bool published = false;
};

void add_observations(const io::MeasuredRuns& runs, std::vector<Observation>& observations) {
  for (const MeasuredRun& run : runs.runs) {
    if (run.inexpressible.empty() && !run.doubtful)
      observations.push_back(
          observe(run, runs.accelerators.at(run.accelerator), runs.clusters.at(run.cluster)));
  }
}

using Pair = std::pair<std::string, std::string>;  ///< accelerator, stack

std::set<Pair> pairs_of(const std::vector<const Observation*>& rows) {
  std::set<Pair> pairs;
  for (const Observation* row : rows)
    pairs.insert({row->run->accelerator, row->run->stack});
  return pairs;
}

/// Parameters with what is known of them, widest last, and the rows with what is left of each.
void say_result(const EfficiencyProfile& profile, const Fit& fit, const std::vector<Observation>& own) {
  std::string text = fmt::format("{}: {} rows; a new configuration scatters by {:.0f} %\n", profile.name,
                                 profile.rows, 100.0 * profile.step_time_spread);
  for (const ParameterRow& row : parameter_table()) {
    const ProfileParameter& parameter = profile.parameters[index_of(row.parameter)];
    const double center = coordinate_of(row, parameter.value);
    const double low = value_at(row, center - p90_deviations * parameter.spread);
    const double high = value_at(row, center + p90_deviations * parameter.spread);
    text += fmt::format("  {:22} {:10.4g}  {:10.4g} .. {:<10.4g} {}\n", row.name, parameter.value, low, high,
                        parameter.provenance.origin == Origin::assumed ? "not told by these rows" : "");
  }
  for (const Observation& row : own) {
    const Fit::Prediction prediction = fit.predict(row);
    text += fmt::format("  {:60} {:+6.1f} %\n", row.run->id,
                        100.0 * (prediction.value / row.run->step_seconds - 1.0));
  }
  write_stdout(text);
}

int calibrate_published(const io::ProfileFolder& profiles, const CalibrateOptions& options) {
  const io::MeasuredRuns published = io::read_published_runs(profiles);
  std::vector<Observation> observations;
  add_observations(published, observations);
  std::vector<const Observation*> rows;
  std::set<std::string> accelerators;
  for (const Observation& row : observations) {
    rows.push_back(&row);
    accelerators.insert(row.run->accelerator);
  }
  const Fit fit(rows, {});
  const Fit population(rows, of_unknown_stacks);
  const Fit memory(rows_with_memory(rows), of_memory);
  const Fit memory_of_population(rows_with_memory(rows), of_memory_in_unknown_stacks);
  std::set<Pair> pairs = pairs_of(rows);
  for (const std::string& accelerator : accelerators)
    pairs.insert({accelerator, std::string(generic_stack)});
  const std::string source = fmt::format(
      "trainbudget calibrate --published: a fit to {} rows of published_runs/steps.csv", rows.size());
  for (const auto& [accelerator, stack] : pairs) {
    const std::string date = newest_date(rows, accelerator, stack);
    const bool generic = stack == generic_stack;
    const EfficiencyProfile profile =
        make_profile(generic ? population : fit, generic ? memory_of_population : memory, rows,
                     {accelerator, stack, date}, source);
    const std::string folder = fmt::format("{}/{}", options.out, accelerator);
    std::filesystem::create_directories(folder);
    io::write_file(fmt::format("{}/{}.yaml", folder, stack), io::write_efficiency_profile(profile));
  }
  say(fmt::format("wrote {} profiles to {}; residuals of {} rows: {:.1f} %\n", pairs.size(), options.out,
                  rows.size(), 100.0 * fit.residual_spread()));
  return 0;
}

/// The cell that says how long a row's step took.
io::Location time_of(const io::CsvTable& table, std::size_t row) {
  for (const std::string_view name : {"step_time_s", "tok_s_gpu"}) {
    const auto column = table.find_column(name);
    if (column && !table.field(row, *column).empty()) return table.location(row, *column);
  }
  return table.location(row);
}

/// No accelerator is faster than its peak, and none that trains is far below it: such a row is a slip, of
/// units most likely, and would spoil the fit. `table` is what `runs` were read from.
void check_possible(const std::vector<Observation>& rows, const io::MeasuredRuns& runs,
                    const io::CsvTable& table) {
  for (const Observation& row : rows) {
    const double reached = row.share_of_peak();
    if (reached >= least_share_of_peak && reached <= 1.0) continue;
    const auto index = static_cast<std::size_t>(row.run - runs.runs.data());
    const bool slow = reached < 1.0;
    throw io::InputError(
        time_of(table, index),
        slow ? fmt::format("row '{}' is {:.0f} times as slow as the peak of {}", row.run->id, 1.0 / reached,
                           row.run->accelerator)
             : fmt::format("row '{}' reaches {:.3g} times the peak of {}", row.run->id, reached,
                           row.run->accelerator),
        std::string(slow ? "are the seconds milliseconds? " : "") +
            "step_time_s is in seconds, tok_s_gpu of one accelerator, global_batch in sequences");
  }
}

/// A profile is told from other words of --efficiency by its suffix: one of another name could not be used.
void check_profile_name(const std::string& file) {
  if (file.ends_with(".yaml")) return;
  throw io::InputError(
      io::option_location("-o", file), "an efficiency profile is a file that ends in .yaml",
      "as --efficiency knows it: -o " + std::filesystem::path(file).replace_extension(".yaml").string());
}

int calibrate_own(const io::ProfileFolder& profiles, const CalibrateOptions& options) {
  const io::CsvTable table = io::read_csv_file(options.from);
  const io::MeasuredRuns own = io::read_measured_runs(table, io::read_run_names(profiles), profiles);
  std::vector<Observation> own_rows;
  add_observations(own, own_rows);
  for (const MeasuredRun& run : own.runs) {
    if (!run.inexpressible.empty())
      say("note: row '" + run.id + "' is left out: " + run.inexpressible + "\n");
  }
  const io::Location where = io::option_location("--from", options.from);
  if (own_rows.empty()) throw io::InputError(where, "no row of " + options.from + " can be used");
  std::vector<const Observation*> rows;
  check_possible(own_rows, own, table);
  rows.reserve(own_rows.size());
  for (const Observation& row : own_rows)
    rows.push_back(&row);
  const std::set<Pair> pairs = pairs_of(rows);
  if (pairs.size() > 1) {
    std::string list;
    for (const auto& [accelerator, stack] : pairs)
      list += fmt::format("{}{}/{}", list.empty() ? "" : ", ", accelerator, stack);
    throw io::InputError(where, "the rows are of several accelerators or software stacks: " + list,
                         "one profile is of one pair: split the file");
  }
  // Published rows stand behind the own ones, as what is known of the accelerator and of software in general.
  const io::MeasuredRuns published = io::read_published_runs(profiles);
  std::vector<Observation> others;
  add_observations(published, others);
  std::set<std::string> ids;
  for (const Observation& row : own_rows)
    ids.insert(row.run->id);
  for (const Observation& row : others) {
    if (!ids.contains(row.run->id)) rows.push_back(&row);
  }
  const Fit fit(rows, {});
  const auto& [accelerator, stack] = *pairs.begin();
  const EfficiencyProfile profile =
      make_profile(fit, Fit(rows_with_memory(rows), of_memory), rows,
                   {accelerator, stack, newest_date(rows, accelerator, stack)},
                   fmt::format("trainbudget calibrate --from {}: {} rows, beside {} published ones",
                               std::filesystem::path(options.from).filename().string(), own_rows.size(),
                               rows.size() - own_rows.size()));
  io::write_file(options.out, io::write_efficiency_profile(profile));
  say_result(profile, fit, own_rows);
  return 0;
}

/// The one accelerator that a measurement speaks for.
Accelerator measured_accelerator(const io::ProfileFolder& profiles, const Measurement& measurement,
                                 const io::Location& where) {
  const std::vector<Accelerator> meant = io::accelerators_meant(profiles, measurement);
  if (meant.size() == 1) return meant.front();
  if (measurement.machine != "gpu")
    throw io::InputError(where, "this measurement was made on an emulated machine, not on a GPU",
                         "it tells nothing about the speed of one");
  std::string list;
  for (const Accelerator& accelerator : meant)
    list += fmt::format("{}{}", list.empty() ? "" : ", ", accelerator.name);
  throw io::InputError(where,
                       "'" + measurement.device.name + "' is no accelerator that is known by one profile",
                       list.empty() ? "add a profile: 'trainbudget hardware validate'" : "it may be " + list);
}

int calibrate_measured(const io::ProfileFolder& profiles, const CalibrateOptions& options) {
  const io::Location where = io::option_location("--from", options.from);
  const Measurement measurement = io::read_measurement_file(options.from);
  if (!options.cluster.empty() || holds_collectives_alone(measurement)) {
    calibrate_cluster(profiles, measurement, {options.from, options.cluster, options.out});
    return 0;
  }
  const Accelerator accelerator = measured_accelerator(profiles, measurement, where);
  const MeasuredEfficiency measured = measured_efficiency(measurement, accelerator);
  const EfficiencyProfile generic =
      io::find_efficiency_profile(profiles, accelerator.name + "/" + std::string(generic_stack), where);
  const EfficiencyProfile profile =
      measured_profile(generic, measured,
                       fmt::format("measured on {} ({}), {}: {}; what was not measured is of {}",
                                   measured.device, measured.software, measured.date,
                                   std::filesystem::path(options.from).filename().string(), generic.name));
  io::write_file(options.out, io::write_efficiency_profile(profile));
  std::string text = profile.name + " from " + measured.device + ", " + measured.date + "\n";
  for (const ParameterRow& row : parameter_table()) {
    const ProfileParameter& parameter = profile.parameters[index_of(row.parameter)];
    text += fmt::format("  {:22} {:10.4g}  {}\n", row.name, parameter.value,
                        parameter.provenance.origin == Origin::measured ? "measured here"
                        : parameter.provenance.origin == Origin::fitted ? "fitted to published runs"
                                                                        : "assumed");
  }
  // An endless product, as matmul is of, was not measured; this is the fastest that was.
  for (const GemmCeiling& ceiling : measured.gemm_ceilings)
    text += fmt::format("  fastest in {}: {:.1f} TFLOP/s, {:.1f} % of the peak: {}\n",
                        name_of(ceiling.precision), 1e-12 * ceiling.flops_per_second,
                        100.0 * ceiling.fraction_of_peak.value.p50, ceiling.shape);
  for (const std::string& remark : measured.remarks)
    text += "  note: " + remark + "\n";
  write_stdout(text);
  return 0;
}

render::Table profile_list(const io::ProfileFolder& profiles) {
  render::Table table{.columns = {{"name", "Profile"},
                                  {"date", "Newest release"},
                                  {"rows", "Rows", true},
                                  {"matmul", "Matmul of peak", true},
                                  {"time_factor", "Stack's factor", true},
                                  {"step_time_spread", "Scatter", true}}};
  for (const std::string& name : io::efficiency_profile_names(profiles)) {
    const EfficiencyProfile profile = io::find_efficiency_profile(profiles, name, {});
    const Efficiency values = profile.efficiency();
    const auto number = [](double value, const char* format) {
      return render::Cell::of(fmt::format(fmt::runtime(format), value), value);
    };
    table.rows.push_back({render::Cell::of(name), render::Cell::of(profile.date),
                          number(profile.rows, "{:.0f}"), number(values[Parameter::matmul], "{:.2f}"),
                          number(values[Parameter::time_factor], "{:.2f}"),
                          number(profile.step_time_spread, "{:.2f}")});
  }
  return table;
}

render::Table profile_table(const EfficiencyProfile& profile) {
  render::Table table{.columns = {{"parameter", "Parameter"},
                                  {"value", "Value", true},
                                  {"lower", "Lowest", true},
                                  {"upper", "Highest", true},
                                  {"spread", "Spread", true},
                                  {"origin", "Origin"},
                                  {"meaning", "Meaning", false, true}}};
  for (const ParameterRow& row : parameter_table()) {
    const ProfileParameter& parameter = profile.parameters[index_of(row.parameter)];
    const auto number = [](double value) { return render::Cell::of(fmt::format("{:.4g}", value), value); };
    table.rows.push_back({render::Cell::of(std::string(row.name)), number(parameter.value), number(row.lower),
                          number(row.upper), number(parameter.spread),
                          render::Cell::of(std::string(name_of(parameter.provenance.origin))),
                          render::Cell::of(std::string(row.meaning))});
  }
  return table;
}

}  // namespace

std::vector<AddedCommand> add_calibration_commands(CLI::App& parent, const GlobalOptions& global) {
  CLI::App* calibrate = parent.add_subcommand("calibrate", "Fit an efficiency profile to measured steps");
  const auto options = std::make_shared<CalibrateOptions>();
  calibrate
      ->add_option("--from", options->from,
                   "Measured steps, in the columns of published_runs/steps.csv, or a measurement.json of the "
                   "microbenchmark")
      ->type_name("FILE");
  calibrate->add_flag("--published", options->published,
                      "Fit all profiles to the published runs instead, into the folder -o");
  calibrate
      ->add_option("--cluster", options->cluster,
                   "Write this cluster's profile instead, with the tiers that the collectives of the "
                   "measurement show")
      ->type_name("NAME");
  calibrate->add_option("-o,--profile", options->out, "The profile to write")->type_name("FILE")->required();
  calibrate->footer("Example:\n  trainbudget calibrate --from my_steps.csv -o my-stack.yaml");

  CLI::App* efficiency =
      parent.add_subcommand("efficiency", "What accelerators achieve with software stacks");
  efficiency->require_subcommand(1);
  CLI::App* list = efficiency->add_subcommand("list", "All profiles");
  CLI::App* show = efficiency->add_subcommand("show", "One profile, parameter by parameter");
  const auto name = std::make_shared<std::string>();
  show->add_option("NAME", *name, "<accelerator>/<stack>, or a .yaml file")->required();

  return {{calibrate,
           [=, &global] {
             if (options->published == !options->from.empty()) {
               throw io::InputError({.file = "calibrate"},
                                    "--from FILE or --published is wanted, one of the two");
             }
             if (!options->cluster.empty() && !options->from.ends_with(".json")) {
               throw io::InputError(io::option_location("--cluster", options->cluster),
                                    "only a measurement of collectives speaks for a cluster",
                                    "--from nccl.json, of 'trainbudget-microbench collectives'");
             }
             const io::ProfileFolder profiles = io::profile_folder(global.profiles);
             if (options->published) return calibrate_published(profiles, *options);
             if (options->cluster.empty()) check_profile_name(options->out);
             return options->from.ends_with(".json") ? calibrate_measured(profiles, *options)
                                                     : calibrate_own(profiles, *options);
           }},
          {list,
           [&global] {
             emit(renderer_of(profile_list(io::profile_folder(global.profiles))), global.output);
             return 0;
           }},
          {show, [=, &global] {
             const EfficiencyProfile profile = io::find_efficiency_profile(
                 io::profile_folder(global.profiles), *name, io::option_location("NAME", *name));
             emit(renderer_of(profile_table(profile)), global.output);
             return 0;
           }}};
}

}  // namespace trainbudget::cli
