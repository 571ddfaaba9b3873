// Hyper-parameters describe themselves: one table of fields per component drives the YAML reader, the
// listings, the validation and the random models of the property tests.
#pragma once

#include <span>
#include <string_view>

namespace trainbudget {

enum class FieldKind : unsigned char { integer, flag, word };

/// One hyper-parameter of the component `T`. Every value is held as an int: a flag as 0 or 1, a word as its
/// index.
template <class T>
struct Field {
  std::string_view name;
  std::string_view meaning;
  FieldKind kind = FieldKind::integer;
  bool required = false;
  int least = 0, most = 0;                       ///< bounds, both allowed
  std::span<const std::string_view> words = {};  ///< of a word, in the order of the enumeration
  int (*get)(const T&) = nullptr;
  void (*set)(T&, int) = nullptr;
};

namespace detail {

template <class T>
struct MemberOf;
template <class Class, class Value>
struct MemberOf<Value Class::*> {
  using Owner = Class;
  using Type = Value;
};

template <auto Member>
constexpr auto accessors(Field<typename MemberOf<decltype(Member)>::Owner> field) {
  using Owner = typename MemberOf<decltype(Member)>::Owner;
  using Type = typename MemberOf<decltype(Member)>::Type;
  field.get = [](const Owner& owner) { return static_cast<int>(owner.*Member); };
  field.set = [](Owner& owner, int value) { owner.*Member = static_cast<Type>(value); };
  return field;
}

}  // namespace detail

namespace field {

/// An integer that must be given.
template <auto Member>
constexpr auto required(std::string_view name, int least, int most, std::string_view meaning) {
  return detail::accessors<Member>(
      {.name = name, .meaning = meaning, .required = true, .least = least, .most = most});
}

/// An integer that keeps its default when it is not given.
template <auto Member>
constexpr auto optional(std::string_view name, int least, int most, std::string_view meaning) {
  return detail::accessors<Member>({.name = name, .meaning = meaning, .least = least, .most = most});
}

template <auto Member>
constexpr auto flag(std::string_view name, std::string_view meaning) {
  return detail::accessors<Member>({.name = name, .meaning = meaning, .kind = FieldKind::flag, .most = 1});
}

template <auto Member>
constexpr auto word(std::string_view name, std::span<const std::string_view> words,
                    std::string_view meaning) {
  return detail::accessors<Member>({.name = name,
                                    .meaning = meaning,
                                    .kind = FieldKind::word,
                                    .most = static_cast<int>(words.size()) - 1,
                                    .words = words});
}

}  // namespace field
}  // namespace trainbudget
