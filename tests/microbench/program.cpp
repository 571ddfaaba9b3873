// trainbudget-microbench as a process: without a GPU, emulated, and with kernel files of somebody else.
#include "catch.h"
#include "support/process.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include <sys/stat.h>

using namespace trainbudget::testing;

namespace {

Outcome microbench(std::vector<std::string> arguments) {
  Command command;
  command.arguments = std::move(arguments);
  command.arguments.insert(command.arguments.begin(), TRAINBUDGET_MICROBENCH);
  // No GPU, also where there is one.
  command.environment["CUDA_VISIBLE_DEVICES"] = "";
  command.timeout = std::chrono::seconds(300);
  return run(command);
}

Outcome trainbudget_program(std::vector<std::string> arguments) {
  Command command;
  command.arguments = std::move(arguments);
  command.arguments.insert(command.arguments.begin(), TRAINBUDGET_PROGRAM);
  return run(command);
}

/// A compiler that takes nvcc's words, notes them, and compiles the host part of a file as C++.
const char* fake_nvcc = R"(#!/bin/sh
printf '%s\n' "$@" > "$(dirname "$0")/words"
set -f
output=; source=; definitions=
while [ $# -gt 0 ]; do
  case $1 in
    -o) output=$2; shift ;;
    -D) definitions="$definitions -D$2"; shift ;;
    -I|-arch|-Xptxas|-Xcompiler|--maxrregcount) shift ;;
    -*) ;;
    *) source=$1 ;;
  esac
  shift
done
exec c++ -x c++ -O1 -shared -fPIC $definitions -o "$output" "$source"
)";

/// RWKV-4 on the host, in the interface of the public kernel. `scale` multiplies y.
std::string host_wkv4(const std::string& scale) {
  return R"(#include <cmath>
#include <vector>
void cuda_forward(int B, int T, int C, float* w, float* u, float* k, float* v, float* y) {
  for (int b = 0; b < B; ++b)
    for (int c = 0; c < C; ++c) {
      double p = 0, q = 0;
      for (int t = 0; t < T; ++t) {
        const int i = (b * T + t) * C + c;
        const double now = std::exp(double(u[c] + k[i])), key = std::exp(double(k[i]));
        y[i] = float()" +
         scale + R"( * (p + now * v[i]) / (q + now));
        p = std::exp(double(w[c])) * p + key * v[i];
        q = std::exp(double(w[c])) * q + key;
      }
    }
}
static_assert(Tmax >= 40, "the macro has arrived");
void cuda_backward(int B, int T, int C, float* w, float* u, float* k, float* v, float* y, float* gy, float* gw,
                   float* gu, float* gk, float* gv) {
  for (int b = 0; b < B; ++b)
    for (int c = 0; c < C; ++c) {
      std::vector<double> p(T + 1), q(T + 1);
      const double decay = std::exp(double(w[c]));
      for (int t = 0; t < T; ++t) {
        const int i = (b * T + t) * C + c;
        p[t + 1] = decay * p[t] + std::exp(double(k[i])) * v[i];
        q[t + 1] = decay * q[t] + std::exp(double(k[i]));
      }
      double dp = 0, dq = 0, dw = 0, du = 0;
      for (int t = T; t-- > 0;) {
        const int i = (b * T + t) * C + c;
        const double now = std::exp(double(u[c] + k[i])), key = std::exp(double(k[i])), total = q[t] + now;
        const double bonus = gy[i] * now * (v[i] - y[i]) / total;
        du += bonus;
        gk[i] = float(bonus + key * (dp * v[i] + dq));
        gv[i] = float(gy[i] * now / total + dp * key);
        dw += decay * (dp * p[t] + dq * q[t]);
        dp = decay * dp + gy[i] / total;
        dq = decay * dq - gy[i] * y[i] / total;
      }
      gw[b * C + c] = float(dw * w[c]);
      gu[b * C + c] = float(du);
    }
}
)";
}

std::string compiler_in(const TemporaryFolder& folder) {
  const std::string path = folder.write("a compiler; with 'spaces'/nvcc", fake_nvcc);
  chmod(path.c_str(), 0755);
  return path;
}

}  // namespace

TEST_CASE("without a GPU what needs one says so and ends with 2") {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"verify"}, {"run", "--out", "/nonexistent/m.json"}, {"step"}}) {
    const Outcome outcome = microbench(arguments);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, ContainsSubstring("no CUDA device"));
  }
  const Outcome listed = microbench({"list"});
  CHECK(listed.exit_code == 0);
  CHECK_THAT(listed.out, ContainsSubstring("wkv7_backward"));
  CHECK_THAT(microbench({"list", "interfaces"}).out, ContainsSubstring("wkv7_clampw_v3"));
  const Outcome planned = microbench({"run", "--full", "--dry-run", "--filter", "sweep.*wkv7_forward"});
  CHECK(planned.exit_code == 0);
  CHECK_THAT(planned.out, ContainsSubstring("wkv7_forward B32 T512 H64x64 repeated"));
}

