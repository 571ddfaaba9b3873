#include "core/recompute.h"

namespace trainbudget {

std::vector<RecomputeModule> chosen_modules(Pieces pieces) {
  std::vector<RecomputeModule> chosen;
  Pieces told;
  for (const RecomputeModule& module : recompute_modules) {
    if (!pieces.contains(module.pieces) || told.contains(module.pieces)) continue;
    chosen.push_back(module);
    told |= module.pieces;
  }
  return chosen;
}

std::string modules_text(Pieces pieces) {
  std::string text;
  for (const RecomputeModule& module : chosen_modules(pieces))
    text += (text.empty() ? "" : "+") + std::string(module.name);
  return text;
}

}  // namespace trainbudget
