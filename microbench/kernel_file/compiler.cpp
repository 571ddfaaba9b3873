#include "kernel_file/compiler.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace trainbudget::microbench {

namespace {

namespace fs = std::filesystem;

// Upstream files include PyTorch's header for the name of one type.
constexpr const char* tensor_header =
    "#pragma once\n#include <cuda_bf16.h>\nnamespace at {\nusing BFloat16 = __nv_bfloat16;\n}\n";

bool is_program(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && access(path.c_str(), X_OK) == 0;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string make_folder() {
  const std::string parent = environment("TMPDIR");
  std::string name = (parent.empty() ? "/tmp" : parent) + "/trainbudget-kernel-XXXXXX";
  if (mkdtemp(name.data()) == nullptr)
    throw KernelFileError("no folder can be made in " + (parent.empty() ? "/tmp" : parent) + ": " +
                          std::strerror(errno));
  return name;
}

void write(const fs::path& path, const char* text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// The last lines, as many as fit.
std::string end_of(const std::string& text) {
  constexpr std::size_t most = 1500;
  if (text.size() <= most) return text;
  const std::size_t line = text.find('\n', text.size() - most);
  return "…" + text.substr(line == std::string::npos ? text.size() - most : line);
}

/// Runs `arguments` with its output in `log` and returns its exit code.
int run(const std::vector<std::string>& arguments, const std::string& log) {
  std::vector<char*> words;
  words.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments)
    words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t child = 0;
  const int refused = posix_spawn(&child, words.front(), &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (refused != 0)
    throw KernelFileError("'" + arguments.front() + "' cannot be run: " + std::strerror(refused));
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::vector<std::string> compile_arguments(const CompileRequest& request, const std::string& include_folder,
                                           const std::string& output) {
  // What upstream compiles its kernels with, and a host part that can be loaded.
  std::vector<std::string> words{request.compiler,
                                 "-std=c++17",
                                 "-O3",
                                 "--use_fast_math",
                                 "-Xptxas",
                                 "-O3",
                                 "-res-usage",
                                 "--extra-device-vectorization",
                                 "-shared",
                                 "-Xcompiler",
                                 "-fPIC",
                                 "-arch",
                                 request.architecture.empty() ? "native" : "sm_" + request.architecture,
                                 "-I",
                                 include_folder};
  for (const std::string& definition : request.definitions) {
    words.emplace_back("-D");
    words.push_back(definition);
  }
  words.insert(words.end(), request.flags.begin(), request.flags.end());
  words.emplace_back("-o");
  words.push_back(output);
  // Absolute, so that a file called "-x.cu" is not an option.
  words.push_back(fs::absolute(request.source).string());
  return words;
}

std::string find_nvcc(const std::string& wanted) {
  if (!wanted.empty()) {
    if (is_program(wanted)) return fs::absolute(wanted).string();
    throw KernelFileError("'" + wanted + "' is not a program", "--nvcc takes the path of nvcc");
  }
  std::vector<fs::path> places{environment("CUDACXX")};
  for (const char* home : {"CUDA_HOME", "CUDA_PATH"}) {
    if (const std::string folder = environment(home); !folder.empty())
      places.push_back(fs::path(folder) / "bin/nvcc");
  }
  std::istringstream folders(environment("PATH"));
  for (std::string folder; std::getline(folders, folder, ':');)
    places.push_back(fs::path(folder) / "nvcc");
  places.emplace_back("/usr/local/cuda/bin/nvcc");
  for (const fs::path& place : places) {
    if (!place.empty() && is_program(place)) return fs::absolute(place).string();
  }
  throw KernelFileError("no CUDA compiler: nvcc is not in PATH, CUDACXX, CUDA_HOME or /usr/local/cuda",
                        "say where it is with --nvcc");
}

CompiledKernel::CompiledKernel(const CompileRequest& request) : folder_(make_folder()) {
  try {
    const fs::path folder(folder_);
    write(folder / "include/ATen/ATen.h", tensor_header);
    library_ = (folder / "kernel.so").string();
    const std::string log = (folder / "log").string();
    const int code = run(compile_arguments(request, (folder / "include").string(), library_), log);
    talk_ = read(log);
    if (code != 0) {
      throw KernelFileError("'" + request.source + "' does not compile (" + request.compiler +
                                " ended with " + std::to_string(code) + "):\n" + end_of(talk_),
                            "its macros are given with --define NAME=VALUE");
    }
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
    throw;
  }
}

CompiledKernel::~CompiledKernel() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

}  // namespace trainbudget::microbench
