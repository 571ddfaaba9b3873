// collectives, in the program that knows no MPI: the one that does lies beside it.
#include "cli/collectives_command.h"

#include <filesystem>

#include <unistd.h>

namespace trainbudget::microbench {

int run_collectives(const ProgramOptions& program, const CollectivesOptions&) {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  std::string sibling = (self.parent_path() / "trainbudget-microbench-mpi").string();
  std::vector<char*> words{sibling.data()};
  std::vector<std::string> arguments = program.arguments;
  for (std::string& argument : arguments)
    words.push_back(argument.data());
  words.push_back(nullptr);
  execv(sibling.c_str(), words.data());
  throw io::InputError({.file = "trainbudget-microbench collectives"},
                       "trainbudget-microbench-mpi is not beside this program",
                       "it is built where MPI is found: libopenmpi-dev");
}

}  // namespace trainbudget::microbench
