// The script of the first run on a GPU, with a program that only plays the one which measures.
#include "catch.h"
#include "support/process.h"

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <sys/stat.h>

using namespace trainbudget::testing;

namespace {

/// Answers as trainbudget-microbench does, within a second; a full run ends when it is interrupted.
constexpr const char* player = R"(#!/bin/sh
case "$*" in
  --version) echo 0.1.0 ;;
  *'^residual$'*) echo 'residual right' ;;
  'run --quick'*) [ -f "$PLACE/first_run.tgz" ] && echo 'the archive is there' >"$4" ;;
  'run --full'*)
    sleep 1000 &
    trap 'echo half >"$4"; kill $!; exit 130' INT
    echo $! >"$PLACE/left_behind"
    wait ;;
  verify*) sh -c 'echo $$ >"$PLACE/grandchild"; exec sleep 1000'; : ;;
esac
)";

/// Measures at once what is in MEASUREMENT.
constexpr const char* measuring_player = R"(#!/bin/sh
case "$*" in
  'run --quick'* | 'run --full'*) cp "$MEASUREMENT" "$4" ;;
esac
)";

/// Lets minutes pass on the clock of the script, which is the file CLOCK.
constexpr const char* slow_player = R"(#!/bin/sh
pass() { echo $(($(cat "$CLOCK") + $1)) >"$CLOCK"; }
case "$*" in
  *'^residual$'*) pass 20 ;;
  verify) pass 100 ;;
  step*) pass 390 ;;
  *long.cu*) pass 10 ;;
  *short.cu*) pass 1 ;;
esac
)";

/// Notes the seconds that it gives to the program.
constexpr const char* noting_timeout = R"sh(#!/bin/sh
[ "$2" != -k ] || echo "$6" >>"$CLOCK.limits"
exec "$(command -pv timeout)" "$@"
)sh";

class FirstRun {
 public:
  explicit FirstRun(const char* plays = player) {
    command_.environment["MICROBENCH"] = add_program("player", plays);
    command_.environment["PLACE"] = place();
    command_.environment["CUDA_VISIBLE_DEVICES"] = "";
    command_.arguments = {FIRST_RUN, place()};
  }
  std::string place() const { return folder_.path() + "/out"; }
  std::string told(const std::string& name) const { return read_file(place() + "/" + name); }
  bool has(const std::string& name) const { return std::filesystem::exists(place() + "/" + name); }
  Outcome operator()(const std::map<std::string, std::string>& environment) {
    for (const auto& [name, value] : environment)
      command_.environment[name] = value;
    return run(command_);
  }
  Command& command() { return command_; }
  const TemporaryFolder& folder() const { return folder_; }
  std::string add_program(const std::string& name, const std::string& text) const {
    const std::string path = folder_.write(name, text);
    chmod(path.c_str(), 0755);
    return path;
  }

 private:
  TemporaryFolder folder_;
  Command command_;
};

/// A first run beside the program that makes profiles.
class CalibratedRun : public FirstRun {
 public:
  CalibratedRun() : FirstRun(measuring_player) {
    const std::string script = folder().path() + "/first_run.sh";
    std::filesystem::create_symlink(FIRST_RUN, script);
    std::filesystem::create_symlink(TRAINBUDGET_PROGRAM, folder().path() + "/trainbudget");
    command().arguments[0] = script;
    command().environment["MEASUREMENT"] =
        std::string(TRAINBUDGET_TEST_DATA) + "/synthetic-h100-measurement.json";
  }
};

/// A first run whose minutes pass at once, and which notes how long each part may take.
class TimedRun : public FirstRun {
 public:
  TimedRun() : FirstRun(slow_player) {
    add_program("bin/date", "#!/bin/sh\ncat \"$CLOCK\"\n");
    add_program("bin/timeout", noting_timeout);
    std::string& path = command().environment["PATH"];
    path = folder().path() + "/bin:" + path;
    command().environment["CLOCK"] = folder().write("clock", "1000\n");
  }
  std::string limits() const { return read_file(folder().path() + "/clock.limits"); }
};

/// Whether a process is still there a while later. One that has ended may stay as a zombie until it is asked
/// for.
bool lives(const std::string& process) {
  const std::string file = "/proc/" + process.substr(0, process.find('\n')) + "/stat";
  for (int tenths = 0; tenths < 20; ++tenths) {
    if (!std::filesystem::exists(file) || read_file(file).find(") Z ") != std::string::npos) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return true;
}

}  // namespace

