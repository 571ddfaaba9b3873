#include "io/layout_text.h"

#include "io/quantity_text.h"
#include "io/suggest.h"
#include "io/trimmed.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace trainbudget::io {
namespace {

constexpr std::array<std::string_view, 16> keys{
    "tp",   "pp",    "dp",        "vpp",    "cp",       "ep", "etp",     "mbs",
    "zero", "shard", "recompute", "layers", "schedule", "sp", "offload", "ep_overlap"};

bool is_flag(std::string_view key) {
  return key == "sp" || key == "ep_overlap" || key == "offload";
}

class Reader {
 public:
  explicit Reader(const YamlNode& node) : node_(node) {}

  /// `data` is 0 where it is not given.
  Layout read() {
    layout_.data = 0;
    std::string_view rest = node_.text;
    if (trimmed(rest).empty())
      refuse("a layout is empty",
             "write tp=8,pp=4,mbs=1, or leave the layout out: the fastest that fits is taken");
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      item(trimmed(rest.substr(0, comma)));
      rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    }
    if (layout_.recompute == Recompute::none && given_.contains("layers") && layout_.recomputed_layers > 0.0)
      refuse("layers in a layout is the share that is recomputed, and nothing is",
             "say what: recompute=full,layers=…, or leave layers out");
    if (layout_.expert > 1 && layout_.expert_tensor == 0) layout_.expert_tensor = 1;
    return layout_;
  }

 private:
  [[noreturn]] void refuse(const std::string& message, std::string hint = {}) const {
    throw InputError(node_.location, message, std::move(hint));
  }

  void item(std::string_view text) {
    if (text.empty()) refuse("a layout is written like tp=8,pp=4,mbs=1");
    const std::size_t equals = text.find('=');
    const std::string key(trimmed(text.substr(0, equals)));
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view{} : trimmed(text.substr(equals + 1));
    if (equals == std::string_view::npos && !is_flag(key))
      refuse("'" + key.substr(0, 40) + "' in a layout wants a value: " + key.substr(0, 40) + "=…",
             did_you_mean_or_list(key, keys));
    if (!given_.insert(key).second) refuse("'" + key.substr(0, 40) + "' is given twice in a layout");
    if (key == "tp") {
      layout_.tensor = size(key, value);
    } else if (key == "pp") {
      layout_.pipeline = size(key, value);
    } else if (key == "dp") {
      layout_.data = size(key, value);
    } else if (key == "vpp") {
      layout_.chunks = size(key, value);
    } else if (key == "cp") {
      layout_.context = size(key, value);
    } else if (key == "ep") {
      layout_.expert = size(key, value);
    } else if (key == "etp") {
      layout_.expert_tensor = size(key, value);
    } else if (key == "mbs") {
      layout_.micro_batch = size(key, value);
    } else if (key == "shard") {
      layout_.shard_group = size(key, value);
    } else if (key == "zero") {
      if (value.size() != 1 || value[0] < '0' || value[0] > '3') refuse("zero is 0, 1, 2 or 3");
      layout_.sharding = static_cast<Sharding>(value[0] - '0');
    } else if (key == "recompute") {
      read_recomputation(value, node_.location, layout_);
    } else if (key == "schedule") {
      layout_.schedule = static_cast<Schedule>(word(key, value, schedule_words));
    } else if (key == "layers") {
      layout_.recomputed_layers = layers(value);
      if (layout_.recomputed_layers > 1.0) refuse("the fraction of recomputed layers is at most 1");
    } else if (key == "sp") {
      layout_.sequence_parallel = flag(key, value);
    } else if (key == "ep_overlap") {
      layout_.expert_overlap = flag(key, value);
    } else if (key == "offload") {
      layout_.offload_optimizer = flag(key, value);
    } else {
      refuse("unknown key '" + key.substr(0, 40) + "' in a layout", did_you_mean_or_list(key, keys));
    }
  }

  int size(const std::string& key, std::string_view value) const {
    const double number = parse_quantity(value, QuantityKind::count, node_.location);
    constexpr double most = 1e6;
    if (number < 1.0 || number > most || number != std::floor(number))
      refuse(key + " in a layout is a whole number from 1");
    return static_cast<int>(number);
  }

  /// A fraction, or "5/24" of a stage's layers.
  double layers(std::string_view value) const {
    const std::size_t slash = value.find('/');
    if (slash == std::string_view::npos) return parse_quantity(value, QuantityKind::fraction, node_.location);
    return static_cast<double>(size("layers", value.substr(0, slash))) /
           size("layers", value.substr(slash + 1));
  }

  bool flag(const std::string& key, std::string_view value) const {
    if (value.empty() || value == "1" || value == "true") return true;
    if (value == "0" || value == "false") return false;
    refuse(key + " in a layout is a flag: " + key + ", " + key + "=1 or " + key + "=0");
  }

