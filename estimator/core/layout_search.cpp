#include "core/layout_search.h"

#include "core/memory.h"
#include "core/quantity.h"
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

/// Sums of products are rounded; a bound is lowered by more than that.
constexpr double rounding = 1.0 - 1e-9;

auto sizes_of(const Layout& l) {
  return std::tuple(l.pipeline, l.tensor, l.context, l.expert, l.expert_tensor, l.expert_overlap, l.chunks,
                    l.micro_batch, l.sharding, l.shard_group, l.offload_optimizer, l.recompute,
                    l.recomputed_pieces, l.recomputed_layers, l.sequence_parallel, l.schedule);
}

bool faster(const LayoutCandidate& a, const LayoutCandidate& b) {
  if (a.batch_seconds != b.batch_seconds) return a.batch_seconds < b.batch_seconds;
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
  double global_batch;  ///< that was asked for
  double memory_limit;  ///< bytes of an accelerator
  SearchOptions options;
  std::vector<ModelSums> sums;
  std::vector<Family> families;  ///< the one with the lowest bound first

  bool prunes() const { return options.pruning == Pruning::bounds; }
  /// Steps of `family` that a batch as asked for takes; 1 to the last bit where they are as large.
  double steps(const LayoutFamily& family) const { return global_batch / family.global_batch; }
};

