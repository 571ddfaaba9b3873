// Every accelerator file loads, names a source for every number, and its numbers survive being written and
// read.
#include "catch.h"
#include "io/profile_names.h"
#include "io/quantity_text.h"
#include "io/scenario_file.h"
#include "io/yaml_node.h"
#include "profiles.h"

#include <set>

using namespace trainbudget;

namespace {

void collect_from(const io::YamlNode& node, std::set<std::string>& used) {
  for (const io::YamlNode::Entry& entry : node.entries) {
    if (entry.key == "from") used.insert(entry.value.text);
    collect_from(entry.value, used);
  }
  for (const io::YamlNode& item : node.items)
    collect_from(item, used);
}

std::set<std::string> keys_of_sources(const io::YamlNode& root) {
  std::set<std::string> keys;
  for (const io::YamlNode::Entry& entry : root.entries) {
    if (entry.key != "sources") continue;
    for (const io::YamlNode::Entry& source : entry.value.entries)
      keys.insert(source.key);
  }
  return keys;
}

/// Seventeen significant digits hold every double.
template <class Q>
void check_round_trip(const std::string& what, const Sourced<Q>& number) {
  INFO(what);
  CHECK_FALSE(number.provenance.source.empty());
  double value = 0.0;
  if constexpr (std::is_same_v<Q, double>) {
    value = number.value;
  } else {
    value = number.value.value;
  }
  const std::string text = io::format_quantity(value, io::kind_of<Q>(), 17);
  INFO(text);
  CHECK(io::parse_quantity(text, io::kind_of<Q>(), {}) == Approx(value).epsilon(1e-15));
}

}  // namespace

TEST_CASE("there are 66 accelerators, each in a file of its name") {
  const auto names = profiles::folder().names("accelerators");
  CHECK(names.size() == 66);
  for (const Accelerator& gpu : profiles::all_accelerators()) {
    INFO(gpu.name);
    CHECK(gpu.name == io::lower_case(gpu.name));
    CHECK(gpu.title.starts_with(gpu.vendor));
  }
}

TEST_CASE("the status of an accelerator is one of a few words") {
  const std::set<std::string> known = {"available", "end_of_life", "announced", "china_only", "rare"};
  for (const Accelerator& gpu : profiles::all_accelerators()) {
    INFO(gpu.name << " " << gpu.status);
    CHECK(known.contains(gpu.status));
  }
}

TEST_CASE("every number of an accelerator has a source and reads back as it is written") {
  for (const Accelerator& gpu : profiles::all_accelerators()) {
    INFO(gpu.name);
    for (const PeakTable* table : {&gpu.peak, &gpu.sparse_peak}) {
      for (const Precision precision : all_precisions) {
        if (const auto* peak = find_peak(*table, precision)) check_round_trip("peak", *peak);
      }
    }
    check_round_trip("memory capacity", gpu.memory_capacity);
    if (gpu.memory_offered) check_round_trip("memory offered", *gpu.memory_offered);
    check_round_trip("memory bandwidth", gpu.memory_bandwidth);
    check_round_trip("link", gpu.scale_up.bandwidth);
    check_round_trip("domain", gpu.scale_up.domain);
    if (gpu.scale_out_bandwidth) check_round_trip("network", *gpu.scale_out_bandwidth);
    if (gpu.tdp) check_round_trip("TDP", *gpu.tdp);
    if (gpu.average_power) check_round_trip("average power", *gpu.average_power);
    if (gpu.list_price) check_round_trip("list price", *gpu.list_price);
  }
}

TEST_CASE("no profile lists a source that no number uses") {
  for (const char* kind : {"accelerators", "clusters"}) {
    for (const std::string& name : profiles::folder().names(kind)) {
      const io::YamlNode root =
          io::read_yaml_file(profiles::folder().path(std::string(kind) + "/" + name + ".yaml"));
      std::set<std::string> used;
      collect_from(root, used);
      INFO(kind << "/" << name);
      CHECK(used == keys_of_sources(root));
    }
  }
}

TEST_CASE("what a driver offers is near what the vendor prints, and a step may hold it") {
  int offered = 0;
  for (const Accelerator& gpu : profiles::all_accelerators()) {
    INFO(gpu.name);
    if (!gpu.memory_offered) {
      CHECK(memory_of(gpu).value.value == gpu.memory_capacity.value.value);
      continue;
    }
    ++offered;
    CHECK(memory_of(gpu).value.value == gpu.memory_offered->value.value);
    // "80 GB" are 80 GiB on some chips and less on others; nothing offers a tenth more than 2³⁰ for 10⁹.
    CHECK(gpu.memory_offered->value.value >= 0.95 * gpu.memory_capacity.value.value);
    CHECK(gpu.memory_offered->value.value <= 1.0738 * gpu.memory_capacity.value.value);
    CHECK_FALSE(gpu.memory_offered->provenance.source.empty());
  }
  CHECK(offered == 9);
  const Scenario scenario = io::read_scenario(
      io::parse_yaml("model: llama-3-8b\ntokens: 1T\ngpu: h100-sxm-80gb\ngpus: 8\nglobal_batch: 512\n",
                     "s.yaml"),
      profiles::folder());
  REQUIRE(scenario.step);
  CHECK(scenario.step->machine.memory_capacity == Approx(79.10 * 1073741824.0));
}

TEST_CASE("the A100 of the worked example has the numbers of its datasheet") {
  const Accelerator a100 = io::find_accelerator(profiles::folder(), "a100-sxm-80gb", {});
  CHECK(find_peak(a100.peak, Precision::bf16)->value == FlopsPerSecond(312e12));
  CHECK(find_peak(a100.peak, Precision::bf16)->provenance.origin == Origin::datasheet);
  CHECK(find_peak(a100.peak, Precision::fp8) == nullptr);
  CHECK(find_peak(a100.sparse_peak, Precision::bf16)->value == FlopsPerSecond(624e12));
  CHECK(a100.memory_capacity.value == Bytes(80e9));
  CHECK(a100.memory_bandwidth.value == BytesPerSecond(2039e9));
  CHECK(a100.scale_up.bandwidth.value == BytesPerSecond(300e9));
  CHECK(a100.scale_out_bandwidth->value == BytesPerSecond(25e9));
  CHECK(a100.tdp->value == Watts(400));
  CHECK(a100.tdp->provenance.note == "disputed: 500 W, CTS variant");
}

TEST_CASE("numbers without a document are marked assumed, disputed ones carry the other value") {
  const Accelerator b300 = io::find_accelerator(profiles::folder(), "b300-sxm-288gb", {});
  const auto* int8 = find_peak(b300.peak, Precision::int8);
  CHECK(int8->provenance.origin == Origin::assumed);
  CHECK(int8->value == FlopsPerSecond(250e12));
  int other_values = 0;
  for (const Dispute& dispute : b300.disputes) {
    if (dispute.field == "peak.fp4") ++other_values;
    CHECK_FALSE(dispute.other.empty());
    CHECK_FALSE(dispute.note.empty());
  }
  CHECK(other_values == 2);
}

TEST_CASE("a TPU that publishes its measured mean power has it apart from the TDP") {
  const Accelerator v3 = io::find_accelerator(profiles::folder(), "tpu-v3", {});
  CHECK(v3.average_power->value == Watts(220));
  CHECK(v3.average_power->provenance.origin == Origin::measured);
  CHECK(v3.tdp->value == Watts(450));
  CHECK(v3.tdp->provenance.origin == Origin::assumed);
  CHECK_FALSE(io::find_accelerator(profiles::folder(), "tpu-v4", {}).tdp);
}
