// trainbudget-microbench on the GPU in software: its kernels as nvcc translated them, its timers, graphs,
// products and readings, and kernel files that are compiled on the spot. Times are made up and say nothing.
#include "catch.h"
#include "support/process.h"

#include <filesystem>
#include <map>
#include <sstream>

using namespace trainbudget::testing;

namespace {

Outcome microbench(std::vector<std::string> arguments, const std::string& mode = "compute",
                   const std::map<std::string, std::string>& environment = {}) {
  Command command;
  command.environment.insert(environment.begin(), environment.end());
  command.arguments = std::move(arguments);
  command.arguments.insert(command.arguments.begin(), TRAINBUDGET_MICROBENCH);
  command.environment["SOFTWARE_GPU"] = mode;
  command.environment["CUDACXX"] = NVCC;
  command.environment["NVCC_APPEND_FLAGS"] = "--cudart shared --compress-mode=none";
  command.timeout = std::chrono::minutes(10);
  return run(command);
}

Outcome kernel_file(const std::string& source, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments{"kernel", "--source", source, "--interface",
                                     "wkv6",   "--arch",   "90",   "--verify-only"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return microbench(arguments);
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

/// An environment in which NVML is none: the linker looks there before it looks beside the runtime.
std::map<std::string, std::string> without_nvml(const TemporaryFolder& folder) {
  folder.write("libnvidia-ml.so.1", "no library\n");
  return {{"LD_LIBRARY_PATH", folder.path()}};
}
constexpr const char* no_nvml = "note: not measured: clocks and power: there is no NVML here";

struct KernelTraffic {
  std::string name;
  double launches = 0, instructions = 0, global_accesses = 0, sectors = 0, least_sectors = 0,
         shared_accesses = 0, bank_conflicts = 0;
};

std::vector<KernelTraffic> traffic_of(const std::string& file) {
  std::istringstream lines(read_file(file));
  std::vector<KernelTraffic> all;
  std::string line;
  for (std::getline(lines, line); std::getline(lines, line);) {
    const std::size_t end = line.find('\t');
    REQUIRE(end != std::string::npos);
    KernelTraffic kernel{.name = line.substr(0, end)};
    std::istringstream numbers(line.substr(end));
    numbers >> kernel.launches >> kernel.instructions >> kernel.global_accesses >> kernel.sectors >>
        kernel.least_sectors >> kernel.shared_accesses >> kernel.bank_conflicts;
    REQUIRE_FALSE(numbers.fail());
    all.push_back(std::move(kernel));
  }
  return all;
}

}  // namespace

TEST_CASE("every kernel is right as nvcc translated it, without races, within its memory and sparing of it") {
  const TemporaryFolder folder;
  const std::string file = folder.path() + "/traffic.tsv";
  const Outcome verified = microbench({"verify"}, "compute", {{"SOFTWARE_GPU_TRAFFIC", file}});
  CAPTURE(verified.out, verified.err);
  CHECK(verified.exit_code == 0);
  CHECK(verified.err.empty());
  CHECK(count(verified.out, "WRONG") == 0);
  CHECK(count(verified.out, "right") > 300);
  for (const char* kernel : {"wkv4_backward", "wkv5_backward", "wkv6_backward", "wkv7_backward",
                             "wkv7_forward", "adamw", "cross_entropy", "layer_norm_backward", "gemm"})
    CHECK_THAT(verified.out, ContainsSubstring(kernel));

  const std::vector<KernelTraffic> all = traffic_of(file);
  CHECK(all.size() > 50);
  std::size_t recurrences = 0;
  for (const KernelTraffic& kernel : all) {
    CAPTURE(kernel.name, kernel.sectors, kernel.least_sectors, kernel.shared_accesses, kernel.bank_conflicts);
    // Sums of strips, in fp32, are written as two halves of 16 bytes a lane.
    CHECK(kernel.sectors <= 1.6 * kernel.least_sectors);
    if (kernel.name.find("Wkv") == std::string::npos) {
      CHECK(kernel.bank_conflicts == 0);
      continue;
    }
    ++recurrences;
    CHECK(kernel.sectors <= 1.01 * kernel.least_sectors);
    // The backward pass of WKV-7 writes sums over columns: pairs, which only ptxas joins, and where heads
    // have 128 channels the two bands of a warp meet.
    const bool writes_sums = kernel.name.find("Wkv7Backward") != std::string::npos;
    CHECK(kernel.bank_conflicts <= (writes_sums ? 0.6 : 0.0) * kernel.shared_accesses);
  }
  CHECK(recurrences == 22);
}

TEST_CASE("a run writes a measurement that fits its schema and that calibrates nothing") {
  const TemporaryFolder folder;
  const std::string file = folder.path() + "/measurement.json";
  const Outcome measured =
      microbench({"run", "--quick", "--out", file, "--filter", "wkv7|stream|launch|N96|fp8"}, "time");
  CAPTURE(measured.out, measured.err);
  REQUIRE(measured.exit_code == 0);
  CHECK_THAT(measured.out, ContainsSubstring("sweet spot"));
  CHECK_THAT(measured.out, ContainsSubstring("fp8"));
  CHECK_THAT(measured.out, ContainsSubstring("launch graph"));
  const std::string text = read_file(file);
  CHECK_THAT(text, ContainsSubstring("software GPU"));
  // Readings come from NVML while it runs.
  CHECK_THAT(text, ContainsSubstring("1755000000"));

  Command check;
  check.environment["PYTHONDONTWRITEBYTECODE"] = "1";
  check.arguments = {"/usr/bin/env", "python3", MEASUREMENT_CHECK, SOURCE_DIR, file};
  const Outcome checked = run(check);
  CAPTURE(checked.out, checked.err);
  CHECK((checked.exit_code == 0 || checked.exit_code == 77));

  Command calibrate;
  calibrate.arguments = {
      TRAINBUDGET_PROGRAM, "calibrate", "--from", file, "-o", folder.path() + "/profile.yaml"};
  const Outcome refused = run(calibrate);
  CHECK(refused.exit_code == 2);
  CHECK_THAT(refused.err, ContainsSubstring("software GPU"));
  CHECK_FALSE(std::filesystem::exists(folder.path() + "/profile.yaml"));
}

TEST_CASE("a measurement of a GPU that a profile names becomes an efficiency that an estimate takes") {
  // All the way that the first run on a GPU goes, but for the times.
  const TemporaryFolder folder;
  const std::string file = folder.path() + "/measurement.json", profile = folder.path() + "/mine.yaml";
  const std::map<std::string, std::string> named{{"SOFTWARE_GPU_NAME", "NVIDIA H100 80GB HBM3"}};
  const Outcome measured =
      microbench({"run", "--quick", "--out", file, "--filter", "ceiling|stream|launch|residual|wkv7.*T4096"},
                 "time", named);
  CAPTURE(measured.out, measured.err);
  REQUIRE(measured.exit_code == 0);
  // The clock that is read is 1,755 MHz, and that of the peak 1,830.
  CHECK_THAT(measured.out, ContainsSubstring("At its clock") && ContainsSubstring("63.1 %"));
  const auto trainbudget = [](std::vector<std::string> arguments) {
    Command command;
    command.arguments = std::move(arguments);
    command.arguments.insert(command.arguments.begin(), TRAINBUDGET_PROGRAM);
    return run(command);
  };
  const Outcome calibrated = trainbudget({"calibrate", "--from", file, "-o", profile});
  CAPTURE(calibrated.out, calibrated.err);
  REQUIRE(calibrated.exit_code == 0);
  CHECK_THAT(calibrated.out, ContainsSubstring("h100-sxm-80gb/measured from NVIDIA H100 80GB HBM3") &&
                                 ContainsSubstring("a quick measurement"));
  // Products take their FLOPs at 600 TFLOP/s of 989.4, and 3 µs.
  CHECK_THAT(calibrated.out, ContainsSubstring("matmul                     0.6"));
  const Outcome estimated = trainbudget({"estimate", "--model", "rwkv-7-1.5b", "--tokens", "10B", "--cluster",
                                         "hgx-h100", "--gpus", "8", "--price", "$2/h", "--global-batch", "64",
                                         "--layout", "mbs=8", "--efficiency", profile});
  CAPTURE(estimated.out, estimated.err);
  CHECK(estimated.exit_code == 0);
  CHECK_THAT(estimated.out, ContainsSubstring("h100-sxm-80gb/measured"));
}

TEST_CASE("a step is what its launches predict, eager and as a graph, where time is only what they take") {
  const TemporaryFolder folder;
  const std::string file = folder.path() + "/step.json";
  std::map<std::string, std::string> environment = without_nvml(folder);
  environment["SOFTWARE_GPU_NAME"] = "NVIDIA H100 80GB HBM3";
  const Outcome step = microbench(
      {"step", "--model", "rwkv-7-1.5b", "--micro-batch", "8", "--sequence", "4096", "--out", file}, "time",
      environment);
  CAPTURE(step.out, step.err);
  CHECK(step.exit_code == 0);
  CHECK_THAT(step.out, ContainsSubstring("eager: ") && ContainsSubstring("graph: "));
  CHECK(count(step.out, "whole step") == 2);
  // Parts that miss by more than 5 % are flagged.
  CHECK(count(step.out, "off by more than 5 %") == 0);
  // Memory is faster here than that of an H100 can be, which is what an estimate holds it to.
  CHECK(count(step.out, "the estimator, calibrated with its launches: ") == 2);
  CHECK_THAT(read_file(file), ContainsSubstring("estimated_seconds"));
  // What it lacks is said, here as everywhere.
  CHECK(count(step.err, no_nvml) == 1);
}

TEST_CASE("somebody's kernel file is compiled, found right or wrong, and timed beside ours") {
  const std::string source = std::string(KERNEL_FILES) + "/wkv6.cu";
  const Outcome right = kernel_file(source);
  CAPTURE(right.out, right.err);
  CHECK(right.exit_code == 0);
  CHECK(count(right.out, "right") == 12);

  const Outcome wrong = kernel_file(source, {"--define", "SCALE=1.02f"});
  CAPTURE(wrong.out, wrong.err);
  CHECK(wrong.exit_code == 1);
  CHECK(count(wrong.out, "WRONG") == 2);

  // Ten times the threads that there are tensors for.
  const TemporaryFolder folder;
  std::string spoiled = read_file(source);
  const std::string launch = "forward_kernel<<<B * H, N>>>";
  spoiled.replace(spoiled.find(launch), launch.size(), "forward_kernel<<<10 * B * H, N>>>");
  const Outcome outside = kernel_file(folder.write("outside.cu", spoiled));
  CAPTURE(outside.out, outside.err);
  CHECK(outside.exit_code == 2);
  CHECK_THAT(outside.err, ContainsSubstring("outside all allocations"));
}

TEST_CASE("what keeps a GPU from being timed is said, and nothing is") {
  const auto verified = [](const std::string& variable, const std::string& value) {
    return microbench({"verify", "--filter", "^residual$"}, "compute", {{variable, value}});
  };
  const auto refused = [&](const std::string& variable, const std::string& value,
                           const std::string& message) {
    const Outcome outcome = verified(variable, value);
    CAPTURE(outcome.out, outcome.err);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, ContainsSubstring(message));
  };
  const std::string program = CUDA_VERSION;
  refused("SOFTWARE_GPU_DRIVER", "12040",
          "the driver knows CUDA 12.4, this program was built with " + program +
              (program.rfind("13.", 0) == 0 ? ", which needs driver 580 or later\n" : "\n"));
  refused("SOFTWARE_GPU_DRIVER", "0", "no CUDA device: no driver\n");
  refused("CUDA_LAUNCH_BLOCKING", "1", "CUDA_LAUNCH_BLOCKING is set; unset it\n");
  CHECK(verified("CUDA_LAUNCH_BLOCKING", "0").exit_code == 0);
  CHECK(verified("CUDA_LAUNCH_BLOCKING", "").exit_code == 0);
  CHECK(verified("SOFTWARE_GPU_DRIVER", "99000").exit_code == 0);
}

TEST_CASE("without NVML all is measured but clocks and power, and that is said") {
  const TemporaryFolder folder;
  const std::string file = folder.path() + "/m.json";
  const Outcome outcome =
      microbench({"run", "--out", file, "--filter", "launch"}, "time", without_nvml(folder));
  CAPTURE(outcome.out, outcome.err);
  CHECK(outcome.exit_code == 0);
  CHECK_THAT(outcome.out, ContainsSubstring("launch graph"));
  CHECK(count(outcome.err, no_nvml) == 1);
  CHECK_THAT(read_file(file), ContainsSubstring("\"clocks and power: there is no NVML here, so throttling") &&
                                  ContainsSubstring("\"driver_version\": \"\"") &&
                                  ContainsSubstring("\"readings\": 0,"));
}
