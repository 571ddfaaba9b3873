#include "render/hardware_table.h"

#include "render/estimate_report.h"
#include "render/number_text.h"

#include <cmath>
#include <iterator>

#include <fmt/format.h>

namespace trainbudget::render {
namespace {

Cell number(double value, Unit unit) {
  return Cell::of(number_text(value, unit), value);
}

Cell peak_cell(const Accelerator& gpu, Precision precision) {
  const Sourced<FlopsPerSecond>* peak = find_peak(gpu.peak, precision);
  return peak == nullptr ? Cell::unknown() : number(peak->value.value, Unit::flops_per_second);
}

/// Rows of "what, value, source".
class Details {
 public:
  void text(const std::string& what, const std::string& value) {
    if (!value.empty()) table_.rows.push_back({Cell::of(what), Cell::of(value), Cell::of(""), Cell::of("")});
  }
  /// Prose, which would widen the column of values.
  void remark(const std::string& what, const std::string& prose) {
    table_.rows.push_back({Cell::of(what), Cell::of(""), Cell::of(""), Cell::of(prose)});
  }
  template <class Q>
  void add(const std::string& what, const Sourced<Q>& sourced, Unit unit) {
    double value = 0.0;
    if constexpr (std::is_same_v<Q, double>) {
      value = sourced.value;
    } else {
      value = sourced.value.value;
    }
    table_.rows.push_back({Cell::of(what), number(value, unit), Cell::of(unit_word(unit)),
                           Cell::of(provenance_text(sourced.provenance))});
  }
  template <class Q>
  void add(const std::string& what, const std::optional<Sourced<Q>>& sourced, Unit unit) {
    if (sourced) add(what, *sourced, unit);
  }
  Table take() { return std::move(table_); }

