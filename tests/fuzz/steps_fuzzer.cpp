// Any bytes are measured steps, each with a prediction that is a time or a reason against it, or a located
// error.
#include "core/machine.h"
#include "core/memory.h"
#include "core/step_time.h"
#include "io/measured_run_file.h"
#include "io/profile_folder.h"
#include "io/text_source.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trainbudget;
  static const io::ProfileFolder profiles = io::profile_folder("");
  static const io::RunNames names = io::read_run_names(profiles);
  try {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const io::CsvTable table(io::checked_source(text, "input", 1 << 16), "input");
    const io::MeasuredRuns runs = io::read_measured_runs(table, names, profiles);
    for (const MeasuredRun& run : runs.runs) {
      if (!run.inexpressible.empty()) continue;
      const TrainingRun& training = run.run;
      const Workload workload = gather(apply(training.recipe, expand(run.model)), training.sequence,
                                       training.recipe, training.fused_attention);
      const auto machine = machine_of(runs.accelerators.at(run.accelerator), runs.clusters.at(run.cluster),
                                      training.precision);
      const double seconds =
          step_time(workload, *machine, training.layout, training.global_batch, typical_efficiency()).total();
      const double bytes =
          memory_use(workload, training.layout, training.global_batch, typical_efficiency()).peak.total();
      if (!(seconds > 0.0) || !std::isfinite(seconds) || !(bytes > 0.0)) std::abort();
    }
  } catch (const io::InputError& error) {
    describe(error);
  }
  return 0;
}
