#include "core/measured_recurrence.h"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace trainbudget {
namespace {

const WkvTable* table_of(const std::vector<WkvTable>& tables, const RecurrenceWork& scan,
                         std::string_view pass) {
  const std::string name = std::string(scan.kernel) + "_" + std::string(pass);
  const auto found = std::find_if(tables.begin(), tables.end(), [&](const WkvTable& table) {
    return table.kernel == name && table.head_size == scan.head_size;
  });
  return found == tables.end() ? nullptr : &*found;
}

}  // namespace

void take_measured_recurrences(Workload& workload, const std::vector<WkvTable>& tables) {
  workload.recurrence_points.clear();
  const auto curve_of = [&](const WkvTable* table) {
    MeasuredCurve measured;
    if (table == nullptr) return measured;
    const std::vector<WkvPoint> curve = wkv_curve(*table, workload.sequence_length);
    measured = {.first_point = static_cast<std::uint32_t>(workload.recurrence_points.size()),
                .points = static_cast<std::uint32_t>(curve.size()),
                .resident_heads = table->resident_heads};
    workload.recurrence_points.insert(workload.recurrence_points.end(), curve.begin(), curve.end());
    return measured;
  };
  for (RecurrenceWork& scan : workload.recurrences) {
    scan.forward = curve_of(table_of(tables, scan, "forward"));
    scan.backward = curve_of(table_of(tables, scan, "backward"));
  }
}

std::vector<std::string> measured_recurrence_remarks(const Workload& workload,
                                                     const std::vector<WkvTable>& tables,
                                                     const Layout& layout) {
  std::vector<std::string> remarks;
  if (tables.empty()) return remarks;
  const auto remark = [&](const std::string& text) {
    if (std::find(remarks.begin(), remarks.end(), text) == remarks.end()) remarks.push_back(text);
  };
  for (const RecurrenceWork& scan : workload.recurrences) {
    const double heads =
        std::ceil(scan.heads / (static_cast<double>(layout.tensor) * layout.context)) * layout.micro_batch;
    for (const std::string_view pass : {"forward", "backward"}) {
      const std::string name =
          (scan.kernel.empty() ? "a recurrence" : std::string(scan.kernel)) + " " + std::string(pass);
      const WkvTable* table = table_of(tables, scan, pass);
      if (table == nullptr) {
        remark(name + ": not measured at this head size; its time is of the parameters of recurrences");
        continue;
      }
      const WkvTime time = wkv_time(*table, heads, workload.sequence_length, table->accelerator);
      if (!time.beyond.empty()) remark(name + ": " + time.beyond + "; extrapolated");
    }
  }
  return remarks;
}

}  // namespace trainbudget
