#include "core/layout_search.h"

#include "core/memory.h"
#include "core/step_time.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <thread>
#include <tuple>
#include <utility>

namespace trainbudget {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

/// Sums of products are rounded; a bound is lowered by more than that.
constexpr double rounding = 1.0 - 1e-9;

auto sizes_of(const Layout& l) {
  return std::tuple(l.pipeline, l.tensor, l.context, l.expert, l.expert_tensor, l.chunks, l.micro_batch,
                    l.sharding, l.shard_group, l.offload_optimizer, l.recompute, l.recomputed_layers,
                    l.sequence_parallel, l.schedule);
}

bool faster(const LayoutCandidate& a, const LayoutCandidate& b) {
  if (a.step_seconds != b.step_seconds) return a.step_seconds < b.step_seconds;
  if (a.memory_bytes != b.memory_bytes) return a.memory_bytes < b.memory_bytes;
  return sizes_of(a.layout) < sizes_of(b.layout);
}

bool smaller(const LayoutCandidate& a, const LayoutCandidate& b) {
  if (a.memory_bytes != b.memory_bytes) return a.memory_bytes < b.memory_bytes;
  return faster(a, b);
}

/// The sums over a model's blocks that families with the same ranks and micro-batch have in common.
struct ModelSums {
  ModelSeconds seconds;
  ModelBytes bytes;
  double all_blocks = 0.0;  ///< seconds of the whole model's work on one micro-batch
};

struct Family {
  LayoutFamily family;
  std::size_t sums = 0;        ///< index
  double least_seconds = 0.0;  ///< no layout of the family is faster
};

/// What all threads read.
struct Problem {
  const Workload& workload;
  const Machine& machine;
  const Efficiency& efficiency;
  const LayoutSpace& space;
  double global_batch;
  SearchOptions options;
  std::vector<ModelSums> sums;
  std::vector<Family> families;  ///< the one with the lowest bound first

  bool prunes() const { return options.pruning == Pruning::bounds; }
};

auto ranks_of(const Layout& l) {
  return std::tuple(l.tensor, l.context, l.expert, l.expert_tensor, l.micro_batch, l.sequence_parallel);
}

ModelSums sums_of(const Problem& problem, const Layout& layout) {
  const Workload& workload = problem.workload;
  ModelSums sums{.seconds = model_seconds(workload, problem.machine, layout, problem.efficiency),
                 .bytes = model_bytes(workload, layout, problem.efficiency)};
  for (std::size_t kind = 0; kind < workload.kinds.size(); ++kind) {
    sums.all_blocks += sums.seconds.kinds[kind].work.total() * workload.count_before(kind, workload.layers);
  }
  sums.all_blocks += sums.seconds.embedding.work.total() + sums.seconds.head.work.total();
  return sums;
}

/// The slowest stage has at least an even part of all work, the bubble at least what the others have of it;
/// zero-bubble leaves a third of that, and nothing else takes less than no time.
double least_seconds(const LayoutFamily& family, double all_blocks) {
  const double slowest = all_blocks / family.layout.pipeline;
  const double bubble = (all_blocks - slowest) / family.most_chunks / 3.0;
  return (family.micro_batches * slowest + bubble) * rounding;
}

void prepare(Problem& problem) {
  std::vector<LayoutFamily> families = problem.space.families();
  std::stable_sort(families.begin(), families.end(), [](const LayoutFamily& a, const LayoutFamily& b) {
    return ranks_of(a.layout) < ranks_of(b.layout);
  });
  problem.families.reserve(families.size());
  for (std::size_t i = 0; i < families.size(); ++i) {
    const LayoutFamily& family = families[i];
    if (i == 0 || ranks_of(families[i - 1].layout) != ranks_of(family.layout))
      problem.sums.push_back(sums_of(problem, family.layout));
    problem.families.push_back(
        {family, problem.sums.size() - 1, least_seconds(family, problem.sums.back().all_blocks)});
  }
  std::stable_sort(problem.families.begin(), problem.families.end(),
                   [](const Family& a, const Family& b) { return a.least_seconds < b.least_seconds; });
}

/// What all threads have found so far.
class Cutoff {
 public:
  /// The time that a layout must not exceed to be among the best.
  double seconds() const { return seconds_.load(std::memory_order_relaxed); }
  /// Whether any layout fits: the nearest of those that do not is then of no interest.
  bool any_fits() const { return any_fits_.load(std::memory_order_relaxed); }
  void found() { any_fits_.store(true, std::memory_order_relaxed); }
  void lower(double seconds) {
    double now = this->seconds();
    while (seconds < now && !seconds_.compare_exchange_weak(now, seconds, std::memory_order_relaxed)) {
    }
  }

