// The program as a process among others: pipes that close, disks that are full, signals, and files that are
// none.
#include "support/process.h"

#include "catch.h"

#include <csignal>
#include <filesystem>
#include <iterator>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace trainbudget::testing;

namespace {

// A sanitizer reserves terabytes of address space and keeps freed memory: limits say nothing there.
#ifdef TRAINBUDGET_SANITIZED
constexpr bool memory_is_limited = false;
#else
constexpr bool memory_is_limited = true;
#endif
#if defined(__SANITIZE_THREAD__)
constexpr int slower = 10;  // than without ThreadSanitizer
#else
constexpr int slower = 1;
#endif
constexpr std::size_t megabyte = std::size_t{1} << 20;

const std::string scenario =
    "params: 14B\ntokens: 300B\ngpu: a100-sxm-80gb\ngpus: 64\nefficiency: 50%\nprice: $0.79/h\n";

Command program(std::vector<std::string> arguments) {
  Command command;
  command.arguments = std::move(arguments);
  command.arguments.insert(command.arguments.begin(), TRAINBUDGET_PROGRAM);
  command.timeout = slower * std::chrono::seconds(30);
  if (memory_is_limited) command.address_space_bytes = 256 * megabyte;
  return command;
}

/// Bad input: exit code 2, a message, nothing on standard output, in little time and memory.
void check_refused(const Command& command, const std::string& message) {
  const Outcome outcome = run(command);
  CHECK_FALSE(outcome.timed_out);
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.out.empty());
  CHECK_THAT(outcome.err, ContainsSubstring(message));
  CHECK(outcome.err.size() < 2000);
  if (memory_is_limited) CHECK(outcome.peak_memory_bytes < 64 * megabyte);
}

}  // namespace

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

TEST_CASE("a file of 100 MB is refused without being read") {
  const TemporaryFolder folder;
  const std::string path = folder.write("huge.yaml", scenario);
  std::filesystem::resize_file(path, 100 * megabyte);
  check_refused(program({"estimate", path}), "large");
  Command piped = program({"estimate", "-"});
  piped.input_file = path;
  check_refused(piped, "large");
}

TEST_CASE("standard input without an end is refused at the limit") {
  Command command = program({"estimate", "-"});
  command.input_file = "/dev/zero";
  check_refused(command, "large");
}

TEST_CASE("what is not a file is refused at once") {
  const TemporaryFolder folder;
  check_refused(program({"estimate", folder.path()}), "folder");
  const std::string fifo = folder.path() + "/fifo";
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  check_refused(program({"estimate", fifo}), "pipe");
  check_refused(program({"estimate", "/dev/zero"}), "device");
  check_refused(program({"estimate", folder.path() + "/missing.yaml"}), "no such file");
  check_refused(program({"estimate", folder.write("file", scenario) + "/below.yaml"}), "cannot read");
}

#ifdef __linux__
TEST_CASE("a file that may not be read is refused") {
  const TemporaryFolder folder;
  const std::string path = folder.write("secret.yaml", scenario);
  std::filesystem::permissions(path, std::filesystem::perms::none);
  Command command = program({"estimate", path});
  command.obey_file_modes = true;
  check_refused(command, "ermission denied");
}
#endif

TEST_CASE("bytes that are not a scenario are refused") {
  const TemporaryFolder folder;
  std::string every_byte;
  for (int i = 0; i < 256; ++i)
    every_byte += static_cast<char>(i);
  using namespace std::string_literals;
  for (const std::string& content :
       {every_byte, "\x7f\x45LF\x02\x01\x01\0\0\0\0"s, "params: 14B\xff\n"s, "params: \xc0\xaf\n"s,
        "params: \xed\xa0\x80\n"s, "\xff\xfep\0a\0"s, "params: 14B\0\n"s, ""s}) {
    CAPTURE(content);
    check_refused(program({"estimate", folder.write("bytes.yaml", content)}), "bytes.yaml");
  }
}

