// trainbudget whatif: many scenarios from one file.
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/team_sweep.h"
#include "io/profile_folder.h"
#include "render/number_text.h"
#include "sweep/analysis.h"
#include "sweep/fingerprint.h"
#include "sweep/ordered_chunks.h"
#include "sweep/point.h"
#include "sweep/resumable_file.h"
#include "sweep/shared_warnings.h"
#include "sweep/sweep_csv.h"
#include "sweep/sweep_file.h"
#include "sweep/sweep_report.h"
#include "version.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>

namespace trainbudget::cli {
namespace {

using sweep::Sweep;

constexpr double most_shown = 10'000;     // points that are held and compared; more become CSV
constexpr double most_without_yes = 1e7;  // points that are begun without asking
constexpr double most_points = 1e15;      // that can be counted

struct WhatifOptions {
  std::string file;
  int threads = 0;
  bool resume = false;
  bool yes = false;
};

int threads_of(const WhatifOptions& options) {
  constexpr int most_threads = 1024;
  if (options.threads < 0 || options.threads > most_threads)
    throw io::InputError(io::option_location("--threads", std::to_string(options.threads)),
                         "--threads is a number from 1 to 1024");
  if (options.threads > 0) return options.threads;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

std::string count_text(double count) {
  return count < most_points ? render::grouped(count) : render::significant(count, 3);
}

/// Measures a few points and refuses what nobody would wait for, unless asked to.
void check_size(const Sweep& sweep, sweep::PointReader& reader, const WhatifOptions& options) {
  const double size = sweep.size();
  if (size >= most_points) {
    throw io::InputError({.file = options.file}, "a grid of " + count_text(size) + " scenarios",
                         "no machine finishes it; make its ranges coarser");
  }
  if (size <= most_without_yes || options.yes) return;
  constexpr int samples = 200;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < samples; ++i)
    reader(sweep::place_of(sweep, static_cast<std::uint64_t>(size / samples * i)));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const double seconds = took.count() / samples * size / threads_of(options);
  throw io::InputError({.file = options.file},
                       "a grid of " + count_text(size) + " scenarios, about " +
                           render::number_text(seconds, Unit::seconds) + " on " +
                           std::to_string(threads_of(options)) + " threads",
                       "--yes begins it");
}

int show(const Sweep& sweep, const io::ProfileFolder& profiles, int threads, const OutputOptions& output) {
  const std::vector<sweep::Point> points = sweep::all_points(sweep, profiles, threads);
  const sweep::Analysis analysis = sweep::analyze(sweep, points);
  emit(
      [&](Format format, render::Style style) -> std::string {
        if (format == Format::json) return sweep::sweep_json(sweep, points, analysis);
        if (format == Format::csv) return sweep::csv_header(sweep) + sweep::csv_rows(sweep, points);
        const render::Table table = sweep::sweep_table(sweep, points, analysis);
        std::string text = format == Format::markdown ? render::table_markdown(table) + "\n"
                                                      : render::table_text(table, style) + "\n";
        sweep::PointReader reader(sweep, profiles);
        std::vector<std::string> findings = sweep::sweep_findings(sweep, points, analysis);
        for (std::string& finding : sweep::price_findings(sweep, reader))
          findings.push_back(std::move(finding));
        for (std::string& finding : sweep::warning_findings(sweep, points))
          findings.push_back(std::move(finding));
        for (const std::string& finding : findings)
          text += (format == Format::markdown ? "- " : "") + finding + "\n";
        return text;
      },
      output);
  say_beside_csv("", sweep::warning_findings(sweep, points), output);
  return 0;
}

bool is_one_csv(const OutputOptions& output) {
  return output.files.size() == 1 && output.files.front().ends_with(".csv");
}

/// Where the rows of a stream go: a file that can be resumed, or standard output.
std::string stream_target(const OutputOptions& output) {
  const bool to_stdout = format_named(output.format, "--format") == Format::csv;
  if (is_one_csv(output)) return output.files.front();
  if (to_stdout && output.files.empty()) return {};
  throw io::InputError({.file = "whatif"},
                       "more than " + render::grouped(most_shown) + " scenarios are written as CSV",
                       "--out results.csv, or --format csv");
}

std::string identity_of(const Sweep& sweep) {
  return sweep::fingerprint(sweep, std::string(version) + " " + git_revision);
}

int stream(const Sweep& sweep, const io::ProfileFolder& profiles, const WhatifOptions& options,
           const OutputOptions& output) {
  const auto total = static_cast<std::uint64_t>(sweep.size());
  const std::uint64_t chunks = (total + sweep::chunk_points - 1) / sweep::chunk_points;
  const std::string path = stream_target(output);
  const InterruptGuard guard;
  std::optional<sweep::ResumableFile> file;
  if (path.empty()) {
    write_stdout(sweep::csv_header(sweep));
  } else {
    file.emplace(path, sweep::csv_header(sweep),
                 sweep::ResumableFile::Identity{identity_of(sweep), sweep::chunk_points}, options.resume);
  }
  std::uint64_t done = file ? std::min(chunks, file->chunks()) : 0;
  if (done > 0) {
    say(render::grouped(static_cast<double>(std::min(total, done * sweep::chunk_points))) +
        " scenarios were done before\n");
  }
  ProgressLine progress("scenarios", total, done * sweep::chunk_points);
  bool reader_gone = false;
  sweep::OrderedChunks work(done, chunks);
  work.run(
      threads_of(options),
      [&] {
        auto reader = std::make_shared<sweep::PointReader>(sweep, profiles);
        return [&sweep, reader, total](std::uint64_t chunk) {
          return sweep::csv_chunk(sweep, *reader, chunk, total);
        };
      },
      [&](const std::string& rows) {
        if (file) {
          file->append(rows);
        } else {
          reader_gone = !write_stdout(rows);
        }
        progress.update(std::min(total, ++done * sweep::chunk_points));
        return !reader_gone && !interrupted();
      });
  if (done < chunks && !reader_gone) {
    say("interrupted after " + render::grouped(static_cast<double>(done * sweep::chunk_points)) + " of " +
        render::grouped(static_cast<double>(total)) + " scenarios" +
        (file ? "; --resume goes on with them\n" : "\n"));
    return interrupted_exit_code;
  }
  if (file) file->finish();
  return 0;
}

int run_whatif(const GlobalOptions& global, const WhatifOptions& options) {
  const io::ProfileFolder profiles = io::profile_folder(global.profiles);
  const Sweep sweep = sweep::read_sweep(io::read_yaml_file(options.file));
  sweep::PointReader reader(sweep, profiles);
  check_values(sweep, reader);
  check_size(sweep, reader, options);
  threads_of(options);
  if (global.team != nullptr) {
    const std::vector<std::string>& files = global.output.files;
    if (files.size() == 1 && (files.front().ends_with(".csv") || files.front().ends_with("/")))
      return sweep_together(sweep, profiles, *global.team, files.front(), identity_of(sweep), options.resume);
    if (sweep.size() > most_shown)
      throw io::InputError({.file = "whatif"}, "a team writes to a file or to a folder",
                           "--out results.csv, or --out results/");
    if (!global.team->leads()) return 0;
  }
  if (options.resume && !is_one_csv(global.output)) {
    throw io::InputError({.file = "--resume"},
                         global.output.files.empty() ? "standard output cannot be resumed"
                                                     : "only one file of CSV can be resumed",
                         "--out results.csv");
  }
  if (sweep.size() <= most_shown && !options.resume)
    return show(sweep, profiles, threads_of(options), global.output);
  return stream(sweep, profiles, options, global.output);
}

}  // namespace

AddedCommand add_whatif_command(CLI::App& parent, const GlobalOptions& global) {
  CLI::App* app = parent.add_subcommand("whatif", "Many scenarios from one file: differences, winners");
  const auto options = std::make_shared<WhatifOptions>();
  app->add_option("file", options->file, "What-if file (YAML); '-' is standard input")
      ->type_name("FILE")
      ->required();
  app->add_option("--threads", options->threads, "Default: as many as there are cores")->type_name("COUNT");
  app->add_flag("--resume", options->resume, "Go on with what an interrupted run left beside --out FILE.csv");
  app->add_flag("--yes", options->yes, "Begin a grid of more than ten million scenarios");
  app->footer("Example:\n  trainbudget whatif scenarios/rwkv-7-what-if.yaml");
  return {app, [=, &global] { return run_whatif(global, *options); }, true};
}

}  // namespace trainbudget::cli
