// The best layouts of one run over several machines: kinds of hardware and numbers of accelerators.
#pragma once

#include "core/layout_search.h"
#include "io/scenario_file.h"
#include "sweep/point.h"
#include "sweep/sweep.h"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget::sweep {

/// What the best layout has least of.
enum class Objective : std::uint8_t { time, cost, energy };
inline constexpr std::array<std::string_view, 3> objective_words{"time", "cost", "energy"};

/// The `kept` best layouts of a plan, by time: on one machine the fastest is the cheapest as well.
using Find = std::function<LayoutSearch(const StepPlan& plan, const SearchSpace& space, std::size_t kept)>;

struct SearchedMachine {
  std::string hardware;              ///< as it was asked for
  std::string problem;               ///< why nothing can be searched there; what follows is then empty
  std::optional<Scenario> scenario;  ///< in its fastest layout that fits, or the nearest
  SearchSpace space;
  LayoutSearch found;
};

struct RankedLayout {
  std::size_t machine = 0;  ///< index
  LayoutCandidate candidate;
  Point point;  ///< what the whole run comes to
};

struct LayoutRanking {
  Objective objective = Objective::time;
  std::vector<SearchedMachine> machines;
  std::vector<RankedLayout> best;            ///< that fit and keep to the constraints
  std::optional<RankedLayout> nearest_miss;  ///< where none does: the best that only fits
  std::int64_t layouts = 0;                  ///< on all machines together
};

struct RankingOptions {
  Objective objective = Objective::time;
  std::size_t kept = 1;
  bool smaller_batches = false;
  bool zero_bubble = false;
  bool modules = false;
};

/// Ranks the layouts on each point of `machines`: a variant for each kind of hardware, at most an axis of
/// numbers. `searched` is called after each. Throws InputError; where inputs of only some machines do not go
/// together, these have a problem.
LayoutRanking rank_layouts(const Sweep& machines, PointReader& reader, const RankingOptions& options,
                           const Find& find, const std::function<void(std::size_t)>& searched);

/// How much of `objective` a run needs: time, what a budget pays, energy; nothing where that is unknown.
std::optional<double> amount_of(const Point& point, Objective objective);

/// A named part of a step.
struct StepPart {
  std::string_view name;
  double seconds = 0.0;
};
/// The largest first.
std::vector<StepPart> parts_of(const StepTime& step);
StepTime step_of(const SearchedMachine& machine, const LayoutCandidate& candidate);

/// A better machine, and the fastest step that it would allow.
struct Purchase {
  std::string what;
  LayoutCandidate best;
  double gain = 0.0;  ///< speed over that without it, minus 1
};
/// What one more gigabyte, memory without end, and one more link of each kind would buy the winner.
std::vector<Purchase> purchases(const LayoutRanking& ranking, const Find& find);

/// Where nothing fits: the machine that comes nearest.
std::optional<std::size_t> nearest_machine(const LayoutRanking& ranking);
/// How many times as many accelerators, doubling them up to 64-fold, something would fit on.
std::optional<double> more_accelerators(const SearchedMachine& machine, const Find& find);

}  // namespace trainbudget::sweep
