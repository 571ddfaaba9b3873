// Layouts as people write them: "tp=8,pp=4,vpp=2,mbs=1,zero=1,sp,recompute=selective".
#pragma once

#include "core/layout.h"
#include "io/yaml_node.h"

#include <string>
#include <string_view>

namespace trainbudget::io {

/// Reads a list of `key=value`, separated by commas: tp, pp, vpp, cp, ep, etp (sizes), mbs (sequences), zero
/// (0 to 3), shard (ranks that zero spreads over), recompute (none, selective, full, or modules joined by +),
/// layers (fraction that is recomputed: 50% or 5/24), schedule (1f1b, zero_bubble), and the flags sp and
/// offload. `data` is what `accelerators` leave; dp may say it again. Throws InputError at `node` for
/// anything else, a size below 1, sizes that do not divide, and `layers` where nothing is recomputed.
Layout read_layout(const YamlNode& node, double accelerators);

/// What is recomputed: none, full, selective (the attention core), or names of core/recompute.h's modules,
/// joined by +. Throws InputError at `where`.
void read_recomputation(std::string_view text, const Location& where, Layout& layout);
std::string recomputation_text(const Layout& layout);

/// The layout in the same words, with dp; what is as usual is left out.
std::string layout_text(const Layout& layout);

}  // namespace trainbudget::io
