// Collectives with a transport that computes what they should give and takes the time that it is told to.
#include "collectives/collectives.h"

#include "catch.h"

#include <cstring>
#include <limits>

using namespace trainbudget;
using namespace trainbudget::microbench;

namespace {

/// One of several ranks, the others of which do as this one does.
class OneRank final : public Ranks {
 public:
  OneRank(int rank, int size) : rank_(rank), size_(size) {}
  int rank() const override { return rank_; }
  int size() const override { return size_; }
  int per_node() const override { return size_; }
  double largest(double mine) override { return std::max(mine, elsewhere); }
  void from_first(void*, std::size_t) override {}
  std::unique_ptr<Ranks> on_this_node() override { return std::make_unique<OneRank>(rank_, size_); }

  double elsewhere = 0.0;  ///< what the slowest other rank says

 private:
  int rank_, size_;
};

/// Knows the inputs of all ranks, since they follow a rule, and writes what each collective should give,
/// worked out from its definition once more: sender by sender.
class PerfectTransport final : public Transport {
 public:
  PerfectTransport(int rank, int ranks) : rank_(rank), ranks_(ranks) {}

  std::string library() const override { return "none"; }
  void reserve(std::size_t elements) override { output_.resize(std::max(output_.size(), elements)); }
  void write_input(const std::vector<float>& values) override {
    input_ = values;
    output_.assign(output_.size(), std::numeric_limits<float>::quiet_NaN());
  }
  std::vector<float> read_output(std::size_t elements) override {
    return {output_.begin(), output_.begin() + static_cast<std::ptrdiff_t>(elements)};
  }
  double run(Collective collective, std::size_t elements, int times) override {
    runs += times;
    const auto ranks = static_cast<std::size_t>(ranks_), mine = static_cast<std::size_t>(rank_);
    const std::size_t chunk = elements / ranks;
    if (!input_.empty() && collective != broken) {
      const bool sums = collective == Collective::all_reduce || collective == Collective::reduce_scatter;
      const std::size_t outputs = collective == Collective::reduce_scatter ? chunk : elements;
      if (sums) std::fill(output_.begin(), output_.begin() + static_cast<std::ptrdiff_t>(outputs), 0.0F);
      for (std::size_t from = 0; from < ranks; ++from) {
        for (std::size_t i = 0; i < (sums ? outputs : chunk); ++i) {
          if (collective == Collective::all_reduce) output_[i] += sent(from, i);
          if (collective == Collective::reduce_scatter) output_[i] += sent(from, mine * chunk + i);
          if (collective == Collective::all_gather) output_[from * chunk + i] = sent(from, i);
          if (collective == Collective::all_to_all) output_[from * chunk + i] = sent(from, mine * chunk + i);
        }
        for (std::size_t i = 0; collective == Collective::send_receive && i < elements; ++i) {
          if ((from + 1) % ranks == mine) output_[i] = sent(from, i);
        }
      }
    }
    return times * (5e-6 + static_cast<double>(elements) * 4.0 / 1e9);
  }

  int runs = 0;
  std::optional<Collective> broken;

 private:
  static float sent(std::size_t rank, std::size_t i) {
    return static_cast<float>((rank * 31 + i * 7) % 17 + 1);
  }

  int rank_, ranks_;
  std::vector<float> input_, output_;
};

CollectivePlan short_plan() {
  return {.least_bytes = 4096,
          .most_bytes = 65536,
          .collectives = {Collective::all_reduce, Collective::reduce_scatter, Collective::all_gather,
                          Collective::all_to_all, Collective::send_receive},
          .warm_up = {.least_seconds = 0.0, .most_seconds = 0.01, .window = 2},
          .stopping = {.least_samples = 4, .least_seconds = 0.0, .most_seconds = 0.1}};
}

constexpr auto nothing = [](std::size_t) {};

}  // namespace

TEST_CASE("message sizes grow and are whole for every rank") {
  const CollectivePlan plan{.least_bytes = 1000, .most_bytes = 64000, .growth = 4.0};
  CHECK(message_elements(plan, 2) == std::vector<std::size_t>{250, 1000, 4000, 16000});
  for (const std::size_t elements : message_elements(plan, 3))
    CHECK(elements % 3 == 0);
  // What rounds to the same message is one.
  CHECK(message_elements({.least_bytes = 1, .most_bytes = 64, .growth = 2.0}, 8) ==
        std::vector<std::size_t>{8, 16});
}

TEST_CASE("every collective is checked on every rank, and a wrong one is found") {
  for (const int size : {2, 3, 8}) {
    for (int rank = 0; rank < size; ++rank) {
      const OneRank ranks(rank, size);
      for (std::size_t i = 0; i < collective_words.size(); ++i) {
        const auto collective = static_cast<Collective>(i);
        PerfectTransport transport(rank, size);
        CHECK(check_collective(ranks, transport, collective, 33 * static_cast<std::size_t>(size)).empty());
        transport.broken = collective;
        CHECK_THAT(check_collective(ranks, transport, collective, 33 * static_cast<std::size_t>(size)),
                   ContainsSubstring("element 0") && ContainsSubstring("nan"));
      }
    }
  }
}

TEST_CASE("a sample is the time of one collective on the slowest rank") {
  OneRank ranks(0, 4);
  PerfectTransport transport(0, 4);
  const std::atomic<bool> interrupted{false};
  trainbudget::Measurement measurement;
  CHECK(measure_collectives(ranks, transport, short_plan(), interrupted, measurement, nothing));
  CHECK(measurement.failures.empty());
  REQUIRE(measurement.collectives.size() == 5 * 3);
  for (const MeasuredCollective& each : measurement.collectives) {
    CHECK(each.ranks == 4);
    CHECK(each.library == "none");
    CHECK(each.timing.stop == "precise");
    CHECK(summary_of(each.timing).median == Approx(5e-6 + each.bytes / 1e9));
  }
  CHECK(measurement.collectives.front().bytes == 4096.0);
  CHECK(measurement.collectives[2].bytes == 65536.0);
}

TEST_CASE("what gives a wrong result is not timed") {
  OneRank ranks(1, 2);
  PerfectTransport transport(1, 2);
  transport.broken = Collective::all_gather;
  const std::atomic<bool> interrupted{false};
  trainbudget::Measurement measurement;
  CHECK(measure_collectives(ranks, transport, short_plan(), interrupted, measurement, nothing));
  CHECK(measurement.collectives.size() == 4 * 3);
  REQUIRE(measurement.failures.size() == 1);
  CHECK_THAT(measurement.failures[0], ContainsSubstring("all_gather over 2 ranks, not timed"));
}

TEST_CASE("when any rank is interrupted all stop") {
  OneRank ranks(0, 2);
  PerfectTransport transport(0, 2);
  CollectivePlan plan = short_plan();
  plan.stopping = {.least_samples = 1000000, .most_seconds = 600.0};
  plan.warm_up.most_seconds = 600.0;
  const std::atomic<bool> interrupted{true};
  trainbudget::Measurement measurement;
  CHECK_FALSE(measure_collectives(ranks, transport, plan, interrupted, measurement, nothing));
  CHECK(measurement.collectives.empty());
}
