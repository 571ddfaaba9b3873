// A scenario as text: a YAML mapping, and the options that change it. Options and `--set path=value` are the
// same thing.
#pragma once

#include "io/yaml_node.h"

#include <string>
#include <string_view>

namespace trainbudget::io {

/// An empty scenario, for a command line without a file.
YamlNode empty_scenario();

/// Whether a key says what is trained: one of params, model and config, of which a scenario has one.
bool is_model_key(std::string_view key);

/// Puts `value` at `path` ("efficiency", "price.provider") of the mapping `root`, replacing what is there and
/// making the mappings in between. Throws InputError at `where` for an empty path or a path through a list.
void set_at_path(YamlNode& root, std::string_view path, YamlNode value, const Location& where);

/// Takes away what is at `path`; nothing where nothing is there.
void remove_at_path(YamlNode& root, std::string_view path);

/// Lays the mapping `changes` over `root`: mappings key by key, everything else whole. A null takes the key
/// away; one of params, model and config replaces whichever `root` has.
void overlay(YamlNode& root, const YamlNode& changes);

/// `text` as the value of the option `option`: a plain scalar whose place is the option.
YamlNode option_value(const std::string& option, const std::string& text);

/// Applies one `--set path=value`; the value is read as YAML, so that lists and mappings work. Throws
/// InputError.
void apply_setting(YamlNode& root, const std::string& setting);

}  // namespace trainbudget::io
