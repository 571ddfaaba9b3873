// What the table of a measurement says of rates and clocks.
#include "render/measurement_report.h"

#include "catch.h"
#include "io/accelerator_file.h"

#include <algorithm>

using namespace trainbudget;

namespace {

Accelerator h100() {
  return io::find_accelerator(io::ProfileFolder(TRAINBUDGET_SOURCE_DIR "/hardware_profiles"), "h100-sxm-80gb",
                              {});
}

Measurement one_product(double sm_clock) {
  Measurement m{.machine = "gpu"};
  m.device.highest_sm_clock = 1.98e9;
  MeasuredGemm gemm{.name = "square", .precision = Precision::bf16, .mode = "repeated", .flops = 989.4e12};
  // Half of the peak.
  gemm.timing.samples = {2.0, 2.0, 2.0};
  gemm.timing.environment = {.readings = 1, .lowest_sm_clock = sm_clock, .mean_sm_clock = sm_clock};
  m.gemms.push_back(gemm);
  return m;
}

double cell(const render::Table& table, std::string_view column) {
  const auto found = std::find_if(table.columns.begin(), table.columns.end(),
                                  [&](const auto& c) { return c.key == column; });
  REQUIRE(found != table.columns.end());
  const auto index = static_cast<std::size_t>(found - table.columns.begin());
  const double* number = std::get_if<double>(&table.rows.at(0).at(index).value);
  return number == nullptr ? -1.0 : *number;
}

}  // namespace

TEST_CASE("the share of a peak at the clock seen is against the clock that the peak is counted at") {
  const Accelerator gpu = h100();
  // 1,830 MHz, not the 1,980 that the driver names.
  CHECK(cell(render::measurement_table(one_product(1.83e9), &gpu), "fraction_at_clock") == Approx(0.5));
  CHECK(cell(render::measurement_table(one_product(1.22e9), &gpu), "fraction_at_clock") == Approx(0.75));
  CHECK(cell(render::measurement_table(one_product(1.22e9), &gpu), "fraction_of_datasheet") == Approx(0.5));
}

TEST_CASE("where the clock of a peak is not known, nothing is said of it") {
  Accelerator gpu = h100();
  gpu.peak_clock.reset();
  CHECK(cell(render::measurement_table(one_product(1.83e9), &gpu), "fraction_at_clock") == -1.0);
  gpu = h100();
  CHECK(cell(render::measurement_table(one_product(0.0), &gpu), "fraction_at_clock") == -1.0);
  CHECK(cell(render::measurement_table(one_product(1.83e9), nullptr), "fraction_at_clock") == -1.0);
}
