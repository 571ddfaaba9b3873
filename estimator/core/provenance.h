// Where a number came from. Every number that reaches a report carries one of these.
#pragma once

#include <string>
#include <string_view>

namespace trainbudget {

enum class Origin {
  datasheet,  ///< printed by the vendor
  measured,   ///< measured on hardware
  fitted,     ///< fitted to measurements that `source` names
  published,  ///< printed in a paper, a price list, a model card
  assumed,    ///< taken on trust: no verified source, or a prior
  user,       ///< given in the scenario or on the command line
  derived,    ///< computed here from other numbers
};

/// The word for `origin` in files and reports.
constexpr std::string_view name_of(Origin origin) {
  switch (origin) {
    case Origin::datasheet:
      return "datasheet";
    case Origin::measured:
      return "measured";
    case Origin::fitted:
      return "fitted";
    case Origin::published:
      return "published";
    case Origin::assumed:
      return "assumed";
    case Origin::user:
      return "user";
    case Origin::derived:
      return "derived";
  }
  return "unknown";
}

struct Provenance {
  Origin origin = Origin::derived;
  std::string source;  ///< a document, a file and line, or the option that supplied the number
  std::string date;    ///< as of when, ISO 8601, empty where it does not matter
  std::string note;    ///< a caveat that a reader must see: a disputed value, a convention
};

/// A value and where it came from.
template <class T>
struct Sourced {
  T value{};
  Provenance provenance;
};

}  // namespace trainbudget
