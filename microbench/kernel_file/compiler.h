// Compiles a kernel file of somebody else, unchanged, to a shared library.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace trainbudget::microbench {

/// What a user can mend: a missing compiler, a file that does not compile, a symbol that is not there.
class KernelFileError : public std::runtime_error {
 public:
  KernelFileError(const std::string& message, std::string advice = {})
      : std::runtime_error(message), hint(std::move(advice)) {}
  std::string hint;
};

struct CompileRequest {
  std::string compiler;  ///< path of nvcc
  std::string source;
  std::string architecture;              ///< "90"; empty: that of the GPU at hand
  std::vector<std::string> definitions;  ///< "_C_=64"
  std::vector<std::string> flags;        ///< further ones, last
};

/// Words of the call, the program first. Every word is one argument: no shell reads them.
std::vector<std::string> compile_arguments(const CompileRequest& request, const std::string& include_folder,
                                           const std::string& output);

/// `wanted`, or else nvcc as CUDACXX, CUDA_HOME, PATH and /usr/local/cuda have it. Throws KernelFileError.
std::string find_nvcc(const std::string& wanted);

/// A compiled kernel file in a folder of its own, which goes with it.
class CompiledKernel {
 public:
  /// Runs the compiler. Throws KernelFileError with the end of what it said.
  explicit CompiledKernel(const CompileRequest& request);
  ~CompiledKernel();
  CompiledKernel(const CompiledKernel&) = delete;
  CompiledKernel& operator=(const CompiledKernel&) = delete;

  const std::string& library() const { return library_; }
  /// What the compiler said: registers, spills, warnings.
  const std::string& talk() const { return talk_; }

 private:
  std::string folder_, library_, talk_;
};

}  // namespace trainbudget::microbench
