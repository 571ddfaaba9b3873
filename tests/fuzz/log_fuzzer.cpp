// Any bytes are a training log or a located error; and of any log, in whatever format it is read, the
// forecast is in order or there is a reason against it.
#include "core/progress.h"
#include "io/input_error.h"
#include "io/log/log_format.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trainbudget;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto read = [&](const std::string& format) {
    try {
      const TrainingLog log = io::parse_training_log(text, "log", format);
      const TrackedRun run{
          .total_tokens = 1e12, .gpus = 8.0, .sequence_length = 4096.0, .tokens_per_step = 1e6};
      if (!progress_problem(log, run).empty()) return;
      const Range left = progress_of(log, run).remaining_seconds;
      if (!(left.p10 >= 0.0) || !(left.p10 <= left.p50) || !(left.p50 <= left.p90)) std::abort();
    } catch (const io::InputError& error) {
      describe(error);
    }
  };
  read("");
  for (const io::LogFormat& format : io::log_formats())
    read(std::string(format.name));
  return 0;
}
