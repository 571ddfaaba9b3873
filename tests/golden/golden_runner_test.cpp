// The runner as a process: that it passes is shown by self_test/all_markers.txt; here, that it can fail.
#include "catch.h"
#include "support/process.h"

using namespace trainbudget::testing;

namespace {

Outcome run_case(const std::string& path, bool update = false) {
  Command command;
  command.arguments = {GOLDEN_RUNNER, FAKE_PROGRAM, "/profiles", path};
  if (update) command.environment["UPDATE_GOLDEN"] = "1";
  return run(command);
}

}  // namespace

TEST_CASE("a wrong expectation fails and shows the difference") {
  const TemporaryFolder folder;
  const std::string file =
      GENERATE("$ trainbudget say new\n-- stdout\n[old]\n",                        // other text
               "$ trainbudget say new\n",                                          // nothing expected
               "$ trainbudget nonsense\n-- stderr\nunknown command 'nonsense'\n",  // exit code
               "$ trainbudget write f x\n",                                        // a file left behind
               "$ trainbudget say\n-- wrote f\nx\n",                               // a file not written
               "$ trainbudget write f x\n-- wrote f\ny\n");                        // a file with other text
  const Outcome outcome = run_case(folder.write("case.txt", file));
  CHECK(outcome.exit_code == 1);
  CHECK_THAT(outcome.out, ContainsSubstring("UPDATE_GOLDEN=1"));
}

TEST_CASE("output that changes from run to run fails") {
  const TemporaryFolder folder;
  const Outcome outcome = run_case(folder.write("case.txt", "$ trainbudget pid\n"), true);
  CHECK(outcome.exit_code == 1);
  CHECK_THAT(outcome.out, ContainsSubstring("second run"));
}

TEST_CASE("a case that cannot be understood fails with its line") {
  const TemporaryFolder folder;
  const Outcome outcome = run_case(folder.write("case.txt", "$ trainbudget say\n-- stdoutt\n"));
  CHECK(outcome.exit_code == 2);
  CHECK_THAT(outcome.err, ContainsSubstring("line 2"));
}

TEST_CASE("an update makes the case pass and keeps what a person wrote") {
  const TemporaryFolder folder;
  const std::string path = folder.write("case.txt", "# why\n$ trainbudget say new\n-- stdout\n[old]\n");
  CHECK(run_case(path, true).exit_code == 0);
  CHECK(read_file(path) == "# why\n$ trainbudget say new\n-- exit 0\n-- stdout\n[new]\n-- stderr\n");
  CHECK(run_case(path).exit_code == 0);
}
