// Input that is no scenario or more than one should hold: huge, endless, no file at all, bytes, brackets,
// logs.
#include "program.h"

#include <filesystem>

#include <sys/stat.h>

using namespace trainbudget::testing;

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
