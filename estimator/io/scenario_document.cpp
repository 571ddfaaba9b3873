#include "io/scenario_document.h"

#include <algorithm>
#include <utility>

namespace trainbudget::io {

YamlNode empty_scenario() {
  YamlNode root;
  root.kind = YamlNode::Kind::mapping;
  root.location.file = "command line";
  return root;
}

bool is_model_key(std::string_view key) {
  return key == "params" || key == "model" || key == "config";
}

namespace {

bool is_option(const Location& where) {
  return where.file.starts_with("--");
}

}  // namespace

void set_at_path(YamlNode& root, std::string_view path, YamlNode value, const Location& where) {
  YamlNode* at = &root;
  while (true) {
    const std::size_t dot = path.find('.');
    const std::string key(path.substr(0, dot));
    if (key.empty())
      throw InputError(where, "a key is missing in the path",
                       "write --set path=value, as in --set price.provider=aws");
    if (at->kind == YamlNode::Kind::sequence)
      throw InputError(where, "'" + key + "' lies in a list: only keys of mappings can be set");
    if (at->kind == YamlNode::Kind::scalar && is_option(at->location) && is_option(where))
      throw InputError(where, at->location.file + " gives the whole of what '" + key + "' is a part of",
                       "leave one of them out");
    if (at->kind != YamlNode::Kind::mapping) {
      *at = {};
      at->kind = YamlNode::Kind::mapping;
      at->location = where;
    }
    YamlNode* next = nullptr;
    for (YamlNode::Entry& entry : at->entries) {
      if (entry.key != key) continue;
      entry.key_location = where;
      next = &entry.value;
    }
    if (next == nullptr) {
      at->entries.push_back({key, where, {}});
      next = &at->entries.back().value;
    }
    if (dot == std::string_view::npos) {
      *next = std::move(value);
      return;
    }
    at = next;
    path.remove_prefix(dot + 1);
  }
}

void remove_at_path(YamlNode& root, std::string_view path) {
  YamlNode* at = &root;
  for (std::size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    const std::string_view key = path.substr(0, dot);
    const auto found = std::find_if(at->entries.begin(), at->entries.end(),
                                    [&](const YamlNode::Entry& entry) { return entry.key == key; });
    if (found == at->entries.end()) return;
    at = &found->value;
    path.remove_prefix(dot + 1);
  }
  std::erase_if(at->entries, [&](const YamlNode::Entry& entry) { return entry.key == path; });
}

void overlay(YamlNode& root, const YamlNode& changes) {
  for (const YamlNode::Entry& change : changes.entries) {
    if (is_model_key(change.key))
      std::erase_if(root.entries, [&](const YamlNode::Entry& entry) { return is_model_key(entry.key); });
    const auto found = std::find_if(root.entries.begin(), root.entries.end(),
                                    [&](const YamlNode::Entry& entry) { return entry.key == change.key; });
    if (change.value.kind == YamlNode::Kind::null) {
      if (found != root.entries.end()) root.entries.erase(found);
    } else if (found == root.entries.end()) {
      root.entries.push_back(change);
    } else if (found->value.kind == YamlNode::Kind::mapping && change.value.kind == YamlNode::Kind::mapping) {
      overlay(found->value, change.value);
    } else {
      *found = change;
    }
  }
}

YamlNode option_value(const std::string& option, const std::string& text) {
  YamlNode node;
  node.kind = YamlNode::Kind::scalar;
  node.text = text;
  node.location = option_location(option, text);
  return node;
}

void apply_setting(YamlNode& root, const std::string& setting) {
  const Location where = option_location("--set", setting);
  const std::size_t equals = setting.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw InputError(where, "'" + setting + "' is no setting",
                     "write --set path=value, as in --set efficiency=16%");
  }
  const std::string text = setting.substr(equals + 1);
  if (text.empty()) throw InputError(where, "'" + setting + "' has no value");
  // Plain text stays as it is: YAML would take `50%` well, but `@` or a leading `%` not.
  const bool structured =
      text.front() == '{' || text.front() == '[' || text.front() == '"' || text.front() == '\'';
  YamlNode value =
      structured ? parse_yaml(text, "--set " + setting.substr(0, equals)) : option_value("--set", setting);
  if (!structured) {
    value.text = text;
    value.location.column = static_cast<int>(equals) + 2;
  }
  set_at_path(root, setting.substr(0, equals), std::move(value), where);
}

}  // namespace trainbudget::io
