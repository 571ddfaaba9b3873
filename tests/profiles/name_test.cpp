// What a user may call a profile.
#include "catch.h"
#include "io/profile_names.h"
#include "profiles.h"

#include <filesystem>
#include <fstream>
#include <map>

using namespace trainbudget;
using io::names_meant;
using io::question_between;
using Names = std::vector<std::string>;

TEST_CASE("a name in full means itself, in any letter case") {
  const Names names = {"l40", "l40s", "gb200", "gb200-nvl72"};
  CHECK(names_meant(names, "L40") == Names{"l40"});
  CHECK(names_meant(names, "gb200") == Names{"gb200"});
}

TEST_CASE("words may be left out of a name, but not its first one") {
  const Names names = {"a100-pcie-40gb", "a100-pcie-80gb", "a100-sxm-40gb", "a100-sxm-80gb", "a10"};
  CHECK(names_meant(names, "a100-80gb") == Names{"a100-pcie-80gb", "a100-sxm-80gb"});
  CHECK(names_meant(names, "a100-80gb-sxm") == Names{"a100-sxm-80gb"});
  CHECK(names_meant(names, "a100").size() == 4);
  CHECK(names_meant(names, "sxm-80gb").empty());
  CHECK(names_meant(names, "a1").empty());
  CHECK(names_meant(names, "").empty());
}

TEST_CASE("the question between names is made of the words in which they differ") {
  CHECK(question_between(Names{"a100-pcie-40gb", "a100-pcie-80gb", "a100-sxm-40gb", "a100-sxm-80gb"}) ==
        "pcie or sxm? 40gb or 80gb?");
  CHECK(question_between(Names{"h100-nvl-94gb", "h100-pcie-80gb", "h100-sxm-80gb"}) ==
        "nvl, pcie or sxm? 80gb or 94gb?");
  CHECK(question_between(Names{"rtx-6000-ada", "rtx-pro-6000-blackwell-se"}) == "give more of the name");
}

TEST_CASE("'a100' asks which one is meant") {
  try {
    io::find_accelerator(profiles::folder(), "a100", {});
    FAIL("found one");
  } catch (const io::InputError& error) {
    CHECK(std::string(error.what()) ==
          "'a100' is ambiguous: a100-pcie-40gb, a100-pcie-80gb, a100-sxm-40gb, a100-sxm-80gb");
    CHECK(error.hint == "pcie or sxm? 40gb or 80gb?");
  }
}

TEST_CASE("short names that leave no doubt are found") {
  const auto name_of = [](const char* word) {
    return io::find_accelerator(profiles::folder(), word, {}).name;
  };
  CHECK(name_of("b200") == "b200-sxm-180gb");
  CHECK(name_of("h100-sxm") == "h100-sxm-80gb");
  CHECK(name_of("A100-SXM4-80GB") == "a100-sxm-80gb");
  CHECK(name_of("ironwood") == "tpu-v7x");
}

TEST_CASE("an unknown name gets the nearest one") {
  try {
    io::find_accelerator(profiles::folder(), "h100-smx-80gb", {});
    FAIL("found one");
  } catch (const io::InputError& error) {
    CHECK(std::string(error.what()) == "unknown accelerator 'h100-smx-80gb'");
    CHECK(error.hint == "did you mean 'h100-sxm-80gb'?");
  }
}

TEST_CASE("every alias belongs to one profile and leads to it") {
  for (const std::string kind : {"accelerators", "clusters"}) {
    std::map<std::string, std::string> owner;
    const auto check = [&](const std::string& name, const Names& aliases) {
      for (const std::string& alias : aliases) {
        INFO(kind << "/" << name << ": " << alias);
        CHECK(owner.emplace(io::lower_case(alias), name).second);
        CHECK(profiles::folder().meant(kind, alias) == Names{name});
      }
    };
    if (kind == "accelerators") {
      for (const Accelerator& gpu : profiles::all_accelerators())
        check(gpu.name, gpu.aliases);
    } else {
      for (const Cluster& cluster : profiles::all_clusters())
        check(cluster.name, cluster.aliases);
    }
    CHECK_FALSE(owner.empty());
  }
}

TEST_CASE("a profile in a file of another name is refused") {
  namespace fs = std::filesystem;
  const fs::path root = fs::temp_directory_path() / "trainbudget-name-test";
  fs::create_directories(root / "accelerators");
  fs::copy_file(profiles::folder().path("accelerators/t4.yaml"), root / "accelerators/mine.yaml",
                fs::copy_options::overwrite_existing);
  CHECK_THROWS_WITH(io::find_accelerator(io::ProfileFolder(root.string()), "mine", {}),
                    "the profile is called 't4', its file 'mine'");
  fs::remove_all(root);
}
