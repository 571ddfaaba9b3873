// Models of any size in the manner of known ones: a shape (layers, width) between two public models of a
// family, with everything else scaled to it. Parameters are then counted over its operations, as for any
// model.
#pragma once

#include "core/model.h"

#include <span>
#include <string>
#include <vector>

namespace trainbudget {

struct ModelShape {
  int layers = 0;
  int hidden_size = 0;
  friend bool operator==(const ModelShape&, const ModelShape&) = default;
};

ModelShape shape_of(const Model& model);

/// Whether resized() knows how `model` scales: decoders of layers that are alike, made of attention and a
/// dense MLP, or of one version of RWKV.
bool is_resizable(const Model& model);

/// `like`, which is_resizable(), with the layers and the width of `shape`. Heads keep their size and their
/// number follows the width, key and value heads are the most that `like` has and that divide it; the width
/// of the MLP keeps its ratio, in multiples of 128. RWKV-7's ranks are the published ones where there are
/// some, else those that its trainer takes for new models. `shape.hidden_size` must be a multiple of
/// width_unit(like).
Model resized(const Model& like, ModelShape shape, std::string name);

/// What widths of models like `like` are multiples of: whole heads, and 128 for the matrix units.
int width_unit(const Model& like);

/// Shapes from the smallest of `known` to `beyond` times the layers × width² of the largest, each at most
/// about `step` larger than the one before: geometric between neighbours in both dimensions; beyond the
/// largest both grow with the cube root. Without the known ones. `known` in any order, at least one.
std::vector<ModelShape> shapes_between(std::span<const ModelShape> known, int width_unit, double step,
                                       double beyond);

}  // namespace trainbudget
