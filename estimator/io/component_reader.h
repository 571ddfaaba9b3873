// Reads a component of a layer by its own table of fields (core/arch/field.h).
#pragma once

#include "core/arch/field.h"
#include "io/map_reader.h"

namespace trainbudget::io {

template <class T>
T read_component(const YamlNode& node) {
  MapReader map(node, std::string(T::word));
  T component;
  for (const auto& field : T::fields()) {
    const YamlNode* value = field.required ? &map.require(field.name) : map.find(field.name);
    if (value == nullptr) continue;
    switch (field.kind) {
      case FieldKind::integer:
        field.set(component, static_cast<int>(read_integer(*value, field.least, field.most)));
        break;
      case FieldKind::flag:
        field.set(component, read_bool(*value) ? 1 : 0);
        break;
      case FieldKind::word:
        field.set(component, static_cast<int>(read_word(*value, field.name, field.words)));
        break;
    }
  }
  map.finish();
  return component;
}

}  // namespace trainbudget::io
