// Questions to the planner, and what two of its answers must share.
#pragma once

#include "catch.h"
#include "core/estimate.h"
#include "io/profile_folder.h"
#include "io/scenario_document.h"
#include "io/scenario_file.h"
#include "planner/document.h"
#include "planner/evaluator.h"
#include "planner/planner.h"
#include "planner/space.h"

#include <initializer_list>
#include <string>
#include <utility>

namespace trainbudget::planner {

inline const io::ProfileFolder& folder() {
  static const io::ProfileFolder profiles(TRAINBUDGET_PROFILES_DIR);
  return profiles;
}

inline Request request(std::initializer_list<std::pair<const char*, const char*>> keys) {
  Request request{.document = io::empty_scenario()};
  for (const auto& [path, text] : keys)
    put(request.document, path, text);
  request.search.threads = 2;
  return request;
}

inline Request family_on_h100(double budget) {
  Request asked = request({{"as_of", "2026-08-21"}});
  asked.family = "rwkv-7";
  asked.hardware = {"hgx-h100"};
  asked.limits.budget_usd = budget;
  asked.limits.deadline_seconds = 30 * seconds_per_day;
  asked.most_gpus = 16;
  return asked;
}

inline Request cheapest_7b(double days) {
  Request asked = request({{"as_of", "2026-08-21"}, {"model", "rwkv-7-7.2b"}, {"tokens", "100B"}});
  asked.limits.deadline_seconds = days * seconds_per_day;
  asked.most_gpus = 64;
  return asked;
}

/// Only the rule of thumb: any number of parameters, any number of GPUs, no layouts.
inline Request rule_of_thumb(double budget) {
  Request asked = request({{"gpu", "h100-sxm-80gb"}, {"efficiency", "40%"}, {"price", "$2/h"}});
  asked.limits.budget_usd = budget;
  asked.limits.deadline_seconds = 365 * seconds_per_day;
  return asked;
}

inline void check_same(const Way& a, const Way& b) {
  CHECK(a.model == b.model);
  CHECK(a.accelerator == b.accelerator);
  CHECK(a.offer == b.offer);
  CHECK(a.gpus == b.gpus);
  CHECK(a.layout == b.layout);
  CHECK(a.tokens == b.tokens);
  CHECK(a.cost_usd == b.cost_usd);
  CHECK(a.wall_time_seconds == b.wall_time_seconds);
}

inline void check_same(const Plan& a, const Plan& b) {
  REQUIRE(a.winner.has_value() == b.winner.has_value());
  if (a.winner) check_same(*a.winner, *b.winner);
  REQUIRE(a.options.size() == b.options.size());
  for (std::size_t i = 0; i < a.options.size(); ++i) {
    CAPTURE(a.options[i].title);
    check_same(a.options[i].way, b.options[i].way);
  }
  REQUIRE(a.misses.size() == b.misses.size());
  for (std::size_t i = 0; i < a.misses.size(); ++i)
    check_same(a.misses[i].way, b.misses[i].way);
}

inline double loss(const Way& way) {
  return way.loss[preferred_law];
}

}  // namespace trainbudget::planner
