#include "cli/stamp.h"

#include "version.h"

#include <array>
#include <filesystem>

#include <sha256.h>
#include <sys/types.h>

namespace trainbudget::cli {

render::RunStamp run_stamp(const std::vector<std::string>& arguments, const std::vector<std::string>& files) {
  render::RunStamp stamp{.version = version, .git_revision = git_revision, .arguments = arguments};
  for (const std::string& file : files) {
    render::InputStamp input{.path = std::filesystem::path(file).filename().string()};
    std::array<char, SHA256_DIGEST_STRING_LENGTH> digest{};
    if (file != "-" && SHA256File(file.c_str(), digest.data()) != nullptr) input.sha256 = digest.data();
    stamp.inputs.push_back(std::move(input));
  }
  return stamp;
}

}  // namespace trainbudget::cli
