#include "collectives/collectives.h"

#include "harness/session.h"

#include <algorithm>
#include <cmath>
#include <memory>

namespace trainbudget::microbench {
namespace {

constexpr double element_bytes = sizeof(float);
constexpr int most_repeats = 200;
// Neither divides into the slices of a transport.
constexpr std::size_t odd_chunks[] = {33, 65537};

/// Input `i` of `rank`: small whole numbers, whose sums are exact in any order.
float input_of(int rank, std::size_t i) {
  return static_cast<float>((static_cast<std::size_t>(rank) * 31 + i * 7) % 17 + 1);
}

/// Output `i` of `rank`, of `ranks`, where each has `chunk` elements of the whole.
float expected(Collective collective, int rank, int ranks, std::size_t chunk, std::size_t i) {
  const auto sum = [&](std::size_t at) {
    float total = 0.0F;
    for (int other = 0; other < ranks; ++other)
      total += input_of(other, at);
    return total;
  };
  const std::size_t mine = static_cast<std::size_t>(rank) * chunk;
  const int from = static_cast<int>(i / chunk);
  switch (collective) {
    case Collective::all_reduce:
      return sum(i);
    case Collective::reduce_scatter:
      return sum(mine + i);
    case Collective::all_gather:
      return input_of(from, i % chunk);
    case Collective::all_to_all:
      return input_of(from, mine + i % chunk);
    case Collective::send_receive:
      return input_of((rank + ranks - 1) % ranks, i);
  }
  return 0.0F;
}

/// A collective as something that is timed, the same on all ranks.
class AgreedTimer final : public Timer {
 public:
  AgreedTimer(Ranks& ranks, Transport& transport, Collective collective, std::size_t elements,
              double sample_seconds, const std::atomic<bool>& interrupted)
      : ranks_(ranks),
        transport_(transport),
        collective_(collective),
        elements_(elements),
        interrupted_(interrupted) {
    agree();
    // The first of a size connects and allocates.
    run(1);
    const double once = std::max(std::min(run(1), run(1)), 1e-7);
    times_ = static_cast<int>(std::clamp(sample_seconds / once, 1.0, static_cast<double>(most_repeats)));
  }

  double sample() override {
    const double seconds = run(times_) / times_;
    agree();
    return seconds;
  }
  /// Of rank 0, when the last sample ended.
  double now() override { return now_; }
  const std::atomic<bool>& interrupted() const { return stopped_; }

 private:
  double run(int times) {
    ranks_.largest(0.0);  // all are here
    return ranks_.largest(transport_.run(collective_, elements_, times));
  }
  void agree() {
    now_ = monotonic_seconds();
    ranks_.from_first(&now_, sizeof now_);
    stopped_ = ranks_.largest(interrupted_ ? 1.0 : 0.0) > 0.0;
  }

  Ranks& ranks_;
  Transport& transport_;
  Collective collective_;
  std::size_t elements_;
  const std::atomic<bool>& interrupted_;
  int times_ = 1;
  double now_ = 0.0;
  std::atomic<bool> stopped_{false};
};

/// Whether the collective does what it should on every rank.
bool is_right(Ranks& ranks, Transport& transport, Collective collective,
              trainbudget::Measurement& measurement) {
  for (const std::size_t chunk : odd_chunks) {
    const std::size_t elements = chunk * static_cast<std::size_t>(ranks.size());
    const std::string wrong = check_collective(ranks, transport, collective, elements);
    if (ranks.largest(wrong.empty() ? 0.0 : 1.0) == 0.0) continue;
    measurement.failures.push_back(
        std::string(name_of(collective)) + " over " + std::to_string(ranks.size()) +
        " ranks, not timed: " + (wrong.empty() ? "another rank has a wrong result" : wrong));
    return false;
  }
  return true;
}

}  // namespace

std::vector<std::size_t> message_elements(const CollectivePlan& plan, int ranks) {
  std::vector<std::size_t> sizes;
  const double step = element_bytes * ranks;
  // A little more than the largest, for what repeated multiplication leaves.
  for (double bytes = plan.least_bytes; bytes <= plan.most_bytes * (1.0 + 1e-9); bytes *= plan.growth) {
    const auto chunk = static_cast<std::size_t>(std::max(1.0, std::round(bytes / step)));
    const std::size_t elements = chunk * static_cast<std::size_t>(ranks);
    if (sizes.empty() || elements > sizes.back()) sizes.push_back(elements);
  }
  return sizes;
}

std::string check_collective(const Ranks& ranks, Transport& transport, Collective collective,
                             std::size_t elements) {
  const std::size_t chunk = elements / static_cast<std::size_t>(ranks.size());
  const bool gathers = collective == Collective::all_gather;
  const bool scatters = collective == Collective::reduce_scatter;
  transport.reserve(elements);
  std::vector<float> input(gathers ? chunk : elements);
  for (std::size_t i = 0; i < input.size(); ++i)
    input[i] = input_of(ranks.rank(), i);
  transport.write_input(input);
  transport.run(collective, elements, 1);
  const std::vector<float> output = transport.read_output(scatters ? chunk : elements);
  for (std::size_t i = 0; i < output.size(); ++i) {
    const float wanted = expected(collective, ranks.rank(), ranks.size(), chunk, i);
    if (output[i] == wanted) continue;
    return "element " + std::to_string(i) + " of " + std::to_string(output.size()) + " on rank " +
           std::to_string(ranks.rank()) + " is " + std::to_string(output[i]) + ", not " +
           std::to_string(wanted);
  }
  return {};
}

bool measure_collectives(Ranks& ranks, Transport& transport, const CollectivePlan& plan,
                         const std::atomic<bool>& interrupted, trainbudget::Measurement& measurement,
                         const std::function<void(std::size_t)>& done) {
  std::unique_ptr<Monitor> monitor;
  if (ReadingSource* source = transport.readings())
    monitor = std::make_unique<Monitor>(*source, plan.reading_seconds);
  const std::vector<std::size_t> sizes = message_elements(plan, ranks.size());
  if (!sizes.empty()) transport.reserve(sizes.back());
  std::size_t count = 0;
  for (const Collective collective : plan.collectives) {
    const bool right = is_right(ranks, transport, collective, measurement);
    for (const std::size_t elements : sizes) {
      done(count++);
      if (!right) continue;
      AgreedTimer timer(ranks, transport, collective, elements, plan.sample_seconds, interrupted);
      const double since = monotonic_seconds() - 2.0 * plan.reading_seconds;
      const Measurement measured = measure(timer, plan.warm_up, plan.stopping, timer.interrupted());
      if (!measured.samples.empty()) {
        measurement.collectives.push_back(
            {.collective = collective,
             .library = transport.library(),
             .ranks = ranks.size(),
             .ranks_per_node = ranks.per_node(),
             .bytes = static_cast<double>(elements) * element_bytes,
             .timing =
                 timing_of(measured, monitor ? monitor->readings_since(since) : std::vector<Reading>{})});
      }
      if (timer.interrupted()) return false;
    }
  }
  return true;
}

}  // namespace trainbudget::microbench
