// The script of the first run on a GPU, with a program that only plays the one which measures.
#include "catch.h"
#include "support/process.h"

#include <filesystem>
#include <string>
#include <thread>

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

class FirstRun {
 public:
  FirstRun() : program_(folder_.write("player", player)) {
    chmod(program_.c_str(), 0755);
    command_.environment["MICROBENCH"] = program_;
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

 private:
  TemporaryFolder folder_;
  std::string program_;
  Command command_;
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
