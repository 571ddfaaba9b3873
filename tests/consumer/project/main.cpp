// A stranger's program: the worked example through the installed library, with the installed profiles.
#include <cstdio>

#include <core/estimate.h>
#include <io/profile_folder.h>
#include <io/scenario_file.h>
#include <io/yaml_node.h>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  using namespace trainbudget;
  const io::YamlNode root = io::parse_yaml(
      "params: 14B\ntokens: 300B\ngpu: a100-sxm-80gb\ngpus: 64\nefficiency: 50%\nprice: $0.79/h\n",
      "example");
  const Estimate result = estimate(io::read_scenario(root, io::ProfileFolder(argv[1])));
  std::printf("%g FLOPs, %.0f ideal hours\n", result.flops.value, result.ideal_gpu_hours);
}