 private:
  std::atomic<double> seconds_{infinite};
  std::atomic<bool> any_fits_{false};
};

/// One thread's part of a search.
class alignas(128) Searcher {
 public:
  Searcher(const Problem& problem, Cutoff& cutoff) : problem_(problem), cutoff_(cutoff) {}

  void operator()(const Family& family) {
    const Layout& layout = family.family.layout;
    const std::vector<Layout> recomputations = problem_.space.recomputations(family.family);
    const std::vector<StateSharing> sharings = problem_.space.sharings(layout);
    const double transfer =
        stage_transfer(problem_.workload, problem_.machine, layout, problem_.sums[family.sums].seconds.part);
    for (int chunks = 1; chunks <= family.family.most_chunks; ++chunks) {
      gather_stages(family, chunks);
      exchanges_.clear();  // until one is needed
      for (Layout tried : recomputations) {
        tried.chunks = chunks;
        Pace pace(tried, problem_.efficiency);
        for (const StageWork& stage : work_)
          pace.add(stage);
        bool too_slow = problem_.prunes();
        for (const Schedule schedule : problem_.space.schedules(chunks, layout.pipeline)) {
          tried.schedule = schedule;
          if (problem_.prunes() && is_too_slow(tried, pace, transfer)) continue;
          too_slow = false;
          if (problem_.prunes() && is_too_large(tried, family.family.micro_batches)) continue;
          if (exchanges_.empty()) gather_exchanges(layout, sharings);
          evaluate(tried, pace, transfer, sharings, family.family.micro_batches);
        }
        if (too_slow && tried.recompute != Recompute::selective) break;  // what follows recomputes more
      }
    }
  }

  std::int64_t evaluated() const { return evaluated_; }
  const std::vector<LayoutCandidate>& best() const { return best_; }
  const LayoutCandidate& nearest() const { return nearest_; }

 private:
  void gather_stages(const Family& family, int chunks) {
    const ModelSums& sums = problem_.sums[family.sums];
    Layout layout = family.family.layout;
    layout.chunks = chunks;
    work_.clear();
    bytes_.clear();
    for_each_stage_run(problem_.workload, layout, [&](const StageRun& run, const LayerCounts& counts) {
      work_.push_back(stage_work(problem_.workload, sums.seconds, run, counts, layout.pipeline));
      bytes_.push_back(stage_bytes(problem_.workload, sums.bytes, run, counts, layout.pipeline));
    });
    ungathered_ = bytes_;
    for (StageBytes& stage : ungathered_) {
      for (std::array<double, 2>& largest : stage.working)
        largest[1] = largest[0];
    }
  }

  void gather_exchanges(Layout layout, const std::vector<StateSharing>& sharings) {
    for (const StateSharing& sharing : sharings) {
      share(layout, sharing);
      exchanges_.emplace_back(problem_.workload, problem_.machine, layout, problem_.efficiency);
      for (const StageBytes& stage : bytes_)
        exchanges_.back().add(stage);
    }
  }

  /// Whether `layout` is too slow however states are shared out.
  bool is_too_slow(Layout layout, const Pace& pace, double transfer) const {
    if (!cutoff_.any_fits()) return false;
    share(layout, {.sharding = Sharding::parameters, .offload_optimizer = true});
    const DataExchange free(problem_.workload, problem_.machine, layout, problem_.efficiency);
    const StepTime fastest =
        step_time(pace, free, transfer, problem_.machine, layout, problem_.global_batch, problem_.efficiency);
    return fastest.total() > cutoff_.seconds();
  }

  /// Whether `layout` is too large however states are shared out.
  bool is_too_large(Layout layout, double micro_batches) const {
    if (!cutoff_.any_fits()) return false;
    share(layout, {.sharding = Sharding::parameters, .offload_optimizer = true});
    MemoryPeak least(layout, micro_batches, problem_.efficiency);
    for (const StageBytes& stage : ungathered_)
      least.add(stage);
    return least.use().peak.total() > problem_.machine.memory_capacity;
  }

