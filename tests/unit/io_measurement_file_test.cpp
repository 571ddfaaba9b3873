// measurement.json: read back as written, and refused with its place when it is damaged, older or foreign.
#include "catch.h"
#include "input_error_of.h"
#include "io/file.h"
#include "io/json_text.h"
#include "io/measurement_file.h"
#include "render/measurement_json.h"

using namespace trainbudget;

namespace {

const std::string path = TRAINBUDGET_SOURCE_DIR "/tests/unit/data/synthetic-h100-measurement.json";

std::string text() {
  return io::read_file(path, std::size_t{1} << 20);
}

Measurement read(const std::string& json) {
  return io::read_measurement(io::parse_json(json, "m.json"));
}

/// The text with the first `from` replaced.
std::string changed(const std::string& from, const std::string& to) {
  std::string json = text();
  const std::size_t place = json.find(from);
  REQUIRE(place != std::string::npos);
  return json.replace(place, from.size(), to);
}

void check_refused(const std::string& json, const std::string& message) {
  const io::InputError error = input_error_of([&] { read(json); });
  CHECK_THAT(std::string(error.what()) + " | " + error.hint, ContainsSubstring(message));
  CHECK(error.location.line > 0);
}

}  // namespace

TEST_CASE("a measurement is read as it was written") {
  const Measurement m = io::read_measurement_file(path);
  CHECK(m.device.name == "NVIDIA H100 80GB HBM3");
  CHECK(m.kernels.size() == 21);
  CHECK(m.kernels[5].shape == MeasuredShape{.batch = 2, .sequence = 1024, .heads = 64, .head_size = 64});
  CHECK(m.steps.at(0).parts.at(1).name == "backward wkv");
  CHECK(m.failures.size() == 1);
  const std::string written = render::measurement_json(m);
  CHECK(render::measurement_json(read(written)) == written);
}

TEST_CASE("the measurement of a whole day is read") {
  // As many timings as a full run has, each with as many samples as most come to.
  Measurement m = io::read_measurement_file(path);
  const MeasuredKernel kernel = m.kernels[5];
  m.kernels.clear();
  for (int i = 0; i < 2300; ++i) {
    m.kernels.push_back(kernel);
    m.kernels.back().shape.batch = i + 1;
    m.kernels.back().timing.samples.assign(150, kernel.timing.samples[0] * (1.0 + 1e-9 * i));
    m.kernels.back().timing.throttled.clear();
  }
  const std::string written = render::measurement_json(m);
  CHECK(written.size() < io::largest_json_bytes);
  CHECK(read(written).kernels.size() == 2300);
}

TEST_CASE("another version of the format says which") {
  check_refused(changed("trainbudget/measurement/2", "trainbudget/measurement/1"),
                "format 1 of a measurement; this program reads 2 | measure again");
}

TEST_CASE("another kind of file is called so") {
  check_refused(R"({"schema_version": 1, "cost": 3})",
                "this is not a measurement | trainbudget-microbench run");
  check_refused(R"({"schema": "trainbudget/accelerator/1"})", "this is not a measurement");
  check_refused(R"([1, 2])", "mapping");
}

TEST_CASE("half a file is refused") {
  const std::string whole = text();
  check_refused(whole.substr(0, whole.size() / 2), "invalid JSON");
}

TEST_CASE("figures that do not follow from the samples are refused") {
  std::string json = text();
  const std::size_t key = json.find("\"median_seconds\": ") + 18;
  json.replace(key, json.find(',', key) - key, "1e-9");
  check_refused(json, "median_seconds does not follow from the samples | the file is damaged");
}

TEST_CASE("what cannot be is refused") {
  check_refused(changed("\"mode\": \"repeated\"", "\"mode\": \"repeatedly\""), "unknown mode 'repeatedly'");
  check_refused(changed("\"precision\": \"bf16\"", "\"precision\": \"bf61\""), "did you mean 'bf16'");
  check_refused(changed("\"ranks\": 8,", "\"ranks\": 1,"), "2");
  check_refused(changed("\"throttled\": []", "\"throttled\": [5]"), "4");
  check_refused(changed("\"throttled\": []", "\"throttled\": [1, 1]"), "2");
  check_refused(changed("\"batch\": 2,\n", "\n"), "batch");
  check_refused(changed("\"failures\"", "\"failure\""), "failure");
  check_refused(changed("\"driver_version\": \"580.82.07\"", "\"driver_version\": null"), "driver_version");
  check_refused(changed("\"memory_bytes\": 85028765696", "\"memory_bytes\": 0"), "above zero");
}
