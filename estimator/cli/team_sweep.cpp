#include "cli/team_sweep.h"

#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "render/number_text.h"
#include "sweep/point.h"
#include "sweep/shared_table.h"
#include "sweep/sweep_csv.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <optional>

namespace trainbudget::cli {
namespace {

/// Does `work` on the leader; what it throws is thrown on all.
void lead(Team& team, const std::function<void()>& work) {
  std::optional<io::InputError> error;
  if (team.leads()) {
    try {
      work();
    } catch (const io::InputError& thrown) {
      error = thrown;
    }
  }
  const std::string told = team.gather(error ? error->what() : "").front();
  if (error) throw *error;
  if (!told.empty()) throw io::InputError({}, told);
}

std::vector<std::uint64_t> missing_chunks(const sweep::ChunkPlaces& done, std::uint64_t chunks) {
  std::vector<std::uint64_t> missing;
  for (std::uint64_t chunk = 0; chunk < chunks; ++chunk) {
    if (!done.contains(chunk)) missing.push_back(chunk);
  }
  return missing;
}

}  // namespace

int sweep_together(const sweep::Sweep& sweep, const io::ProfileFolder& profiles, Team& team,
                   const std::string& path, const std::string& identity, bool resume) {
  const bool one_file = path.ends_with(".csv");
  const std::string folder = one_file ? path + ".parts" : path;
  const auto total = static_cast<std::uint64_t>(sweep.size());
  const std::uint64_t chunks = (total + sweep::chunk_points - 1) / sweep::chunk_points;
  const std::string header = sweep::csv_header(sweep);

  lead(team, [&] { sweep::open_shared_table(folder, identity, resume); });
  const std::vector<std::uint64_t> missing = missing_chunks(sweep::finished_chunks(folder), chunks);
  const std::uint64_t before = chunks - missing.size();
  if (before > 0 && team.leads())
    say(render::grouped(static_cast<double>(before)) + " of " + render::grouped(static_cast<double>(chunks)) +
        " chunks were done before\n");

  const InterruptGuard guard;
  sweep::PointReader reader(sweep, profiles);
  team.deal();  // nobody writes before all have read what was there
  sweep::RankFile file(folder, team.rank(), header);
  ProgressLine progress("scenarios", total, before * sweep::chunk_points);
  for (std::uint64_t next = team.next(); next < missing.size(); next = team.next()) {
    file.append(missing[next], sweep::csv_chunk(sweep, reader, missing[next], total));
    // About as many as this process has been dealt numbers.
    if (team.leads()) progress.update(std::min(total, (before + next + 1) * sweep::chunk_points));
    if (interrupted()) break;
  }
  file.close();
  const std::vector<std::string> ends = team.gather(interrupted() ? "interrupted" : "");
  if (std::any_of(ends.begin(), ends.end(), [](const std::string& end) { return !end.empty(); })) {
    if (team.leads()) say("interrupted; --resume goes on with what is in " + folder + "\n");
    return interrupted_exit_code;
  }
  lead(team, [&] {
    const sweep::ChunkPlaces done = sweep::finished_chunks(folder);
    if (done.size() != chunks) throw io::InputError({.file = folder}, "lacks rows that were written to it");
    if (one_file) {
      sweep::gather_table(folder, done, header, path);
    } else {
      sweep::write_index(folder, done, sweep::chunk_points, total);
    }
  });
  return 0;
}

}  // namespace trainbudget::cli
