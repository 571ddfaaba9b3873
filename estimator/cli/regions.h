// The same run in every region whose price is known.
#pragma once

#include "io/profile_folder.h"
#include "io/yaml_node.h"
#include "render/table.h"

namespace trainbudget::cli {

/// One row for each provider and region that offers the accelerator of `document` under its pricing model:
/// price, cost, grid and CO2e, cheapest first; the cheapest and the cleanest are marked. Unknown grids are
/// shown as unknown. Throws InputError, also where no region is known.
render::Table regions_table(const io::YamlNode& document, const io::ProfileFolder& profiles);

}  // namespace trainbudget::cli
