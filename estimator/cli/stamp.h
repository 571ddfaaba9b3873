// The run stamp: which program, with which arguments, on which inputs.
#pragma once

#include "render/estimate_report.h"

#include <string>
#include <vector>

namespace trainbudget::cli {

/// `files` are named by their last component, so that the stamp does not tell where they lie. Standard input
/// has no digest.
render::RunStamp run_stamp(const std::vector<std::string>& arguments, const std::vector<std::string>& files);

}  // namespace trainbudget::cli