  static void share(Layout& layout, const StateSharing& sharing) {
    layout.sharding = sharing.sharding;
    layout.shard_group = sharing.shard_group;
    layout.offload_optimizer = sharing.offload_optimizer;
  }

  void evaluate(Layout& layout, const Pace& pace, double transfer, const std::vector<StateSharing>& sharings,
                double micro_batches) {
    for (std::size_t i = 0; i < sharings.size(); ++i) {
      share(layout, sharings[i]);
      ++evaluated_;
      LayoutCandidate candidate{.layout = layout};
      candidate.step_seconds = step_time(pace, exchanges_[i], transfer, problem_.machine, layout,
                                         problem_.global_batch, problem_.efficiency)
                                   .total();
      if (problem_.prunes() && candidate.step_seconds > cutoff_.seconds()) continue;
      MemoryPeak memory(layout, micro_batches, problem_.efficiency);
      for (const StageBytes& stage : bytes_)
        memory.add(stage);
      candidate.memory_bytes = memory.use().peak.total();
      if (candidate.memory_bytes <= problem_.machine.memory_capacity) {
        keep(candidate);
      } else if (nearest_.step_seconds == 0.0 || smaller(candidate, nearest_)) {
        nearest_ = candidate;
      }
    }
  }

  void keep(const LayoutCandidate& candidate) {
    if (best_.empty()) cutoff_.found();
    const auto place = std::upper_bound(best_.begin(), best_.end(), candidate, faster);
    if (best_.size() == problem_.options.kept && place == best_.end()) return;
    best_.insert(place, candidate);
    if (best_.size() > problem_.options.kept) best_.pop_back();
    if (best_.size() == problem_.options.kept) cutoff_.lower(best_.back().step_seconds);
  }

  const Problem& problem_;
  Cutoff& cutoff_;
  std::vector<StageWork> work_;
  std::vector<StageBytes> bytes_;
  std::vector<StageBytes> ungathered_;   ///< as if no layer's weights had to be gathered for its work
  std::vector<DataExchange> exchanges_;  ///< by sharing
  std::vector<LayoutCandidate> best_;
  LayoutCandidate nearest_;
  std::int64_t evaluated_ = 0;
};

LayoutSearch merged(const std::vector<Searcher>& searchers, const Problem& problem) {
  LayoutSearch result{.layouts = problem.space.size()};
  for (const Searcher& searcher : searchers) {
    result.evaluated += searcher.evaluated();
    result.best.insert(result.best.end(), searcher.best().begin(), searcher.best().end());
    const LayoutCandidate& nearest = searcher.nearest();
    if (nearest.step_seconds > 0.0 &&
        (result.nearest.step_seconds == 0.0 || smaller(nearest, result.nearest)))
      result.nearest = nearest;
  }
  std::sort(result.best.begin(), result.best.end(), faster);
  if (result.best.size() > problem.options.kept) result.best.resize(problem.options.kept);
  if (!result.best.empty()) result.nearest = {};
  return result;
}

}  // namespace

LayoutSearch search_layouts(const Workload& workload, const Machine& machine, const SearchSpace& asked,
                            const Efficiency& efficiency, const SearchOptions& options) {
  const LayoutSpace space(workload, machine, asked);
  Problem problem{workload, machine, efficiency, space, asked.global_batch, options, {}, {}};
  prepare(problem);
  Cutoff cutoff;
  if (problem.prunes() && options.slowest_seconds < infinite) {
    cutoff.found();
    cutoff.lower(options.slowest_seconds);
  }
  std::atomic<std::size_t> next{0};
  std::vector<Searcher> searchers(static_cast<std::size_t>(std::max(1, options.threads)),
                                  Searcher(problem, cutoff));
  const auto search = [&](Searcher& searcher) {
    for (std::size_t i = next++; i < problem.families.size(); i = next++) {
      const Family& family = problem.families[i];
      // All that follow are no faster.
      if (problem.prunes() && family.least_seconds > cutoff.seconds()) return;
      searcher(family);
    }
  };
  {
    std::vector<std::jthread> workers;
    for (std::size_t i = 1; i < searchers.size(); ++i)
      workers.emplace_back(search, std::ref(searchers[i]));
    search(searchers.front());
  }
  return merged(searchers, problem);
}

}  // namespace trainbudget