TEST_CASE("the script of the first run says that there is no GPU, or that the program does not start") {
  FirstRun script;
  const Outcome outcome = script({{"MICROBENCH", TRAINBUDGET_MICROBENCH}});
  CHECK(outcome.exit_code == 2);
  CHECK_THAT(outcome.err, ContainsSubstring("no CUDA device"));
  const TemporaryFolder folder;
  const std::string broken =
      folder.write("broken", "#!/bin/sh\necho 'libfmt.so.9: cannot open shared object file' >&2\nexit 127\n");
  chmod(broken.c_str(), 0755);
  const Outcome unstarted = script({{"MICROBENCH", broken}});
  CHECK(unstarted.exit_code == 2);
  CHECK_THAT(unstarted.err, ContainsSubstring("libfmt.so.9"));
  CHECK_THAT(unstarted.err, ContainsSubstring("does not start here"));
  const std::string poor = folder.write(
      "poor",
      "#!/bin/sh\n[ \"$1\" = --version ] || { echo 'note: failed: product: no matrix products: no "
      "libcublasLt.so.13' >&2; exit 1; }\n");
  chmod(poor.c_str(), 0755);
  const Outcome without = script({{"MICROBENCH", poor}});
  CHECK(without.exit_code == 2);
  CHECK_THAT(without.err, ContainsSubstring("where is cuBLASLt?"));
  script.command().arguments = {FIRST_RUN};
  CHECK_THAT(script({}).err, ContainsSubstring("usage"));
}

TEST_CASE(
    "a part of the first run that takes too long is ended with all that it started, and what it has kept") {
  FirstRun script;
  const Outcome outcome =
      script({{"PARTS", "verify|run-quick|run-full"}, {"PART_SECONDS", "1"}, {"FULL_SECONDS", "1"}});
  INFO(outcome.err);
  CHECK(outcome.exit_code == 1);
  // Whatever ends the script later, the parts before are there.
  CHECK(script.told("measurement-quick.json") == "the archive is there\n");
  CHECK(script.told("measurement.json") == "half\n");
  CHECK_FALSE(lives(script.told("grandchild")));
  CHECK_FALSE(lives(script.told("left_behind")));
  CHECK_THAT(script.told("summary.txt"),
             ContainsSubstring("exit 130  run-full") && ContainsSubstring("exit   0  run-quick"));
  CHECK(script.has("first_run.tgz"));
  CHECK_FALSE(script.has(".first_run.tgz"));
}

TEST_CASE("a first run goes on where its first check hangs, and says so") {
  FirstRun script(
      "#!/bin/sh\ncase \"$*\" in *residual*) exec sleep 1000 ;; run*) echo measured >\"$4\" ;; esac\n");
  const Outcome outcome = script({{"PARTS", "run-quick"}, {"PART_SECONDS", "1"}});
  INFO(outcome.err);
  CHECK_FALSE(outcome.timed_out);
  CHECK(outcome.exit_code == 1);
  CHECK(script.told("measurement-quick.json") == "measured\n");
  CHECK_THAT(script.told("summary.txt"), ContainsSubstring("the first check was ended after 1 s") &&
                                             ContainsSubstring("exit   0  run-quick"));
}

TEST_CASE("a full run that was interrupted in time is no failure") {
  FirstRun script;
  const Outcome outcome = script({{"PARTS", "run-full"}, {"FULL_SECONDS", "1"}});
  INFO(outcome.err);
  CHECK(outcome.exit_code == 0);
  CHECK(script.told("measurement.json") == "half\n");
}

TEST_CASE("no part of the first run starts that the time does not hold") {
  FirstRun script;
  const Outcome outcome = script({{"PARTS", "verify"}, {"TOTAL_SECONDS", "20"}});
  CHECK(outcome.exit_code == 1);
  CHECK_THAT(script.told("summary.txt"), ContainsSubstring("no time left for verify"));
  CHECK_FALSE(script.has("grandchild"));
  CHECK(script.has("first_run.tgz"));
}

TEST_CASE("a first run that is ended from outside interrupts what it started and keeps what was said") {
  FirstRun script;
  script.command().arguments = {"/bin/sh", "-c", R"("$0" "$1" & script=$!
while [ ! -s "$1/left_behind" ]; do sleep 0.1; done
kill -TERM $script
wait $script)",
                                FIRST_RUN, script.place()};
  const Outcome outcome = script({{"PARTS", "run-full"}});
  INFO(outcome.err);
  CHECK(outcome.exit_code == 130);
  CHECK(script.told("measurement.json") == "half\n");
  CHECK_FALSE(lives(script.told("left_behind")));
  CHECK_THAT(script.told("summary.txt"), ContainsSubstring("exit 130  run-full"));
  CHECK(script.has("first_run.tgz"));
}