TEST_CASE("a hundred thousand brackets are refused, not followed") {
  const TemporaryFolder folder;
  const std::string unit =
      GENERATE("[", "{", "{a: ", "[{", "- ", "? ", "'", "\"", "!!x ", "&a ", "*a ", "|\n");
  std::string content;
  for (int i = 0; i < 100'000; ++i)
    content += unit;
  INFO(unit);
  check_refused(program({"estimate", folder.write("deep.yaml", content)}), "deep.yaml");
  check_refused(program({"estimate", folder.write("deep.yaml", "params: " + content)}), "deep.yaml");
}

TEST_CASE("a byte order mark and Windows line ends are fine") {
  const TemporaryFolder folder;
  std::string windows = "\xef\xbb\xbf";
  for (const char c : scenario)
    windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
  const Outcome from_unix = run(program({"estimate", folder.write("s.yaml", scenario)}));
  const Outcome from_windows = run(program({"estimate", folder.write("s.yaml", windows)}));
  CHECK(from_windows.exit_code == 0);
  CHECK(from_windows.out == from_unix.out);
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

namespace {

/// 16,000 points: enough to be killed in the middle.
const std::string grid =
    "base: {model: rwkv-7-1.5b, gpu: h100-sxm-80gb, efficiency: 40%, price: $2/h}\n"
    "grid: {gpus: 8..1024*2, tokens: 10B..20T+10B}\n";

std::string finished_grid(const TemporaryFolder& folder, const std::string& file) {
  const std::string whole = folder.path() + "/whole.csv";
  const Outcome outcome = run(program({"whatif", file, "--out", whole, "--threads", "1"}));
  CHECK(outcome.exit_code == 0);
  return read_file(whole);
}

}  // namespace

TEST_CASE("a sweep that is killed at any moment goes on and ends as if nothing had happened") {
  const TemporaryFolder folder;
  const std::string file = folder.write("grid.yaml", grid);
  const std::string whole = finished_grid(folder, file);
  const std::string out = folder.path() + "/out.csv";
  Command command = program({"whatif", file, "--out", out, "--threads", "2", "--resume"});
  command.address_space_bytes = 0;
  int kills = 0;
  for (int milliseconds = 5; !std::filesystem::exists(out); milliseconds += 7) {
    REQUIRE(kills < 500);
    const int signal = kills % 2 == 0 ? SIGKILL : SIGINT;
    command.when_started = [&](pid_t child) {
      std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
      ::kill(child, signal);
    };
    const Outcome outcome = run(command);
    const bool ended = outcome.exit_code == 0 || outcome.exit_code == 130 || outcome.exit_code == 137;
    CHECK(ended);
    // One that has written its file was killed while it left.
    if (outcome.exit_code == 130 && !outcome.err.empty() && !std::filesystem::exists(out))
      CHECK_THAT(outcome.err, ContainsSubstring("--resume"));
    ++kills;
  }
  CHECK(kills > 1);
  CHECK(read_file(out) == whole);
  CHECK_FALSE(std::filesystem::exists(out + ".part"));
}

TEST_CASE("a sweep is the same to the byte on any number of threads, and as a stream") {
  const TemporaryFolder folder;
  const std::string file = folder.write("grid.yaml", grid);
  const std::string whole = finished_grid(folder, file);
  for (const char* threads : {"2", "3", "16"}) {
    Command command = program({"whatif", file, "--format", "csv", "--threads", threads});
    command.address_space_bytes = 0;  // every thread reserves some
    const Outcome outcome = run(command);
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.out == whole);
  }
}

TEST_CASE("a stream whose reader has gone ends without a word, one on a full disk says so") {
  const TemporaryFolder folder;
  const std::string file = folder.write("grid.yaml", grid);
  Command gone = program({"whatif", file, "--format", "csv"});
  gone.reader_gone = true;
  const Outcome left = run(gone);
  CHECK(left.exit_code == 0);
  CHECK(left.err.empty());
  Command full = program({"whatif", file, "--format", "csv"});
  full.output_file = "/dev/full";
  const Outcome outcome = run(full);
  CHECK(outcome.exit_code == 2);
  CHECK_THAT(outcome.err, ContainsSubstring("No space left on device"));
}

TEST_CASE("a terminal is told how far a sweep is, how fast, and how long it will take, nothing else is") {
  const TemporaryFolder folder;
  const std::string file = folder.write("grid.yaml", grid);
  const std::string sweep = "whatif " + file + " --threads 2 --out " + folder.path();
  // script (bsdutils) gives it a terminal.
  Command on_terminal;
  on_terminal.arguments = {"/usr/bin/script", "-qec",
                           std::string(TRAINBUDGET_PROGRAM) + " " + sweep + "/a.csv", "/dev/null"};
  const Outcome shown = run(on_terminal);
  CHECK(shown.exit_code == 0);
  CHECK_THAT(shown.out, ContainsSubstring(" of 16,000 scenarios, ") && ContainsSubstring("/s, ") &&
                            ContainsSubstring(" left"));
  CHECK(shown.out.ends_with("\r\033[K"));  // and leaves the line as it was
  Command elsewhere = program({"whatif", file, "--threads", "2", "--out", folder.path() + "/b.csv"});
  elsewhere.address_space_bytes = 0;
  CHECK(run(elsewhere).err.empty());
}

TEST_CASE("a trillion scenarios are counted, timed and not begun") {
  const TemporaryFolder folder;
  const std::string file =
      folder.write("grid.yaml",
                   "base: {params: 1B, gpu: h100-sxm-80gb, price: $1/h}\n"
                   "grid: {gpus: 1..10000+1, tokens: 1B..10T+1B, efficiency: 0.01%..1%+0.0001%}\n");
  const Outcome outcome = run(program({"whatif", file, "--out", folder.path() + "/out.csv"}));
  CHECK(outcome.exit_code == 2);
  CHECK_THAT(outcome.err, ContainsSubstring("a grid of 990,100,000,000 scenarios, about "));
  CHECK_THAT(outcome.err, ContainsSubstring("--yes begins it"));
  CHECK_FALSE(std::filesystem::exists(folder.path() + "/out.csv.part"));
}

TEST_CASE("a long sweep takes little memory whatever its size") {
  const TemporaryFolder folder;
  const std::string file = folder.write("grid.yaml", grid);
  const Outcome outcome = run(program({"whatif", file, "--out", folder.path() + "/out.csv"}));
  CHECK(outcome.exit_code == 0);
  if (memory_is_limited) CHECK(outcome.peak_memory_bytes < 64 * megabyte);
}

TEST_CASE("a log is read in memory that its records need, not its bytes") {
  const TemporaryFolder folder;
  const auto write_log =
      [&] {  // gone again before the program is started: a fork counts what its parent holds
        std::string log =
            " iteration 1/ 1000 | consumed samples: 128 | elapsed time per iteration (ms): 500.0 |\n";
        const std::string noise(199, '.');
        while (log.size() < 128 * megabyte)
          log += noise + "\n";
        for (int step = 2; step < 100; ++step)
          log += " iteration " + std::to_string(step) +
                 "/ 1000 | consumed samples: " + std::to_string(128 * step) +
                 " | elapsed time per iteration (ms): 500.0 |\n";
        return folder.write("out.log", log);
      };
  const std::string path = write_log();
  const std::vector<std::string> rest = {"--tokens", "1B", "--sequence-length", "4096"};
  for (const bool piped : {false, true}) {
    Command command = program({"track", "--log", piped ? "-" : path, rest[0], rest[1], rest[2], rest[3]});
    if (piped) command.input_file = path;
    const Outcome outcome = run(command);
    CHECK(outcome.exit_code == 0);
    CHECK_THAT(outcome.out, ContainsSubstring("99 records of a megatron log"));
    if (memory_is_limited) CHECK(outcome.peak_memory_bytes < 64 * megabyte);
  }
}
