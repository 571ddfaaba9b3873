// The program as a process among others: exit codes, pipes that close, disks that are full, signals.
#include "program.h"

#include <csignal>
#include <filesystem>
#include <iterator>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace trainbudget::testing;

TEST_CASE("success is 0, bad usage and bad input are 2") {
  const TemporaryFolder folder;
  const Outcome done = run(program({"estimate", folder.write("s.yaml", scenario)}));
  CHECK(done.exit_code == 0);
  CHECK_THAT(done.out, ContainsSubstring("35,449"));
  CHECK(run(program({"--version"})).exit_code == 0);
  CHECK(run(program({"--help"})).exit_code == 0);
  CHECK(run(program({"--nonsense"})).exit_code == 2);
  CHECK(run(program({"nonsense"})).exit_code == 2);
  CHECK(run(program({"estimate", folder.write("bad.yaml", "a: [")})).exit_code == 2);
}

TEST_CASE(
    "a log becomes measured steps, these a profile, and the profile brings the estimate nearer to the log") {
  const TemporaryFolder folder;
  std::string log;
  for (int i = 1; i <= 60; ++i)
    log += " iteration " + std::to_string(i) + "/ 100000 | consumed samples: " + std::to_string(i * 512) +
           " | elapsed time per iteration (ms): " + std::to_string(6990 + i % 3 * 10) +
           ".0 | learning rate: 1.0E-04 | global batch size: 512 | lm loss: 2.5E+00 |\n";
  const std::vector<std::string> scenario_options = {
      "--model",        "llama-3-8b", "--tokens", "100B", "--sequence-length", "8192",
      "--cluster",      "hgx-h100",   "--gpus",   "64",   "--layout",          "tp=2,pp=1,mbs=1,zero=1,sp",
      "--global-batch", "512"};
  const auto with = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), scenario_options.begin(), scenario_options.end());
    Command command = program(arguments);
    command.address_space_bytes = 0;  // calibrating reads all published runs
    return run(command);
  };
  const std::string steps = folder.path() + "/steps.csv";
  const std::string profile = folder.path() + "/mine.yaml";
  const Outcome tracked = with({"track", "--log", folder.write("megatron.out", log), "--steps-csv", steps});
  INFO(tracked.err);
  REQUIRE(tracked.exit_code == 0);
  CHECK_THAT(read_file(steps), ContainsSubstring(",7,1,60 records of megatron.out"));  // seconds of a step
  Command calibrate = program({"calibrate", "--from", steps, "-o", profile});
  calibrate.address_space_bytes = 0;
  calibrate.timeout = std::chrono::minutes(10);  // under ThreadSanitizer
  const Outcome fitted = run(calibrate);
  INFO(fitted.err);
  REQUIRE(fitted.exit_code == 0);
  const auto step_seconds = [](const Outcome& outcome) {
    REQUIRE(outcome.exit_code == 0);
    std::size_t at = outcome.out.find("\nstep_time,");
    REQUIRE(at != std::string::npos);
    std::vector<std::string> fields;
    std::string line = outcome.out.substr(at + 1, outcome.out.find('\n', at + 1) - at - 1);
    for (std::size_t begin = 0; begin <= line.size();) {
      const std::size_t end = std::min(line.find(',', begin), line.size());
      fields.push_back(line.substr(begin, end - begin));
      begin = end + 1;
    }
    return std::stod(fields.at(2));
  };
  const double before = step_seconds(with({"estimate", "--format", "csv"}));
  const double after = step_seconds(with({"estimate", "--format", "csv", "--efficiency", profile}));
  CHECK(std::abs(after - 7.0) < 0.7 * std::abs(before - 7.0));

  // Without its layout, what was measured is not known: nothing is written.
  const std::string nothing = folder.path() + "/nothing.csv";
  check_refused(program({"track", "--log", folder.path() + "/megatron.out", "--tokens", "100B",
                         "--sequence-length", "8192", "--steps-csv", nothing}),
                "how the steps are computed is not known");
  CHECK_FALSE(std::filesystem::exists(nothing));
}