TEST_CASE(
    "a first run makes a profile of each of its measurements, where trainbudget lies beside the script") {
  CalibratedRun script;
  const Outcome outcome = script({{"PARTS", "run-quick|calibrate-quick|run-full|calibrate"}});
  INFO(outcome.err);
  CHECK(outcome.exit_code == 0);
  CHECK_THAT(script.told("summary.txt"),
             ContainsSubstring("exit   0  calibrate-quick") && ContainsSubstring("exit   0  calibrate\n"));
  for (const std::string& suffix : std::vector<std::string>{"-quick", ""}) {
    const std::string profile = script.told("profile" + suffix + ".yaml");
    CHECK_THAT(profile, ContainsSubstring("name: h100-sxm-80gb/measured") &&
                            ContainsSubstring(": measurement" + suffix + ".json; "));
  }
  std::filesystem::remove(script.folder().path() + "/trainbudget");
  const Outcome without = script({});
  CHECK(without.exit_code == 0);
  CHECK_THAT(without.err,
             !ContainsSubstring("exit   0  calibrate") && ContainsSubstring("exit   0  run-full"));
}

TEST_CASE("calibration of a first run is a part like any other") {
  CalibratedRun script;
  CHECK(script({{"PARTS", "run-quick|run-full"}}).exit_code == 0);
  CHECK_FALSE(script.has("profile-quick.yaml"));
  // In a later call, of what an earlier one has measured.
  CHECK(script({{"PARTS", "calibrate"}}).exit_code == 0);
  CHECK(script.has("profile.yaml"));
  CHECK_FALSE(script.has("profile-quick.yaml"));
}

TEST_CASE("a measurement that calibrates nothing is told, and one that there is not is not asked for") {
  CalibratedRun script;
  const Outcome nothing = script({{"PARTS", "calibrate-quick|calibrate"}});
  CHECK(nothing.exit_code == 0);
  CHECK_THAT(nothing.err, !ContainsSubstring("exit"));
  const std::string damaged = script.folder().write("damaged.json", "{}\n");
  const Outcome outcome = script({{"PARTS", "run-quick|calibrate-quick"}, {"MEASUREMENT", damaged}});
  INFO(outcome.err);
  CHECK(outcome.exit_code == 1);
  CHECK_THAT(script.told("summary.txt"),
             ContainsSubstring("exit   0  run-quick") && ContainsSubstring("exit   2  calibrate-quick"));
  CHECK_FALSE(script.has("profile-quick.yaml"));
}

TEST_CASE("a part of the first run gets no more time than is left, and leaves what it takes to end it") {
  TimedRun script;
  script.command().arguments.insert(script.command().arguments.end(), {"wkv7=long.cu", "wkv7=short.cu"});
  const Outcome outcome = script({{"PARTS", "verify|step|kernel-.*|run-full"}, {"TOTAL_SECONDS", "560"}});
  INFO(outcome.err);
  CHECK(outcome.exit_code == 1);
  // 30 of the 560 seconds are for the end, the first check takes 20.
  CHECK(script.limits() == "450\n450\n410\n20\n10\n");
  CHECK_THAT(script.told("summary.txt"), ContainsSubstring("  100 s  exit   0  verify") &&
                                             ContainsSubstring("    1 s  exit   0  kernel-wkv7-short") &&
                                             ContainsSubstring("no time left for run-full"));
}

TEST_CASE("parts of the first run have their own limits where the time holds them") {
  TimedRun script;
  const Outcome outcome = script({{"PARTS", "verify|step|run-full"},
                                  {"TOTAL_SECONDS", "900"},
                                  {"PART_SECONDS", "400"},
                                  {"FULL_SECONDS", "60"}});
  INFO(outcome.err);
  CHECK(outcome.exit_code == 0);
  CHECK(script.limits() == "400\n400\n400\n60\n");
}

TEST_CASE("the first check of a first run gets no more time than there is") {
  TimedRun script;
  CHECK(script({{"PARTS", "none"}, {"TOTAL_SECONDS", "100"}}).exit_code == 0);
  CHECK(script.limits() == "70\n");
}
