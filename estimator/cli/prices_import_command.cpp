// trainbudget prices import: price lists of others as one of our own.
#include "cli/prices_import_command.h"

#include "io/file.h"
#include "io/price_import/price_import.h"
#include "io/price_table.h"
#include "io/profile_folder.h"
#include "io/profile_names.h"
#include "io/suggest.h"
#include "render/hardware_table.h"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <map>
#include <memory>

#include <sys/stat.h>

namespace trainbudget::cli {
namespace {

namespace fs = std::filesystem;

struct ImportOptions {
  std::string from, path, output, provider, as_of;
  bool show_dropped = false;
};

io::PriceSource source_named(const std::string& word) {
  constexpr std::string_view words[] = {"skypilot", "gpuhunt", "csv"};
  for (std::size_t i = 0; i < std::size(words); ++i) {
    if (words[i] == word) return static_cast<io::PriceSource>(i);
  }
  throw io::InputError(io::option_location("--from", word), "unknown kind of price list '" + word + "'",
                       io::did_you_mean_or_list(word, words));
}

/// A file; of a folder of SkyPilot's, the vms.csv of every cloud in it, sorted.
std::vector<std::string> files_of(const ImportOptions& options, io::PriceSource source) {
  std::error_code error;
  if (!fs::is_directory(options.path, error)) return {options.path};
  std::vector<std::string> files;
  for (fs::recursive_directory_iterator
           at(options.path, fs::directory_options::skip_permission_denied, error),
       end;
       !error && at != end; at.increment(error)) {
    if (at.depth() > 2) at.disable_recursion_pending();
    const fs::path& path = at->path();
    if (source == io::PriceSource::skypilot ? path.filename() == "vms.csv" : path.extension() == ".csv")
      files.push_back(path.string());
  }
  std::sort(files.begin(), files.end());
  if (files.empty())
    throw io::InputError({.file = options.path}, "there is no price list in this folder",
                         source == io::PriceSource::skypilot
                             ? "SkyPilot keeps <cloud>/vms.csv in ~/.sky/catalogs/v8"
                             : "name a CSV file");
  return files;
}

/// The cloud that a path names: the folder of SkyPilot's vms.csv, the name of gpuhunt's file.
std::string provider_of(const std::string& file, io::PriceSource source) {
  const fs::path path(file);
  std::string name =
      source == io::PriceSource::skypilot ? path.parent_path().filename().string() : path.stem().string();
  name = io::lower_case(name);
  const std::map<std::string, std::string> ours = {
      {"lambdalabs", "lambda"}, {"vastai", "vast"}, {"datacrunch", "verda"}};
  const auto found = ours.find(name);
  return found == ours.end() ? name : found->second;
}

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The date in a version of gpuhunt's, "20260818-42"; empty where `text` is none.
std::string date_of_version(std::string_view text) {
  if (text.size() < 8 || !all_digits(text.substr(0, 8)) || (text.size() > 8 && text[8] != '-')) return {};
  return std::string(text.substr(0, 4)) + "-" + std::string(text.substr(4, 2)) + "-" +
         std::string(text.substr(6, 2));
}

/// The day of the last change of `file`.
std::string day_of_file(const std::string& file) {
  struct stat status {};
  if (stat(file.c_str(), &status) != 0) return today();
  std::tm date{};
  gmtime_r(&status.st_mtime, &date);
  char text[16];
  std::strftime(text, sizeof text, "%Y-%m-%d", &date);
  return text;
}

void set_date(const std::string& file, const ImportOptions& options, io::ImportRequest& request) {
  if (!options.as_of.empty()) {
    const io::Location where = io::option_location("--as-of", options.as_of);
    request.as_of = io::parse_date(options.as_of, where);
    if (days_between(request.today, request.as_of) > 1)
      throw io::InputError(where, "'" + options.as_of + "' is yet to come",
                           "it is the day on which the prices were seen");
    return;
  }
  if (request.source == io::PriceSource::csv) return;  // every row has its own
  if (request.source == io::PriceSource::gpuhunt) {
    const fs::path folder = fs::path(file).parent_path();
    std::string date = date_of_version(folder.filename().string());
    std::error_code error;
    if (date.empty() && fs::is_regular_file(folder / "version", error))
      date = date_of_version(io::read_file((folder / "version").string(), 100));
    if (!date.empty()) {
      request.as_of = io::parse_date(date, {.file = file});
      return;
    }
  }
  request.as_of = io::parse_date(day_of_file(file), {.file = file});
  request.date_precision = DatePrecision::at_latest;
  say("note: " + file + " has no date of its own; taken as of its last change, " +
      io::date_text(request.as_of) + " (--as-of gives another)\n");
}

void say_dropped(const io::PriceImport& import, bool every) {
  std::map<std::string, int> reasons;
  for (const io::DroppedRow& row : import.dropped)
    ++reasons[row.reason];
  for (const auto& [reason, count] : reasons)
    say("dropped " + std::to_string(count) + (count == 1 ? " row: " : " rows: ") + reason + "\n");
  if (every) {
    for (const io::DroppedRow& row : import.dropped)
      say(row.where.file + ":" + std::to_string(row.where.line) + ": dropped: " + row.reason +
          (row.what.empty() ? "" : " (" + row.what.substr(0, 80) + ")") + "\n");
  } else if (!reasons.empty()) {
    say("--show-dropped names the lines\n");
  }
}

int run_import(const GlobalOptions& global, const ImportOptions& options) {
  const io::PriceSource source = source_named(options.from);
  const io::ProfileFolder profiles = io::profile_folder(global.profiles);
  const std::vector<io::ImportName> names = io::read_import_names(profiles.path("prices/import_names.csv"));
  const std::vector<std::string> accelerators = profiles.names(io::accelerator_profiles);
  io::PriceImport all;
  for (const std::string& file : files_of(options, source)) {
    io::ImportRequest request{
        .source = source, .today = io::parse_date(today(), {}), .names = names, .profiles = accelerators};
    request.provider =
        options.provider.empty() ? provider_of(file, source) : io::lower_case(options.provider);
    if (source != io::PriceSource::csv && request.provider.empty())
      throw io::InputError({.file = file}, "the path does not tell whose prices these are",
                           "name it: --provider gcp");
    set_date(file, options, request);
    const io::PriceImport one = io::import_prices(io::read_csv_file(file), request);
    all.offers.insert(all.offers.end(), one.offers.begin(), one.offers.end());
    all.dropped.insert(all.dropped.end(), one.dropped.begin(), one.dropped.end());
    all.warnings.insert(all.warnings.end(), one.warnings.begin(), one.warnings.end());
  }
  for (const std::string& warning : all.warnings)
    say("warning: " + warning + "\n");
  say_dropped(all, options.show_dropped);
  if (all.offers.empty())
    throw io::InputError({.file = options.path}, "no row is a price of a known accelerator");
  say(std::to_string(all.offers.size()) + " prices; use them with --prices FILE\n");
  const std::string text = render::price_list_csv(all.offers);
  if (options.output.empty()) {
    write_stdout(text);
  } else {
    io::write_file(options.output, text);
  }
  return 0;
}

}  // namespace

AddedCommand add_prices_import(CLI::App& prices, const GlobalOptions& global) {
  CLI::App* app = prices.add_subcommand("import", "A price list of others as one of your own, for --prices");
  const auto options = std::make_shared<ImportOptions>();
  app->add_option("--from", options->from, "Kind of list: skypilot, gpuhunt, csv")
      ->type_name("KIND")
      ->required();
  app->add_option("list", options->path, "File, or a folder of SkyPilot's catalogs")
      ->type_name("PATH")
      ->required();
  app->add_option("-o,--output", options->output, "Write here instead of to standard output")
      ->type_name("FILE");
  app->add_option("--provider", options->provider, "Whose prices these are; default: as the path says")
      ->type_name("NAME");
  app->add_option("--as-of", options->as_of,
                  "Day of the list; default: its version, else the file's last change")
      ->type_name("DATE");
  app->add_flag("--show-dropped", options->show_dropped, "Name every row that was dropped, with its line");
  app->footer(
      "Examples:\n  trainbudget prices import --from skypilot ~/.sky/catalogs/v8 -o mine.csv\n"
      "  trainbudget estimate ... --prices mine.csv --provider lambda");
  return {app, [=, &global] { return run_import(global, *options); }};
}

}  // namespace trainbudget::cli
