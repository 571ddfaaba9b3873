// One sweep by a team.
#pragma once

#include "cli/team.h"
#include "io/profile_folder.h"
#include "sweep/sweep.h"

#include <string>

namespace trainbudget::cli {

/// Evaluates `sweep` with all of `team` and writes it to `path`: a .csv, the same as of one process, or a
/// folder with a file for each process and an index (sweep/shared_table.h). `identity` as of ResumableFile.
/// Returns the exit code; throws InputError on all of the team, or while dealing.
int sweep_together(const sweep::Sweep& sweep, const io::ProfileFolder& profiles, Team& team,
                   const std::string& path, const std::string& identity, bool resume);

}  // namespace trainbudget::cli
