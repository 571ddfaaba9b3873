// Whole published runs: published_runs/runs.csv.
#pragma once

#include "core/scenario.h"
#include "core/whole_run.h"
#include "io/csv.h"
#include "io/profile_folder.h"
#include "io/run_names.h"

#include <vector>

namespace trainbudget::io {

/// All rows, in the file's order. Throws InputError for a cell that is no number.
std::vector<WholeRun> read_whole_runs(const CsvTable& table, const RunNames& names);

/// The whole runs that come with the program.
std::vector<WholeRun> read_published_whole_runs(const ProfileFolder& profiles);

/// `run` as it would have been asked before it began: 6·N·D at the prior of its accelerator and scale, and
/// what failures leave. The run's hours are not in it, nor is the scatter of runs, which they are part of.
/// Expects an expressible run.
Scenario scenario_before(const WholeRun& run, const ProfileFolder& profiles);

/// The same with its steps computed: the model, batch and sequence length that it had, an unknown software
/// stack, the fastest layout that fits. Expects a run that has_steps(). Throws InputError where no layout
/// divides.
Scenario computed_scenario_before(const WholeRun& run, const ProfileFolder& profiles);

}  // namespace trainbudget::io
