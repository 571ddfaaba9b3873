#include "render/model_report.h"

namespace trainbudget::render {
namespace {

template <class T>
std::string describe_component(const T& component) {
  std::string text(T::word);
  std::string separator = ": ";
  const T usual;
  for (const auto& field : T::fields()) {
    const int value = field.get(component);
    if (!field.required && value == field.get(usual)) continue;
    text += separator + std::string(field.name);
    separator = ", ";
    if (field.kind == FieldKind::integer) text += " " + std::to_string(value);
    if (field.kind == FieldKind::word)
      text += " " + std::string(field.words[static_cast<std::size_t>(value)]);
    if (field.kind == FieldKind::flag && value == 0) text += " no";
  }
  return text;
}

template <class Component>
std::string describe_any(const Component& component) {
  return std::visit(
      [](const auto& value) -> std::string {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::monostate>) {
          return "";
        } else {
          return describe_component(value);
        }
      },
      component);
}

}  // namespace

std::string describe(const Layer& layer) {
  std::string text = describe_any(layer.mixer);
  const auto append = [&](const std::string& more) {
    if (!more.empty()) text += (text.empty() ? "" : "; ") + more;
  };
  if (layer.parallel_attention) append("beside it " + describe_component(*layer.parallel_attention));
  if (layer.cross_attention) append("cross " + describe_component(*layer.cross_attention));
  append(describe_any(layer.feed_forward));
  if (!layer.pre_norm) append("no norm before");
  if (layer.post_norm) append("norm after");
  if (layer.parallel) append(layer.shared_norm ? "in parallel, one norm" : "in parallel");
  return text;
}

}  // namespace trainbudget::render
