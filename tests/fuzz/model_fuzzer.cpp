// Any bytes are a model whose sums are finite, or a located error: as a profile, and as a config.json.
#include "core/model_summary.h"
#include "io/hf_config.h"
#include "io/model_file.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace trainbudget;

void check(const Model& model) {
  const ModelSummary sum = summarize(expand(model), {.length = 4096.0, .encoder_length = 512.0});
  if (!std::isfinite(sum.total.flops()) || !(sum.total.parameters > 0.0)) std::abort();
}

template <class Read>
void attempt(Read read) {
  try {
    check(read());
  } catch (const io::InputError& error) {
    describe(error);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  attempt([&] { return io::read_model(io::parse_yaml(text, "input")).model; });
  attempt([&] { return io::read_hf_config(text, "input").model; });
  return 0;
}