 private:
  Table table_{
      .columns = {
          {"what", "What"}, {"value", "Value"}, {"unit", "Unit"}, {"source", "Source", false, false, true}}};
};

void add_peaks(Details& details, const PeakTable& peaks, const std::string& title) {
  for (const Precision precision : all_precisions) {
    if (const Sourced<FlopsPerSecond>* peak = find_peak(peaks, precision)) {
      details.add(title + " " + std::string(name_of(precision)), *peak, Unit::flops_per_second);
    }
  }
}

std::string day_text(Date date) {
  const auto two = [](int value) { return (value < 10 ? "0" : "") + std::to_string(value); };
  return std::to_string(date.year) + "-" + two(date.month) + "-" + two(date.day);
}

/// "2026-08-21", the month alone where no day is known, or both ends of a range.
std::string date_text(const PriceDate& date) {
  if (date.first == date.last) return day_text(date.first);
  const bool one_month = date.first.year == date.last.year && date.first.month == date.last.month;
  return one_month ? day_text(date.first).substr(0, 7) : day_text(date.first) + ".." + day_text(date.last);
}

}  // namespace

Table accelerator_list(std::span<const Accelerator> accelerators) {
  Table table{.columns = {{"name", "Name"},
                          {"year", "Year", true},
                          {"peak_bf16_flops_per_second", "bf16", true},
                          {"peak_fp16_flops_per_second", "fp16", true},
                          {"peak_fp8_flops_per_second", "fp8", true},
                          {"memory_bytes", "Memory", true},
                          {"memory_bytes_per_second", "Bandwidth", true},
                          {"link_bytes_per_second", "Link", true},
                          {"tdp_watts", "TDP", true},
                          {"status", "Status", false, true}}};
  for (const Accelerator& gpu : accelerators) {
    table.rows.push_back(
        {Cell::of(gpu.name), Cell::of(std::to_string(gpu.year), gpu.year), peak_cell(gpu, Precision::bf16),
         peak_cell(gpu, Precision::fp16), peak_cell(gpu, Precision::fp8),
         number(gpu.memory_capacity.value.value, Unit::bytes),
         number(gpu.memory_bandwidth.value.value, Unit::bytes_per_second),
         number(gpu.scale_up.bandwidth.value.value, Unit::bytes_per_second),
         gpu.tdp ? number(gpu.tdp->value.value, Unit::watts) : Cell::unknown(), Cell::of(gpu.status)});
  }
  return table;
}

Table cluster_list(std::span<const Cluster> clusters) {
  Table table{.columns = {{"name", "Name"},
                          {"accelerator", "Accelerator"},
                          {"accelerators_per_node", "Per node", true},
                          {"inner_bytes_per_second", "Inner link", true},
                          {"outer_bytes_per_second", "Outer link", true},
                          {"provider", "Provider"}}};
  for (const Cluster& cluster : clusters) {
    table.rows.push_back({Cell::of(cluster.name), Cell::of(cluster.accelerator),
                          number(cluster.accelerators_per_node.value, Unit::count),
                          number(cluster.tiers.front().bandwidth.value.value, Unit::bytes_per_second),
                          number(cluster.tiers.back().bandwidth.value.value, Unit::bytes_per_second),
                          Cell::of(cluster.provider)});
  }
  return table;
}

Table accelerator_details(const Accelerator& gpu) {
  Details details;
  details.text("name", gpu.name);
  details.text("title", gpu.title);
  details.text("status", gpu.status + ", " + std::to_string(gpu.year));
  add_peaks(details, gpu.peak, "dense peak");
  add_peaks(details, gpu.sparse_peak, "sparse peak (never used)");
  details.add("clock of the dense peak", gpu.peak_clock, Unit::hertz);
  details.add("devices to software", gpu.devices, Unit::count);
  details.text("memory type", gpu.memory_type);
  details.add("memory", gpu.memory_capacity, Unit::bytes);
  if (gpu.memory_offered) details.add("memory offered", *gpu.memory_offered, Unit::bytes);
  details.add("memory bandwidth", gpu.memory_bandwidth, Unit::bytes_per_second);
  details.add(gpu.scale_up.name + ", per direction", gpu.scale_up.bandwidth, Unit::bytes_per_second);
  details.add("scale-up domain", gpu.scale_up.domain, Unit::count);
  details.add("accelerators per node", gpu.accelerators_per_node, Unit::count);
  details.add("network, per direction", gpu.scale_out_bandwidth, Unit::bytes_per_second);
  details.add("TDP", gpu.tdp, Unit::watts);
  details.add("average power", gpu.average_power, Unit::watts);
  details.add("list price", gpu.list_price, Unit::usd);
  for (const DeclaredException& exception : gpu.exceptions)
    details.remark("exception", exception.rule + ": " + exception.note);
  for (const std::string& note : gpu.notes)
    details.remark("note", note);
  return details.take();
}

Table cluster_details(const Cluster& cluster) {
  Details details;
  details.text("name", cluster.name);
  details.text("title", cluster.title);
  details.text("accelerator", cluster.accelerator);
  details.text("provider", cluster.provider);
  details.text("instance", cluster.instance);
  details.add("accelerators per node", cluster.accelerators_per_node, Unit::count);
  for (const Tier& tier : cluster.tiers) {
    details.add(tier.name + " group", tier.group_size, Unit::count);
    details.add(tier.name + ", per direction", tier.bandwidth, Unit::bytes_per_second);
    details.add(tier.name + " latency", tier.latency, Unit::seconds);
  }
  details.add("overhead power of a node", cluster.overhead_power, Unit::watts);
  details.add("rated power of a node", cluster.rated_power, Unit::watts);
  for (const std::string& note : cluster.notes)
    details.remark("note", note);
  return details.take();
}

Table offer_list(std::span<const Offer* const> offers, Date as_of) {
  Table table{.columns = {{"accelerator", "Accelerator"},
                          {"provider", "Provider"},
                          {"pricing", "Pricing"},
                          {"usd_per_gpu_hour", "Price", true},
                          {"instance", "Instance", false, true},
                          {"region", "Region", false, true},
                          {"as_of", "As of"},
                          {"date_precision", "Date is"},
                          {"age_days", "Age", true},
                          {"quality", "Quality"},
                          {"source", "Source", false, true}}};
  for (const Offer* offer : offers) {
    // As the list prints it: the conversion to seconds and back must not show.
    const double price = std::round(offer->price.value * seconds_per_hour * 1e6) / 1e6;
    const int age = age_in_days(*offer, as_of);
    table.rows.push_back(
        {Cell::of(offer->accelerator), Cell::of(offer->provider),
         Cell::of(std::string(name_of(offer->pricing))), number(price, Unit::usd_per_gpu_hour),
         Cell::of(offer->instance), Cell::of(offer->region), Cell::of(date_text(offer->as_of)),
         Cell::of(std::string(name_of(offer->date_precision))), Cell::of(std::to_string(age) + " d", age),
         Cell::of(std::string(name_of(offer->quality))), Cell::of(offer->source)});
  }
  return table;
}

std::string price_list_csv(std::span<const Offer> offers) {
  std::string text =
      "accelerator,provider,pricing,usd_per_gpu_hour,instance,gpus_per_instance,region,as_of,date_precision,"
      "quality,source,note\n";
  for (const Offer& offer : offers) {
    const double price = std::round(offer.price.value * seconds_per_hour * 1e9) / 1e9;
    const std::string gpus = offer.gpus_per_instance > 0 ? std::to_string(offer.gpus_per_instance) : "";
    const std::string fields[] = {offer.accelerator,
                                  offer.provider,
                                  std::string(name_of(offer.pricing)),
                                  fmt::format("{:.10g}", price),
                                  offer.instance,
                                  gpus,
                                  offer.region,
                                  date_text(offer.as_of),
                                  std::string(name_of(offer.date_precision)),
                                  std::string(name_of(offer.quality)),
                                  offer.source,
                                  offer.note};
    for (const std::string& field : fields)
      text += csv_field(field) + (&field == std::end(fields) - 1 ? "\n" : ",");
  }
  return text;
}

}  // namespace trainbudget::render
