#include "cli/team_search.h"

#include <cstring>
#include <type_traits>

namespace trainbudget::cli {
namespace {

class TeamShare : public SearchShare {
 public:
  explicit TeamShare(Team& team) : team_(team) {}
  std::uint64_t next() override { return team_.next(); }
  double least(double seconds) override { return team_.least(seconds); }

 private:
  Team& team_;
};

/// What a process has found as bytes: all of a team run the same program on machines of one kind.
struct FixedPart {
  LayoutCandidate nearest;
  std::int64_t layouts = 0;
  std::int64_t evaluated = 0;
};
static_assert(std::is_trivially_copyable_v<FixedPart>);

std::string packed(const LayoutSearch& found) {
  const FixedPart fixed{found.nearest, found.layouts, found.evaluated};
  const std::size_t best = found.best.size() * sizeof(LayoutCandidate);
  std::string bytes(sizeof(fixed) + best, '\0');
  std::memcpy(bytes.data(), &fixed, sizeof(fixed));
  if (best > 0) std::memcpy(bytes.data() + sizeof(fixed), found.best.data(), best);
  return bytes;
}

LayoutSearch unpacked(const std::string& bytes) {
  FixedPart fixed;
  std::memcpy(&fixed, bytes.data(), sizeof(fixed));
  const std::size_t best = bytes.size() - sizeof(fixed);
  LayoutSearch found{.best = std::vector<LayoutCandidate>(best / sizeof(LayoutCandidate)),
                     .nearest = fixed.nearest,
                     .layouts = fixed.layouts,
                     .evaluated = fixed.evaluated};
  if (best > 0) std::memcpy(found.best.data(), bytes.data() + sizeof(fixed), best);
  return found;
}

}  // namespace

sweep::Find find_together(Team& team) {
  return [&team](const StepPlan& plan, const SearchSpace& space, std::size_t kept) {
    team.deal();
    TeamShare share(team);
    const LayoutSearch mine = search_layouts(plan.workload, plan.machine, space, plan.profile.efficiency(),
                                             {.kept = kept, .share = &share});
    std::vector<LayoutSearch> parts;
    for (const std::string& bytes : team.gather(packed(mine)))
      parts.push_back(unpacked(bytes));
    return together(parts, kept);
  };
}

}  // namespace trainbudget::cli
