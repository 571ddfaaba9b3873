// A published measurement of one configuration: what backtest predicts and what calibrate fits to.
#pragma once

#include "core/model.h"
#include "core/training_run.h"

#include <optional>
#include <string>
#include <vector>

namespace trainbudget {

struct MeasuredRun {
  std::string id;
  std::string group;            ///< rows of one origin, left out together when a source is left out
  std::string source;           ///< document, table
  std::string date;             ///< of the software or the measurement, ISO 8601, as far as known
  std::string architecture;     ///< label of a class of models: "dense", "moe", "rwkv", "hybrid-mamba-moe"
  std::string precision_label;  ///< as published: "fp8-cs", "mxfp8", "fp16 (unstated)"
  std::string accelerator;      ///< profile name
  std::string cluster;          ///< profile name
  std::string stack;            ///< name of a software stack: "megatron-bridge", "llm-foundry", "maxtext"
  std::string software;         ///< as published, with its version

  Model model;
  TrainingRun run;
  double accelerators = 0.0;  ///< used by the step

  double step_seconds = 0.0;                ///< measured
  std::optional<double> peak_memory_bytes;  ///< of the fullest accelerator
  bool memory_is_in_use = false;  ///< true: what tensors take; false: what the allocator and the process hold
  bool recompute_stated = true;   ///< false: `run.layout.recompute` is a guess
  bool shape_stated = true;       ///< false: the model was guessed from its size
  bool layout_stated = true;      ///< false: parallel sizes or micro-batch were inferred

  /// How much the source says that the same run differs from one time to another, 0.4 for 40 % either way; 0
  /// where it says nothing.
  double stated_noise = 0.0;
  bool doubtful = false;      ///< listed, never scored
  std::string inexpressible;  ///< why the model of the step cannot express this row; empty where it can
  std::vector<std::string> assumptions;  ///< what the row leaves open and how it was filled
};

}  // namespace trainbudget
