#pragma once

#include "cli/command.h"

namespace trainbudget::cli {

/// `prices import`, below `prices`.
AddedCommand add_prices_import(CLI::App& prices, const GlobalOptions& global);

}  // namespace trainbudget::cli
