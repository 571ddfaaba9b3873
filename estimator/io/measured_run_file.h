// Published and own measurements of training steps: published_runs/steps.csv and any file with its columns
// (docs/published-runs.md).
#pragma once

#include "core/hardware.h"
#include "core/measured_run.h"
#include "io/csv.h"
#include "io/profile_folder.h"
#include "io/run_names.h"

#include <map>
#include <string>
#include <vector>

namespace trainbudget::io {

struct MeasuredRuns {
  std::vector<MeasuredRun> runs;                    ///< one for each row, in the file's order
  std::map<std::string, Accelerator> accelerators;  ///< those that runs name
  std::map<std::string, Cluster> clusters;
};

/// Reads all rows. A cell that is no number, or a column that is not known, is an InputError; a row that says
/// too little to be predicted is kept, with MeasuredRun::inexpressible.
MeasuredRuns read_measured_runs(const CsvTable& table, const RunNames& names, const ProfileFolder& profiles);

/// The names that come with the program.
RunNames read_run_names(const ProfileFolder& profiles);

/// The measurements that come with the program.
MeasuredRuns read_published_runs(const ProfileFolder& profiles);

}  // namespace trainbudget::io
