// What published tables call hardware, models and software: published_runs/names.yaml.
#pragma once

#include "core/layout.h"
#include "io/yaml_node.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget::io {

struct AcceleratorNames {
  std::string gpu;
  double memory = 0.0;      ///< GB; 0: any
  std::string accelerator;  ///< profile
  std::string cluster;      ///< profile
};

struct InterconnectNames {
  std::string contains;
  std::string accelerator;  ///< profile that it goes with
  std::string cluster;      ///< profile
};

/// What is known of a software stack, for what a table leaves open.
struct SoftwareNames {
  std::string starts;
  std::string note;
  std::string precision;  ///< that the column of that name begins with
  std::string stack;
  std::string date;
  Sharding sharding = Sharding::none;
  bool sequence_parallel = false;
  double gradient_bytes = 4.0;
  double micro_batch_gradient_bytes = 0.0;
  bool memory_in_use = false;  ///< its figures of memory are of tensors, not of what the allocator holds
};

struct RunNames {
  std::vector<AcceleratorNames> accelerators;
  std::vector<InterconnectNames> interconnects;
  std::vector<std::pair<std::string, std::string>> models;  ///< as published, profile
  std::vector<SoftwareNames> software;

  const AcceleratorNames* find_accelerator(std::string_view gpu, double memory) const;
  /// The profile of the network between accelerators of profile `accelerator`; empty where the text says
  /// nothing known.
  std::string_view find_cluster(std::string_view interconnect, std::string_view accelerator) const;
  /// The profile that a published name stands for; empty where there is no entry.
  std::string_view find_model(std::string_view name) const;
  const SoftwareNames* find_software(std::string_view software, std::string_view notes,
                                     std::string_view precision) const;
};

/// Throws InputError at the place of what is wrong.
RunNames read_run_names(const YamlNode& root);

}  // namespace trainbudget::io