auto ranks_of(const Layout& l) {
  return std::tuple(l.tensor, l.context, l.expert, l.expert_tensor, l.micro_batch, l.sequence_parallel,
                    l.recomputed_pieces);
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
double least_seconds(const LayoutFamily& family, int chunks, bool zero_bubble, double all_blocks) {
  const double slowest = all_blocks / family.layout.pipeline;
  const double bubble = (all_blocks - slowest) / chunks / (zero_bubble ? 3.0 : 1.0);
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
    problem.families.push_back({family, problem.sums.size() - 1,
                                problem.steps(family) * least_seconds(family, family.most_chunks, true,
                                                                      problem.sums.back().all_blocks)});
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
  Searcher(const Problem& problem, Cutoff& cutoff)
      : problem_(problem),
        cutoff_(cutoff),
        free_(problem.workload, problem.machine, Layout{}, problem.efficiency) {}

  void operator()(const Family& family) {
    const Layout& layout = family.family.layout;
    recomputations_ = problem_.space.recomputations(family.family);
    sharings_ = problem_.space.sharings(layout);
    transfer_ =
        stage_transfer(problem_.workload, problem_.machine, layout, problem_.sums[family.sums].seconds.part);
    for (int chunks = 1; chunks <= family.family.most_chunks; ++chunks)
      search_chunks(family, chunks);
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

  void gather_exchanges(Layout layout) {
    for (const StateSharing& sharing : sharings_) {
      share(layout, sharing);
      exchanges_.emplace_back(problem_.workload, problem_.machine, layout, problem_.efficiency);
      for (const StageBytes& stage : bytes_)
        exchanges_.back().add(stage);
    }
  }

  void search_chunks(const Family& family, int chunks) {
    if (problem_.prunes() && cutoff_.any_fits() && least_with(family, chunks) > cutoff_.seconds()) return;
    gather_stages(family, chunks);
    exchanges_.clear();  // made when the first layout needs them
    for (Layout tried : recomputations_) {
      tried.chunks = chunks;
      Pace pace(tried, problem_.efficiency);
      for (const StageWork& stage : work_)
        pace.add(stage);
      bool too_slow = problem_.prunes();
      for (const Schedule schedule : problem_.space.schedules(chunks, tried.pipeline)) {
        tried.schedule = schedule;
        const Hope hope = problem_.prunes() ? hope_of(family.family, tried, pace) : Hope::some;
        too_slow = too_slow && hope == Hope::too_slow;
        if (hope != Hope::some) continue;
        if (exchanges_.empty()) gather_exchanges(tried);
        evaluate(family.family, tried, pace);
      }
      // What recomputes more takes longer; whole layers may be fewer than all attention cores, though.
      if (too_slow && tried.recompute != Recompute::selective) return;
    }
  }

  /// Of a family's layouts with so many chunks, none is faster.
  double least_with(const Family& family, int chunks) const {
    const LayoutFamily& f = family.family;
    const bool zero_bubble = problem_.space.schedules(chunks, f.layout.pipeline).size() > 1;
    const double least =
        least_seconds(f, chunks, zero_bubble, problem_.sums[family.sums].all_blocks) +
        rounding * pipeline_seconds(f.layout, chunks, f.micro_batches, transfer_, problem_.efficiency);
    return problem_.steps(f) * least;
  }

  enum class Hope : std::uint8_t { some, too_large, too_slow };

  /// Whether every way to share out states makes `layout` too slow or too large.
  Hope hope_of(const LayoutFamily& family, Layout layout, const Pace& pace) {
    unshared_ = 0.0;
    if (!cutoff_.any_fits()) return Hope::some;
    share(layout, {.sharding = Sharding::parameters, .offload_optimizer = true});
    const StepTime fastest =
        step_time(pace, free_, transfer_, problem_.machine, layout, family.global_batch, problem_.efficiency);
    unshared_ = rounding * fastest.total();
    if (problem_.steps(family) * unshared_ > cutoff_.seconds()) return Hope::too_slow;
    MemoryPeak least(layout, family.micro_batches, problem_.efficiency);
    for (const StageBytes& stage : ungathered_)
      least.add(stage);
    return least.use().peak.total() > problem_.memory_limit ? Hope::too_large : Hope::some;
  }

  static void share(Layout& layout, const StateSharing& sharing) {
    layout.sharding = sharing.sharding;
    layout.shard_group = sharing.shard_group;
    layout.offload_optimizer = sharing.offload_optimizer;
  }

  void evaluate(const LayoutFamily& family, Layout layout, const Pace& pace) {
    for (std::size_t i = 0; i < sharings_.size(); ++i) {
      const DataExchange& exchange = exchanges_[i];
      // Stragglers would make it slower still.
      const double least =
          unshared_ + rounding * (exchange.seen(family.micro_batches, pace.slowest()) + exchange.optimizer());
      if (problem_.prunes() && problem_.steps(family) * least > cutoff_.seconds()) continue;
      share(layout, sharings_[i]);
      ++evaluated_;
      LayoutCandidate candidate{.layout = layout, .global_batch = family.global_batch};
      candidate.step_seconds = step_time(pace, exchange, transfer_, problem_.machine, layout,
                                         family.global_batch, problem_.efficiency)
                                   .total();
      candidate.batch_seconds = problem_.steps(family) * candidate.step_seconds;
      if (problem_.prunes() && candidate.batch_seconds > cutoff_.seconds()) continue;
      MemoryPeak memory(layout, family.micro_batches, problem_.efficiency);
      for (const StageBytes& stage : bytes_)
        memory.add(stage);
      candidate.memory_bytes = memory.use().peak.total();
      if (candidate.memory_bytes <= problem_.memory_limit) {
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
    if (best_.size() == problem_.options.kept) cutoff_.lower(best_.back().batch_seconds);
  }

  const Problem& problem_;
  Cutoff& cutoff_;
  const DataExchange free_;  ///< of nothing: it takes no time
  // Of the family in work.
  std::vector<Layout> recomputations_;
  std::vector<StateSharing> sharings_;
  double transfer_ = 0.0;
  double unshared_ = 0.0;  ///< no time that the layout in work takes is less, whatever is shared out
  // Of the number of chunks in work.
  std::vector<StageWork> work_;
  std::vector<StageBytes> bytes_;
  std::vector<StageBytes> ungathered_;   ///< as if no layer's weights had to be gathered for its work
  std::vector<DataExchange> exchanges_;  ///< by sharing
  std::vector<LayoutCandidate> best_;
  LayoutCandidate nearest_;
  std::int64_t evaluated_ = 0;
};

LayoutSearch found_by(const Searcher& searcher, std::int64_t layouts) {
  return {.best = searcher.best(),
          .nearest = searcher.nearest(),
          .layouts = layouts,
          .evaluated = searcher.evaluated()};
}

/// Families as they are dealt: to the threads of this process, or to several processes.
class Deal {
 public:
  Deal(const Problem& problem, Cutoff& cutoff) : problem_(problem), cutoff_(cutoff) {}

  /// Nothing when there are no more, or none that could be of use.
  const Family* next() {
    SearchShare* share = problem_.options.share;
    if (share != nullptr) cutoff_.lower(share->least(cutoff_.seconds()));
    const std::uint64_t index = share != nullptr ? share->next() : next_++;
    if (index >= problem_.families.size()) return nullptr;
    const Family& family = problem_.families[index];
    // All that follow are no faster.
    return problem_.prunes() && family.least_seconds > cutoff_.seconds() ? nullptr : &family;
  }

 private:
  const Problem& problem_;
  Cutoff& cutoff_;
  std::atomic<std::uint64_t> next_{0};
};

}  // namespace

LayoutSearch search_layouts(const Workload& workload, const Machine& machine, const SearchSpace& asked,
                            const Efficiency& efficiency, const SearchOptions& options) {
  const LayoutSpace space(workload, machine, asked);
  Problem problem{
      workload, machine, efficiency, space, asked.global_batch, asked.memory_share * machine.memory_capacity,
      options,  {},      {}};
  prepare(problem);
  Cutoff cutoff;
  if (problem.prunes() && options.slowest_seconds < infinite) {
    cutoff.found();
    cutoff.lower(options.slowest_seconds);
  }
  Deal deal(problem, cutoff);
  std::vector<Searcher> searchers(static_cast<std::size_t>(std::max(1, options.threads)),
                                  Searcher(problem, cutoff));
  const auto search = [&](Searcher& searcher) {
    for (const Family* family = deal.next(); family != nullptr; family = deal.next())
      searcher(*family);
  };
  {
    std::vector<std::jthread> workers;
    for (std::size_t i = 1; i < searchers.size(); ++i)
      workers.emplace_back(search, std::ref(searchers[i]));
    search(searchers.front());
  }
  std::vector<LayoutSearch> parts;
  parts.reserve(searchers.size());
  for (const Searcher& searcher : searchers)
    parts.push_back(found_by(searcher, space.size()));
  return together(parts, options.kept);
}

LayoutSearch together(const std::vector<LayoutSearch>& parts, std::size_t kept) {
  LayoutSearch result;
  for (const LayoutSearch& part : parts) {
    result.layouts = part.layouts;
    result.evaluated += part.evaluated;
    result.best.insert(result.best.end(), part.best.begin(), part.best.end());
    if (part.nearest.step_seconds > 0.0 &&
        (result.nearest.step_seconds == 0.0 || smaller(part.nearest, result.nearest)))
      result.nearest = part.nearest;
  }
  std::sort(result.best.begin(), result.best.end(), faster);
  if (result.best.size() > kept) result.best.resize(kept);
  if (!result.best.empty()) result.nearest = {};
  return result;
}

}  // namespace trainbudget