TEST_CASE("diff and check end with 0, 1 or 2: the same, otherwise, could not look") {
  const TemporaryFolder folder;
  const std::string file = folder.write("s.yaml", scenario);
  const std::string dear = folder.write("dear.yaml", scenario + "contingency: 10%\n");
  const std::string saved = folder.path() + "/saved.json";
  REQUIRE(run(program({"estimate", dear, "--format", "json", "--out", saved})).exit_code == 0);
  const auto code = [](std::vector<std::string> arguments) {
    return run(program(std::move(arguments))).exit_code;
  };
  CHECK(code({"diff", file, dear}) == 0);
  CHECK(code({"diff", file, dear, "--exit-code"}) == 1);
  CHECK(code({"diff", saved, dear, "--exit-code"}) == 0);
  CHECK(code({"diff", file, folder.path() + "/none.yaml"}) == 2);
  CHECK(code({"check", file, "--max-cost", "$36k"}) == 0);
  CHECK(code({"check", file, "--max-cost", "$35k"}) == 1);
  CHECK(code({"check", file, "--require-fit"}) == 1);  // not known is not held
  CHECK(code({"check", file}) == 2);
  CHECK(code({"check", folder.write("bad.yaml", "a: ["), "--max-cost", "$1"}) == 2);
  CHECK(code({"check", saved, "--max-total", "$38k"}) == 1);  // 1.1 × 35,449 = 38,994
  CHECK(code({"check", saved, "--max-total", "$39k"}) == 0);
  CHECK(code({"check", saved, "--max-cost", "$36k"}) == 0);
  CHECK(code({"check", file, "--max-total", "$39k"}) == 0);  // nothing around it: the cost
  CHECK(code({"check", file, "--max-co2", "10 t"}) == 1);    // no region: not known
  CHECK(code({"check", file, "--set", "energy.country=FRA", "--max-co2", "10 t"}) == 0);
  CHECK(code({"check", file, "--set", "energy.country=FRA", "--max-co2", "100 kg"}) == 1);
  CHECK(code({"check", file, "--finish-by", "2027-01-01"}) == 1);  // no start: not known
  CHECK(code({"check", file, "--set", "start=2026-12-01", "--finish-by", "2026-12-30"}) == 0);
  CHECK(code({"check", file, "--set", "start=2026-12-01", "--finish-by", "2026-12-29"}) == 1);
  CHECK(code({"check", file, "--finish-by", "tomorrow"}) == 2);
}

TEST_CASE("a reader that has gone is success without a word") {
  const TemporaryFolder folder;
  const std::string file = folder.write("s.yaml", scenario);
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"estimate", file},
                                             {"estimate", file, "--explain"},
                                             {"estimate", file, "--format", "json"},
                                             {"prices", "list", "--gpu", "h100-sxm-80gb"},
                                             {"hardware", "list"},
                                             {"--help"},
                                             {"--version"}}) {
    Command command = program(arguments);
    command.reader_gone = true;
    const Outcome outcome = run(command);
    INFO(arguments.front());
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.err.find("rror") == std::string::npos);
    CHECK(outcome.err.find("pipe") == std::string::npos);
  }
}

TEST_CASE("a full disk is an error that says so") {
  if (!std::filesystem::exists("/dev/full")) return;
  const TemporaryFolder folder;
  Command command = program({"estimate", folder.write("s.yaml", scenario)});
  command.output_file = "/dev/full";
  const Outcome outcome = run(command);
  CHECK(outcome.exit_code == 2);
  CHECK_THAT(outcome.err, ContainsSubstring("o space left") || ContainsSubstring("full"));
}

TEST_CASE("Ctrl-C while input is awaited ends with 130 and leaves no file") {
  const TemporaryFolder folder;
  const std::string fifo = folder.path() + "/never";
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  const int writer = open(fifo.c_str(), O_RDWR | O_CLOEXEC);  // keeps the pipe open, and writes nothing
  Command command = program({"estimate", "-", "--out", folder.path() + "/report.json"});
  command.input_file = fifo;
  command.when_started = [](pid_t child) {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    kill(child, SIGINT);
  };
  const Outcome outcome = run(command);
  close(writer);
  CHECK_FALSE(outcome.timed_out);
  CHECK(outcome.exit_code == 130);
  CHECK(outcome.out.empty());
  CHECK_FALSE(std::filesystem::exists(folder.path() + "/report.json"));
}

TEST_CASE("a terminal is given tables of its width, a pipe whole ones") {
  // script (bsdutils) gives it a terminal, and that has no size here: 100 columns are taken.
  Command on_terminal;
  on_terminal.arguments = {"/usr/bin/script", "-qec", std::string(TRAINBUDGET_PROGRAM) + " hardware list",
                           "/dev/null"};
  const Outcome shown = run(on_terminal);
  CHECK(shown.exit_code == 0);
  CHECK_THAT(shown.out, ContainsSubstring("…"));
  const Outcome piped = run(program({"hardware", "list"}));
  CHECK_THAT(piped.out, !ContainsSubstring("…") && ContainsSubstring("end_of_life"));
}

TEST_CASE("a file is written whole or not at all") {
  const TemporaryFolder folder;
  const std::string file = folder.write("s.yaml", scenario);
  const std::string report = folder.write("report.json", "old");
  CHECK(run(program({"estimate", file, "--out", report, "--set", "tokens=nan"})).exit_code == 2);
  CHECK(read_file(report) == "old");
  CHECK(run(program({"estimate", file, "--out", report})).exit_code == 0);
  CHECK_THAT(read_file(report), ContainsSubstring("\"schema_version\""));
  const std::filesystem::directory_iterator entries(folder.path());
  CHECK(std::distance(begin(entries), end(entries)) == 2);  // no temporary file is left
}
