// Runs a child process the way a test needs it: a given environment and folder, captured output, limits.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

namespace trainbudget::testing {

struct Command {
  std::vector<std::string> arguments;  ///< the first is the path of the program
  std::map<std::string, std::string> environment = base_environment();  ///< all that the child gets to see
  std::string folder;                    ///< working directory; empty: the one of this process
  std::string input_file = "/dev/null";  ///< standard input
  std::string output_file;               ///< standard output goes there; empty: it is captured
  bool reader_gone = false;              ///< standard output is a pipe that nobody reads
  bool obey_file_modes = false;          ///< take root's right to read any file away from the child
  std::size_t address_space_bytes = 0;   ///< 0: no limit
  std::chrono::milliseconds timeout = std::chrono::seconds(60);
  std::function<void(pid_t)> when_started;  ///< called in this process, e.g. to send a signal later

  /// PATH, the sanitizers' options, and nothing that changes how a program prints.
  static std::map<std::string, std::string> base_environment();
};

struct Outcome {
  int exit_code = -1;  ///< as a shell says it: 128 + signal for a child that a signal ended
  bool timed_out = false;
  std::string out;
  std::string err;
  std::size_t peak_memory_bytes = 0;  ///< largest resident set of the child
};

/// Runs `command` to its end or its timeout. Throws std::system_error when no process can be started; a
/// program that cannot be executed gives exit code 127.
Outcome run(const Command& command);

/// `count` ranks of a program under `mpiexec`; `arguments` begin with the program.
Command ranks_command(const std::string& mpiexec, int count, std::vector<std::string> arguments);

/// A new empty folder, removed with all that is in it at the end of its life.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  /// Writes `content` to `name` in the folder, making the folders between, and returns the whole path.
  std::string write(const std::string& name, const std::string& content) const;

 private:
  std::string path_;
};

/// The whole of a file as bytes. Throws std::runtime_error when it cannot be read.
std::string read_file(const std::string& path);

}  // namespace trainbudget::testing
