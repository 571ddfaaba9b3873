#include "support/process.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/capability.h>
#include <sys/prctl.h>
#endif

namespace trainbudget::testing {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

File scratch_file() {
  File file(std::tmpfile(), std::fclose);
  if (!file) fail("tmpfile");
  return file;
}

std::string content_of(std::FILE* file) {
  std::string text;
  std::rewind(file);
  char buffer[4096];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, file))
    text.append(buffer, count);
  return text;
}

/// The write end of a pipe whose read end is closed.
int pipe_without_reader() {
  int ends[2];
  if (pipe(ends) != 0) fail("pipe");
  close(ends[0]);
  return ends[1];
}

/// Between fork and exec: only calls that are safe there.
void become(const Command& command, int out, int err, char* const* arguments, char* const* environment) {
  setpgid(0, 0);
  std::signal(SIGPIPE, SIG_DFL);
  const int in = open(command.input_file.c_str(), O_RDONLY);
  if (in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0) _exit(127);
  if (!command.folder.empty() && chdir(command.folder.c_str()) != 0) _exit(127);
  if (command.address_space_bytes != 0) {
    const rlimit limit{command.address_space_bytes, command.address_space_bytes};
    if (setrlimit(RLIMIT_AS, &limit) != 0) _exit(127);
  }
#ifdef __linux__
  if (command.obey_file_modes && geteuid() == 0) {
    // Root stays root, so that folders of root's own can be entered, but the modes of files hold for it too.
    prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE);
    prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH);
  }
#endif
  execve(arguments[0], arguments, environment);
  _exit(127);
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts)
    pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

void await(pid_t child, const Command& command, Outcome& outcome) {
  const auto deadline = std::chrono::steady_clock::now() + command.timeout;
  int status = 0;
  rusage usage{};
  for (;;) {
    const pid_t done = wait4(child, &status, WNOHANG, &usage);
    if (done == child) break;
    if (done < 0 && errno != EINTR) fail("wait4");
    if (!outcome.timed_out && std::chrono::steady_clock::now() > deadline) {
      outcome.timed_out = true;
      kill(-child, SIGKILL);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  outcome.peak_memory_bytes = static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

}  // namespace

std::map<std::string, std::string> Command::base_environment() {
  std::map<std::string, std::string> environment = {{"LC_ALL", "C.UTF-8"}};
  for (const char* name : {"PATH", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"}) {
    if (const char* value = std::getenv(name)) environment[name] = value;
  }
  return environment;
}

Outcome run(const Command& command) {
  std::vector<std::string> arguments = command.arguments;
  std::vector<std::string> environment;
  for (const auto& [name, value] : command.environment)
    environment.push_back(name + "=" + value);
  const std::vector<char*> argument_pointers = pointers_to(arguments);
  const std::vector<char*> environment_pointers = pointers_to(environment);

  const File captured_out = scratch_file();
  const File captured_err = scratch_file();
  int out = fileno(captured_out.get());
  if (command.reader_gone) out = pipe_without_reader();
  if (!command.output_file.empty())
    out = open(command.output_file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (out < 0) fail(command.output_file.c_str());

  const pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    become(command, out, fileno(captured_err.get()), argument_pointers.data(), environment_pointers.data());
  }
  setpgid(child, child);
  if (out != fileno(captured_out.get())) close(out);

  Outcome outcome;
  if (command.when_started) command.when_started(child);
  await(child, command, outcome);
  outcome.out = content_of(captured_out.get());
  outcome.err = content_of(captured_err.get());
  return outcome;
}

Command ranks_command(const std::string& mpiexec, int count, std::vector<std::string> arguments) {
  Command command;
  command.arguments = {mpiexec, "--oversubscribe", "-n", std::to_string(count)};
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  // OpenMPI refuses root unless told twice; containers forbid reading another process's memory, which it
  // would do to be faster; and it does not give back all that it takes.
  command.environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1";
  command.environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1";
  command.environment["HOME"] = std::filesystem::temp_directory_path();  // OpenMPI 5 does not start without
  command.environment["OMPI_MCA_btl_vader_single_copy_mechanism"] = "none";
  command.environment["ASAN_OPTIONS"] = "detect_leaks=0";
  return command;
}

TemporaryFolder::TemporaryFolder() {
  path_ = (std::filesystem::temp_directory_path() / "trainbudget-test-XXXXXX").string();
  if (mkdtemp(path_.data()) == nullptr) fail("mkdtemp");
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::write(const std::string& name, const std::string& content) const {
  const std::filesystem::path path = std::filesystem::path(path_) / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream stream(path, std::ios::binary);
  stream << content;
  if (!stream.flush()) throw std::runtime_error("cannot write " + path.string());
  return path.string();
}

std::string read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace trainbudget::testing