  template <std::size_t N>
  std::size_t word(const std::string& key, std::string_view value,
                   const std::array<std::string_view, N>& words) const {
    for (std::size_t i = 0; i < N; ++i) {
      if (words[i] == value) return i;
    }
    refuse("unknown " + key + " '" + std::string(value.substr(0, 40)) + "' in a layout",
           did_you_mean_or_list(value, words));
  }

  const YamlNode& node_;
  Layout layout_;
  std::set<std::string> given_;
};

}  // namespace

void read_recomputation(std::string_view text, const Location& where, Layout& layout) {
  std::vector<std::string_view> words(recompute_words.begin(), recompute_words.end());
  const auto whole = std::find(words.begin(), words.end(), text);
  if (whole != words.end()) {
    layout.recompute = static_cast<Recompute>(whole - words.begin());
    layout.recomputed_pieces = Layout{}.recomputed_pieces;
    return;
  }
  for (const RecomputeModule& module : recompute_modules)
    words.push_back(module.name);
  Pieces pieces;
  for (std::string_view rest = text;;) {
    const std::size_t plus = rest.find('+');
    const std::string_view name = trimmed(rest.substr(0, plus));
    const auto module = std::find_if(recompute_modules.begin(), recompute_modules.end(),
                                     [&](const RecomputeModule& m) { return m.name == name; });
    if (module == recompute_modules.end())
      throw InputError(where, "unknown recomputation '" + std::string(name.substr(0, 40)) + "'",
                       did_you_mean_or_list(name, words));
    pieces |= module->pieces;
    if (plus == std::string_view::npos) break;
    rest = rest.substr(plus + 1);
  }
  layout.recompute = Recompute::selective;
  layout.recomputed_pieces = pieces;
}

Layout read_layout(const YamlNode& node, double accelerators) {
  if (node.kind != YamlNode::Kind::scalar)
    throw InputError(node.location, "a layout is written like tp=8,pp=4,mbs=1");
  Layout layout = Reader(node).read();
  const int given = std::exchange(layout.data, 1);
  const double ranks = layout.accelerators();
  const double data = accelerators / ranks;
  if (data < 1.0 || data != std::floor(data)) {
    throw CombinationError(node.location, "tp × pp × cp = " + format_quantity(ranks, QuantityKind::count, 6) +
                                              " does not divide " +
                                              format_quantity(accelerators, QuantityKind::count, 6) +
                                              " accelerators");
  }
  layout.data = static_cast<int>(data);
  if (given > 0 && given != layout.data)
    throw CombinationError(
        node.location,
        "dp is " + std::to_string(given) + ", but " + std::to_string(layout.data) + " replicas are left",
        "leave dp out: it is what tp, pp and cp leave");
  return layout;
}

namespace {

/// "5/24" where it is that many layers of a stage, so that reading it gives the same number back.
std::string layers_text(double fraction) {
  constexpr int most_layers = 512;
  for (int all = 2; all <= most_layers; ++all) {
    const double some = std::round(fraction * all);
    if (some >= 1.0 && some / all == fraction)
      return std::to_string(static_cast<int>(some)) + "/" + std::to_string(all);
  }
  return format_quantity(fraction, QuantityKind::fraction);
}

}  // namespace

std::string recomputation_text(const Layout& layout) {
  if (layout.recompute != Recompute::selective || layout.recomputed_pieces == Layout{}.recomputed_pieces)
    return std::string(recompute_words[static_cast<std::size_t>(layout.recompute)]);
  return modules_text(layout.recomputed_pieces);
}

std::string layout_text(const Layout& layout) {
  std::string text = "tp=" + std::to_string(layout.tensor) + ",pp=" + std::to_string(layout.pipeline) +
                     ",dp=" + std::to_string(layout.data) + ",mbs=" + std::to_string(layout.micro_batch);
  const auto add = [&](bool unusual, const std::string& item) {
    if (unusual) text += "," + item;
  };
  add(layout.chunks > 1, "vpp=" + std::to_string(layout.chunks));
  add(layout.context > 1, "cp=" + std::to_string(layout.context));
  add(layout.expert > 1, "ep=" + std::to_string(layout.expert));
  add(layout.expert > 1 || layout.expert_tensor_size() != layout.tensor,
      "etp=" + std::to_string(layout.expert_tensor_size()));
  add(layout.expert_overlap, "ep_overlap");
  add(layout.sharding != Sharding::none, "zero=" + std::to_string(static_cast<int>(layout.sharding)));
  add(layout.shard_group > 0, "shard=" + std::to_string(layout.shard_group));
  add(layout.sequence_parallel, "sp");
  add(layout.recompute != Recompute::none, "recompute=" + recomputation_text(layout));
  add(layout.recompute != Recompute::none && layout.recomputed_layers != 1.0,
      "layers=" + layers_text(layout.recomputed_layers));
  add(layout.schedule != Schedule::one_forward_one_backward, "schedule=zero_bubble");
  add(layout.offload_optimizer, "offload");
  return text;
}

}  // namespace trainbudget::io
