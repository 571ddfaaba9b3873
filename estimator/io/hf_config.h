// A Hugging Face config.json, or the hyper-parameters of an RWKV checkpoint, as a model.
#pragma once

#include "core/model.h"

#include <string>
#include <string_view>
#include <vector>

namespace trainbudget::io {

struct HfModel {
  Model model;
  std::vector<std::string> ignored;  ///< fields of the file that do not matter here
  std::vector<std::string>
      defaults;  ///< "num_key_value_heads = 32": what the file leaves to its model type's default
  std::vector<std::string> notes;  ///< "vision_config: only the language model is counted"
};

/// Reads the JSON object `text`. Beside `model_type` files it takes the options of RWKV's training code
/// (`n_layer`, `n_embd`, `vocab_size`, and `version` or `my_testing`) and the configurations of
/// state-spaces/mamba (`d_model`, `n_layer`, `ssm_cfg`). Throws InputError for a field that the parameters
/// depend on and that is missing, for a value that cannot be counted exactly, and for an unknown
/// `model_type`, with the nearest ones: never a guess.
HfModel read_hf_config(std::string_view text, const std::string& file);
HfModel read_hf_config_file(const std::string& path);

/// The model types that are understood, sorted.
std::vector<std::string> hf_model_types();

}  // namespace trainbudget::io
