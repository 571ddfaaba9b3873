#include "io/tree_builder.h"

#include <algorithm>
#include <utility>

namespace trainbudget::io {
namespace {

/// Sorts rather than hashes: one pass at the end of a mapping, and no worst case for keys chosen to collide.
void refuse_duplicate_keys(const std::vector<YamlNode::Entry>& entries) {
  std::vector<const YamlNode::Entry*> sorted;
  sorted.reserve(entries.size());
  for (const YamlNode::Entry& entry : entries)
    sorted.push_back(&entry);
  // Addresses within one vector follow the file order.
  std::sort(sorted.begin(), sorted.end(), [](const YamlNode::Entry* a, const YamlNode::Entry* b) {
    return a->key != b->key ? a->key < b->key : a < b;
  });
  const YamlNode::Entry* second = nullptr;
  const YamlNode::Entry* first = nullptr;
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i]->key != sorted[i - 1]->key || (second != nullptr && second < sorted[i])) continue;
    first = sorted[i - 1];
    second = sorted[i];
  }
  if (second == nullptr) return;
  throw InputError(
      second->key_location,
      "key '" + second->key + "' is already set on line " + std::to_string(first->key_location.line),
      "keep one of them");
}

}  // namespace

bool TreeBuilder::expects_key() const {
  return !open_.empty() && open_.back().node.kind == YamlNode::Kind::mapping && !open_.back().key;
}

Location TreeBuilder::innermost_location() const {
  if (open_.empty()) return {};
  return open_.back().key ? open_.back().key->second : open_.back().node.location;
}

void TreeBuilder::count(const Location& where) {
  if (++count_ > most_nodes_) {
    throw InputError(where, "too many values: at most " + std::to_string(most_nodes_) + " in one file");
  }
}

void TreeBuilder::key(std::string text, Location where) {
  count(where);
  open_.back().key.emplace(std::move(text), std::move(where));
}

void TreeBuilder::value(YamlNode node) {
  if (!expects_key()) {
    count(node.location);
    return attach(std::move(node));
  }
  if (node.kind != YamlNode::Kind::scalar) throw InputError(node.location, "a key is missing");
  key(std::move(node.text), std::move(node.location));
}

void TreeBuilder::open(YamlNode::Kind kind, Location where) {
  if (expects_key())
    throw InputError(std::move(where), "a key must be text, not a mapping or a sequence",
                     "write the key as plain text; or is a bracket never closed?");
  if (open_.size() >= deepest_nesting) {
    throw InputError(std::move(where),
                     "nested too deeply: at most " + std::to_string(deepest_nesting) + " levels");
  }
  count(where);
  Frame frame;
  frame.node.kind = kind;
  frame.node.location = std::move(where);
  open_.push_back(std::move(frame));
}

void TreeBuilder::close() {
  YamlNode node = std::move(open_.back().node);
  open_.pop_back();
  refuse_duplicate_keys(node.entries);
  attach(std::move(node));
}

void TreeBuilder::attach(YamlNode node) {
  if (open_.empty()) {
    root_ = std::move(node);
    return;
  }
  Frame& parent = open_.back();
  if (parent.node.kind == YamlNode::Kind::sequence) {
    parent.node.items.push_back(std::move(node));
    return;
  }
  parent.node.entries.push_back(
      {std::move(parent.key->first), std::move(parent.key->second), std::move(node)});
  parent.key.reset();
}

}  // namespace trainbudget::io
