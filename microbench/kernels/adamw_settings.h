// The hyperparameters of the optimizer step that is measured. They do not change its speed.
#pragma once

namespace trainbudget::microbench {

struct AdamwSettings {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.99;
  double epsilon = 1e-8;
  double weight_decay = 0.1;
};

}  // namespace trainbudget::microbench
