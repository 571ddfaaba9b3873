#include "cli/program.h"

#include "core/arch/rwkv_model.h"
#include "harness/gpu.h"
#include "io/file.h"
#include "io/model_file.h"
#include "render/measurement_json.h"
#include "version.h"

namespace trainbudget::microbench {

namespace {

PlannedModel tiny_model() {
  return {"tiny-rwkv-7",
          expand(rwkv_model({.version = 7,
                             .layers = 2,
                             .hidden_size = 64,
                             .vocabulary = 128,
                             .ranks = {.decay = 8, .learning_rate = 8, .value = 8, .gate = 8}}))};
}

}  // namespace

std::unique_ptr<Device> open_device(const ProgramOptions& options) {
  if (options.emulate) return make_emulated_device();
  std::string reason;
  std::unique_ptr<Device> device = open_gpu(options.device, reason);
  if (device == nullptr) throw NoDevice(reason);
  return device;
}

Filter::Filter(const std::string& expression) : everything_(expression.empty()) {
  try {
    expression_ = std::regex(expression, std::regex::ECMAScript | std::regex::icase);
  } catch (const std::regex_error&) {
    throw io::InputError(io::option_location("--filter", expression), "this is no regular expression",
                         "for example --filter 'wkv7_(forward|backward)'");
  }
}

bool Filter::selects(const std::string& name) const {
  return everything_ || std::regex_search(name, expression_);
}

std::vector<PlannedModel> chosen_models(const ProgramOptions& options, const std::vector<std::string>& names,
                                        const std::vector<std::string>& defaults) {
  if (names.empty() && options.emulate) return {tiny_model()};
  const io::ProfileFolder profiles = io::profile_folder(options.profiles);
  std::vector<PlannedModel> models;
  for (const std::string& name : names.empty() ? defaults : names) {
    const io::Location where = io::option_location("--model", name);
    const ModelProfile profile = io::find_model(profiles, name, where);
    if (profile.model.family.rfind("rwkv", 0) != 0) {
      throw io::InputError(where, profile.model.name + " is no RWKV model: there are no kernels for it here",
                           "'trainbudget models list' shows the family of each model");
    }
    models.push_back({profile.model.name, expand(profile.model)});
  }
  return models;
}

trainbudget::Measurement new_measurement(const MeasuredDevice& device, std::string_view machine,
                                         const std::string& effort) {
  trainbudget::Measurement measurement{.version = version,
                                       .git_revision = git_revision,
                                       .date = cli::today(),
                                       .machine = std::string(machine),
                                       .effort = effort};
  measurement.device = device;
  return measurement;
}

trainbudget::Measurement new_measurement(Device& device, const std::string& effort) {
  trainbudget::Measurement measurement = new_measurement(device.description(), device.kind(), effort);
  if (measurement.machine == "emulated") measurement.note = "emulated: its times say nothing about a GPU";
  if (measurement.machine == "gpu" && device.readings() == nullptr)
    measurement.failures.emplace_back("clocks and power: there is no NVML here, so throttling is not seen");
  return measurement;
}

void say_failures(const trainbudget::Measurement& measurement) {
  for (const std::string& failure : measurement.failures)
    cli::say("note: not measured: " + failure + "\n");
}

void write_measurement(const std::string& path, const trainbudget::Measurement& measurement) {
  io::write_file(path, render::measurement_json(measurement));
}

Keeper keeper_of(const std::string& path) {
  constexpr double period = 30.0;
  return {period, [path](const trainbudget::Measurement& so_far) {
            try {
              write_measurement(path, so_far);
            } catch (const std::exception& error) {
              cli::say("note: not kept: " + std::string(error.what()) + "\n");
            }
          }};
}

}  // namespace trainbudget::microbench