TEST_CASE("what cannot be measured is refused before anything starts") {
  CHECK_THAT(microbench({"run", "--dry-run", "--filter", "("}).err,
             ContainsSubstring("no regular expression"));
  CHECK_THAT(microbench({"run", "--dry-run", "--filter", "wkv9"}).err,
             ContainsSubstring("no timing has such a name"));
  CHECK_THAT(microbench({"run", "--dry-run", "--model", "llama-3-8b"}).err,
             ContainsSubstring("no RWKV model"));
  CHECK_THAT(microbench({"run", "--dry-run", "--quick", "--full"}).err, ContainsSubstring("not both"));
  CHECK_THAT(microbench({"run"}).err, ContainsSubstring("--out measurement.json"));
  CHECK_THAT(microbench({"rnu"}).err, ContainsSubstring("did you mean 'run'"));
}

TEST_CASE("an emulated run goes to a file that calibrate reads and refuses") {
  const TemporaryFolder folder;
  const std::string file = folder.path() + "/m.json";
  const Outcome done =
      microbench({"run", "--emulate", "--out", file, "--filter", "stream|wkv|ceiling|launch"});
  CHECK(done.exit_code == 0);
  CHECK_THAT(done.out, ContainsSubstring("wkv7_forward B1 T16 H1x64 repeated"));
  CHECK_THAT(done.out, ContainsSubstring("sweet spot"));
  const std::string json = read_file(file);
  CHECK_THAT(json, ContainsSubstring("\"machine\": \"emulated\""));
  CHECK_THAT(json, ContainsSubstring("\"failures\": []"));
  const Outcome refused = trainbudget_program({"calibrate", "--from", file, "-o", folder.path() + "/p.yaml"});
  CHECK(refused.exit_code == 2);
  CHECK_THAT(refused.err, ContainsSubstring("emulated machine, not on a GPU"));
  CHECK_FALSE(std::filesystem::exists(folder.path() + "/p.yaml"));
}

TEST_CASE("an emulated step names every part twice, eager and as a graph") {
  const Outcome done = microbench({"step", "--emulate", "--layers", "1"});
  CHECK(done.exit_code == 0);
  CHECK_THAT(done.out, ContainsSubstring("eager") && ContainsSubstring("graph") &&
                           ContainsSubstring("recompute wkv") && ContainsSubstring("1 of 2 layers were run"));
  CHECK_THAT(microbench({"step", "--emulate", "--layers", "3"}).err, ContainsSubstring("has 2 layers"));
}

TEST_CASE("a kernel file of somebody else is compiled as it is, checked and timed") {
  const TemporaryFolder folder;
  const std::string compiler = compiler_in(folder);
  const std::string source = folder.write("my $(touch pwned) 'kernel'.cu", host_wkv4("1"));
  const Outcome done =
      microbench({"kernel", "--emulate", "--nvcc", compiler, "--source", source, "--interface", "wkv4",
                  "--micro-batch", "1", "--sequence", "64", "--heads", "1", "--arch", "90"});
  INFO(done.err);
  CHECK(done.exit_code == 0);
  CHECK_THAT(done.out,
             ContainsSubstring("gk") && ContainsSubstring("right") && ContainsSubstring("File ÷ ours"));
  CHECK_THAT(done.out, !ContainsSubstring("WRONG"));
  const std::string words = read_file(folder.path() + "/a compiler; with 'spaces'/words");
  CHECK_THAT(words, ContainsSubstring("\n" + source + "\n") && ContainsSubstring("\nTmax=64\n") &&
                        ContainsSubstring("\nsm_90\n"));
  CHECK_FALSE(std::filesystem::exists("pwned"));
  // Wrong by two percent: found.
  const std::string wrong = folder.write("wrong.cu", host_wkv4("1.02"));
  const Outcome found = microbench({"kernel", "--emulate", "--verify-only", "--nvcc", compiler, "--source",
                                    wrong, "--interface", "wkv4", "--sequence", "64", "--arch", "90"});
  CHECK(found.exit_code == 1);
  CHECK_THAT(found.out, ContainsSubstring("WRONG"));
}

