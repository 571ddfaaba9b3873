#include "io/measured_model.h"

#include "core/model_summary.h"
#include "io/model_file.h"
#include "io/profile_names.h"
#include "io/quantity_text.h"

#include <algorithm>
#include <cmath>

namespace trainbudget::io {
namespace {

double distance(const Model& model, double parameters) {
  return std::abs(std::log(parameters_of(model) / parameters));
}

/// "Llama-3-70B (12-layer slice)" without what is in brackets.
std::string_view base_name(std::string_view name) {
  const std::size_t bracket = name.find(" (");
  return name.substr(0, bracket);
}

/// The first `layers` of the stack. Where it begins with layers of another kind, as many of them as bring the
/// count nearest to `parameters`.
Model slice(const Model& whole, int layers, double parameters) {
  Model best;
  double nearest = INFINITY;
  const auto total = static_cast<std::size_t>(layers);
  const int first_kind = whole.layers.front();
  const auto leading = static_cast<std::size_t>(
      std::find_if(whole.layers.begin(), whole.layers.end(), [&](int kind) { return kind != first_kind; }) -
      whole.layers.begin());
  for (std::size_t skipped = 0; skipped <= leading && skipped + total <= whole.layers.size(); ++skipped) {
    Model part = whole;
    part.layers.assign(whole.layers.begin() + static_cast<std::ptrdiff_t>(skipped),
                       whole.layers.begin() + static_cast<std::ptrdiff_t>(skipped + total));
    part.predicted_tokens = 0;
    const double off = parameters > 0.0 ? distance(part, parameters) : 0.0;
    if (off < nearest) {
      nearest = off;
      best = std::move(part);
    }
    if (leading == whole.layers.size()) break;  // all alike
  }
  return best;
}

/// A multi-token prediction module counts only where it brings the model nearer to the stated size.
void settle_prediction(Model& model, double parameters) {
  if (model.predicted_tokens == 0 || parameters <= 0.0) return;
  Model without = model;
  without.predicted_tokens = 0;
  if (distance(without, parameters) < distance(model, parameters)) model = std::move(without);
}

constexpr int usual_vocabulary = 50257;
constexpr int usual_head = 128;

/// Rounded, at least 1; one more than `most_layers` for all that is beyond.
int layer_count(double layers) {
  return static_cast<int>(std::lround(std::clamp(layers, 1.0, most_layers + 1.0)));
}

/// Fills a dense decoder's shape from what is known of it.
void complete_shape(ModelColumns& shape, std::vector<std::string>& assumptions) {
  const auto assume = [&](const std::string& what) { assumptions.push_back(what); };
  if (shape.vocabulary == 0) {
    shape.vocabulary = usual_vocabulary;
    assume("vocabulary of 50257");
  }
  // 12·layers·hidden² + vocabulary·hidden parameters; whole heads on every tensor-parallel rank.
  const double unit = static_cast<double>(usual_head) * shape.tensor;
  const auto nearest_width = [&](double width) {
    return static_cast<int>(unit * std::max(1.0, std::round(width / unit)));
  };
  if (shape.hidden == 0 && shape.layers == 0) {
    // hidden = 128·layers, the ratio of GPT-3's larger models (arXiv 2005.14165, table 2.1).
    const double layers = std::cbrt(shape.parameters / (12.0 * usual_head * usual_head));
    shape.hidden = nearest_width(usual_head * std::min(layers, 1e5));
    const double h = shape.hidden;
    shape.layers = layer_count(shape.parameters / (12.0 * h * h));
    assume("shape from the size alone: " + std::to_string(shape.layers) + " layers of width " +
           std::to_string(shape.hidden));
  } else if (shape.layers == 0) {
    const double h = shape.hidden;
    shape.layers = layer_count((shape.parameters - h * shape.vocabulary) / (12.0 * h * h));
    assume(std::to_string(shape.layers) + " layers, from the size");
  } else if (shape.hidden == 0) {
    shape.hidden = nearest_width(std::min(1e7, std::sqrt(shape.parameters / (12.0 * shape.layers))));
    assume("width of " + std::to_string(shape.hidden) + ", from the size");
  }
  if (shape.heads == 0) {
    const int size = shape.head_size > 0 ? shape.head_size : usual_head;
    shape.heads = std::max(1, shape.hidden / size);
    while (shape.heads > 1 && (shape.hidden % shape.heads != 0 || shape.heads % shape.tensor != 0))
      --shape.heads;
    assume(std::to_string(shape.heads) + " attention heads");
  }
  if (shape.kv_heads == 0) shape.kv_heads = shape.heads;
  if (shape.head_size == 0) shape.head_size = std::max(1, shape.hidden / shape.heads);
  if (shape.feed_forward == 0) {
    shape.feed_forward = 4 * shape.hidden;
    assume("feed-forward of 4 × the width");
  }
}

Model transformer(const ModelColumns& shape, bool gated, bool tied) {
  Layer layer;
  layer.mixer = Attention{.heads = shape.heads,
                          .kv_heads = shape.kv_heads,
                          .head_size = shape.head_size,
                          .query_key_value_bias = !gated,
                          .output_bias = !gated,
                          .rotary = gated};
  if (shape.experts > 0) {
    layer.feed_forward = MixtureOfExperts{.experts = shape.experts,
                                          .active_experts = shape.active_experts,
                                          .intermediate_size = shape.feed_forward,
                                          .gated = gated};
  } else {
    layer.feed_forward = Mlp{.intermediate_size = shape.feed_forward, .gated = gated, .bias = !gated};
  }
  Model model{.name = shape.name, .hidden_size = shape.hidden, .vocabulary = shape.vocabulary};
  model.tied_head = tied;
  model.norm = gated ? NormKind::rms : NormKind::layer_norm;
  model.blocks.push_back(layer);
  model.layers.assign(static_cast<std::size_t>(shape.layers), 0);
  return model;
}

/// The decoder nearest to the stated size: with or without a gated feed-forward and a head of its own; GPT's
/// form where no size is stated.
Model nearest_transformer(const ModelColumns& shape) {
  Model best = transformer(shape, false, true);
  if (shape.parameters <= 0.0 || !problem(best).empty()) return best;
  double nearest = distance(best, shape.parameters);
  for (const auto& [gated, tied] : {std::pair{false, false}, {true, false}, {true, true}}) {
    Model other = transformer(shape, gated, tied);
    const double off = distance(other, shape.parameters);
    if (off < nearest - 1e-3) {
      nearest = off;
      best = std::move(other);
    }
  }
  return best;
}

}  // namespace

MeasuredModels::MeasuredModels(const ProfileFolder& profiles, const RunNames& names)
    : profiles_(profiles), names_(names), known_(profiles.names(model_profiles)) {}

const Model* MeasuredModels::profile(const ModelColumns& columns) {
  const std::string_view base = base_name(columns.name);
  std::string name(names_.find_model(base));
  if (name.empty()) name = lower_case(base);
  if (std::find(known_.begin(), known_.end(), name) == known_.end()) return nullptr;
  auto found = read_.find(name);
  if (found == read_.end())
    found = read_.emplace(name, read_model_file(profiles_.file(model_profiles, name)).model).first;
  return &found->second;
}

MeasuredModel MeasuredModels::find(const ModelColumns& columns) {
  MeasuredModel found;
  if (const Model* known = profile(columns)) {
    found.model = *known;
    settle_prediction(found.model, columns.parameters);
    const auto layers = static_cast<int>(found.model.layers.size());
    if (columns.layers > 0 && columns.layers < layers) {
      found.model = slice(*known, columns.layers, columns.parameters);
    } else if (columns.layers > layers) {
      found.inexpressible =
          columns.name + " has " + std::to_string(layers) + " layers, not " + std::to_string(columns.layers);
    }
    if (columns.vocabulary > 0) found.model.vocabulary = columns.vocabulary;
  } else {
    const bool attention_only = columns.architecture == "dense" || columns.architecture == "moe";
    const bool expressible = columns.experts > 0
                                 ? columns.hidden > 0 && columns.layers > 0 && columns.feed_forward > 0 &&
                                       columns.active_experts > 0
                                 : columns.parameters > 0.0 || (columns.hidden > 0 && columns.layers > 0);
    if (!attention_only || !expressible || (columns.architecture == "moe" && columns.experts == 0)) {
      found.inexpressible = "the shape of " + (columns.name.empty() ? "the model" : columns.name) +
                            " is not known: no profile, and not enough columns";
      return found;
    }
    ModelColumns shape = columns;
    found.shape_stated = columns.layers > 0 && columns.hidden > 0;
    complete_shape(shape, found.assumptions);
    if (shape.layers > most_layers) {
      found.inexpressible = "no shape of that size and width has up to 10,000 layers";
      return found;
    }
    found.model = nearest_transformer(shape);
  }
  if (const std::string wrong = problem(found.model); !wrong.empty()) {
    found.inexpressible = wrong;
    return found;
  }
  constexpr double tolerated = 0.05;
  if (columns.parameters > 0.0 && distance(found.model, columns.parameters) > tolerated) {
    found.assumptions.push_back(
        "the shape has " + format_quantity(parameters_of(found.model), QuantityKind::count) +
        " parameters, the row says " + format_quantity(columns.parameters, QuantityKind::count));
  }
  return found;
}

}  // namespace trainbudget::io
