// The costs around the GPU bill. Nearly all grow with the hours of the run: their quantiles add.
#include "core/cost/terms.h"

namespace trainbudget {
namespace {

constexpr double bytes_per_gb = 1e9;
constexpr double seconds_per_month = 30.0 * seconds_per_day;

using Cost = std::optional<Range>;

Cost storage(LedgerWriter& ledger, const Estimate& result, const Scenario& scenario, Range /*so_far*/) {
  if (!scenario.extras.storage) return std::nullopt;
  const Storage& stored = *scenario.extras.storage;
  const Range months = (result.wall_time_seconds + stored.kept_seconds.value) / seconds_per_month;
  return ledger.add("storage", "Storage",
                    months * (stored.bytes.value / bytes_per_gb * stored.usd_per_gb_month.value), Unit::usd,
                    "storage",
                    {input("stored", stored.bytes, Unit::bytes),
                     input("price of a GB-month", stored.usd_per_gb_month, Unit::usd),
                     input("wall time", result.wall_time_seconds, Unit::seconds),
                     input("kept afterwards", stored.kept_seconds, Unit::seconds)});
}

Cost egress(LedgerWriter& ledger, const Estimate& /*result*/, const Scenario& scenario, Range /*so_far*/) {
  if (!scenario.extras.egress) return std::nullopt;
  const Egress& moved = *scenario.extras.egress;
  return ledger.add(
      "egress", "Egress", exactly(moved.bytes.value / bytes_per_gb * moved.usd_per_gb.value), Unit::usd,
      "egress",
      {input("moved out", moved.bytes, Unit::bytes), input("price of a GB", moved.usd_per_gb, Unit::usd)});
}

Cost development(LedgerWriter& ledger, const Estimate& result, const Scenario& scenario, Range /*so_far*/) {
  if (!scenario.extras.development) return std::nullopt;
  const Sourced<Range>& share = *scenario.extras.development;
  return ledger.add("development", "Ablations and failed runs", product(*result.cost_usd, share.value),
                    Unit::usd, "development",
                    {input("cost", *result.cost_usd, Unit::usd), input("share", share, Unit::fraction)});
}

Cost staff(LedgerWriter& ledger, const Estimate& result, const Scenario& scenario, Range /*so_far*/) {
  if (!scenario.extras.staff) return std::nullopt;
  const Sourced<Range>& rate = *scenario.extras.staff;
  return ledger.add("staff", "Staff", product(result.wall_time_seconds, rate.value), Unit::usd, "staff",
                    {input("wall time", result.wall_time_seconds, Unit::seconds),
                     input("staff, a month", rate.value * seconds_per_month, Unit::usd, rate.provenance)});
}

Cost contingency(LedgerWriter& ledger, const Estimate& /*result*/, const Scenario& scenario, Range so_far) {
  if (!scenario.extras.contingency) return std::nullopt;
  const Sourced<Range>& share = *scenario.extras.contingency;
  return ledger.add("contingency", "Contingency", product(so_far, share.value), Unit::usd, "contingency",
                    {input("everything else", so_far, Unit::usd), input("share", share, Unit::fraction)});
}

/// In the order of the bill; contingency is a share of what stands above it.
constexpr Cost (*terms[])(LedgerWriter&, const Estimate&, const Scenario&, Range) = {
    storage, egress, development, staff, contingency};

}  // namespace

void add_budget(LedgerWriter& ledger, Estimate& result, const Scenario& scenario) {
  if (!scenario.extras.any() || !result.cost_usd) return;
  Range total = *result.cost_usd;
  std::vector<LedgerInput> parts{input("cost", total, Unit::usd)};
  for (const auto term : terms) {
    const Cost cost = term(ledger, result, scenario, total);
    if (!cost) continue;
    parts.push_back(input(ledger.last().title, *cost, Unit::usd));
    total = together(total, *cost);
  }
  result.total_usd = ledger.add("total", "Total budget", total, Unit::usd, "total", std::move(parts));
}

}  // namespace trainbudget