TEST_CASE("what is wrong with a kernel file is said") {
  const TemporaryFolder folder;
  const std::string compiler = compiler_in(folder);
  const std::string source = folder.write("k.cu", "int nothing = 0;\n");
  const std::string broken = folder.write("broken.cu", "this is no C++\n");
  const auto refused = [&](std::vector<std::string> arguments, const std::string& message) {
    arguments.insert(arguments.begin(), {"kernel", "--compile-only", "--arch", "90"});
    const Outcome outcome = microbench(arguments);
    CHECK(outcome.exit_code == 2);
    CHECK_THAT(outcome.err, ContainsSubstring(message));
  };
  refused({"--source", source, "--interface", "wkv4", "--nvcc", compiler}, "no function _Z12cuda_forward");
  refused({"--source", broken, "--interface", "wkv4", "--nvcc", compiler}, "does not compile");
  refused({"--source", source, "--interface", "wkv4", "--nvcc", "/no/nvcc"}, "'/no/nvcc' is not a program");
  refused({"--source", folder.path() + "/none.cu", "--interface", "wkv4"}, "there is no such file");
  refused({"--source", source, "--interface", "wkv44"}, "did you mean 'wkv4'");
  refused({"--source", source, "--interface", "wkv7", "--sequence", "100"}, "multiple of 16");
  refused({"--source", source, "--interface", "wkv6", "--define", "_T_=512"}, "longer than _T_=512");
  refused({"--source", source, "--interface", "wkv7", "--micro-batch", "512", "--heads", "64"}, "2^31");
}

TEST_CASE("collectives between GPUs become the tiers of a cluster that an estimate takes") {
  const TemporaryFolder folder;
  const std::string measured = std::string(TRAINBUDGET_TEST_DATA) + "/synthetic-h100-measurement.json";
  const std::string file = folder.path() + "/my-h100.yaml";
  const Outcome done =
      trainbudget_program({"calibrate", "--from", measured, "--cluster", "hgx-h100", "-o", file});
  INFO(done.err);
  REQUIRE(done.exit_code == 0);
  CHECK_THAT(done.out, ContainsSubstring("nvlink") && ContainsSubstring("timings over 8 ranks"));
  CHECK_THAT(read_file(file), ContainsSubstring("name: my-h100") &&
                                  ContainsSubstring("origin: measured, date: ") &&
                                  ContainsSubstring("NCCL 2.28.9"));
  const Outcome estimated = trainbudget_program(
      {"estimate", "--model", "rwkv-7-1.5b", "--tokens", "10B", "--cluster", file, "--gpus", "8",
       "--efficiency", "h100-sxm-80gb/generic", "--price", "$2/h", "--global-batch", "4M"});
  INFO(estimated.err);
  CHECK(estimated.exit_code == 0);
  const auto refused = [&](std::vector<std::string> arguments, const std::string& message) {
    arguments.insert(arguments.begin(), {"calibrate"});
    const Outcome outcome = trainbudget_program(arguments);
    CHECK(outcome.exit_code == 2);
    CHECK_THAT(outcome.err, ContainsSubstring(message));
  };
  refused({"--from", measured, "--cluster", "dgx-a100-80gb", "-o", file}, "does not speak for dgx-a100-80gb");
  refused({"--from", measured, "--cluster", "hgx-h100", "-o", "My File.yaml"}, "cannot be called so");
  refused({"--from", folder.write("steps.csv", "id\n"), "--cluster", "hgx-h100", "-o", file},
          "only a measurement of collectives");
}

TEST_CASE("an estimate takes the recurrences that were measured, and says where it leaves them") {
  const TemporaryFolder folder;
  const std::string measured = std::string(TRAINBUDGET_TEST_DATA) + "/synthetic-h100-measurement.json";
  const std::string file = folder.path() + "/my-h100.yaml";
  const Outcome done = trainbudget_program({"calibrate", "--from", measured, "-o", file});
  INFO(done.err);
  REQUIRE(done.exit_code == 0);
  CHECK_THAT(done.out, ContainsSubstring("fastest in bf16: 720.0 TFLOP/s, 72.8 % of the peak: gemm"));
  CHECK_THAT(read_file(file),
             ContainsSubstring("- kernel: wkv7_forward") && ContainsSubstring("resident_heads: "));
  const auto estimate = [&](const std::string& model, const std::string& micro_batch) {
    return trainbudget_program({"estimate", "--model", model, "--tokens", "10B", "--cluster", "hgx-h100",
                                "--gpus", "8", "--price", "$2/h", "--global-batch", "256", "--layout",
                                "mbs=" + micro_batch, "--efficiency", file, "--format", "json"});
  };
  // 32 heads a sequence; 128 to 2,048 are measured.
  const Outcome inside = estimate("rwkv-7-1.5b", "16");
  INFO(inside.out << inside.err);
  CHECK(inside.exit_code == 0);
  CHECK_THAT(inside.out, ContainsSubstring("recurrence_step") && !ContainsSubstring("beyond the measured"));
  // Two micro-batches of 512 heads in 24 layers: 6.74892 ms forward and 13.68609 ms backward in the file.
  CHECK_THAT(inside.out, ContainsSubstring("\"p50\": 0.98088"));
  CHECK_THAT(estimate("rwkv-7-1.5b", "2").out,
             ContainsSubstring("wkv7 backward: B·H 64 is beyond the measured 128 to 2048; extrapolated"));
  CHECK_THAT(estimate("rwkv-6-1.6b", "16").out, ContainsSubstring("wkv6 forward: not measured"));
}
