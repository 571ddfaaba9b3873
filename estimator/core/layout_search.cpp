#include "core/layout_search.h"

#include "core/memory.h"
#include "core/step_time.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace trainbudget {
namespace {

constexpr std::array<double, 6> odd_factors{1, 3, 5, 6, 7, 10};
constexpr int largest_micro_batch = 16;
constexpr double context_from_tokens = 8192.0;  ///< shorter sequences gain nothing from context parallelism

/// Sizes up to `most` that divide `whole`, smallest first.
std::vector<int> sizes(double whole, double most) {
  std::vector<int> found;
  for (const double odd : odd_factors) {
    for (double size = odd; size <= most; size *= 2.0) {
      if (std::fmod(whole, size) == 0.0) found.push_back(static_cast<int>(size));
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

bool before(const LayoutCandidate& a, const LayoutCandidate& b) {
  if (a.step_seconds != b.step_seconds) return a.step_seconds < b.step_seconds;
  return a.memory_bytes < b.memory_bytes;
}

class Search {
 public:
  Search(const Workload& workload, const Machine& machine, double accelerators, double global_batch,
         const Efficiency& efficiency, std::size_t kept)
      : workload_(workload),
        machine_(machine),
        accelerators_(accelerators),
        global_batch_(global_batch),
        efficiency_(efficiency),
        kept_(kept) {
    for (const AttentionWork& core : workload.attentions)
      unfused_ = unfused_ || !core.fused;
    for (const MatrixProduct& product : workload.products) {
      if (product.split == Split::experts) experts_ = std::max(experts_, product.count);
    }
  }

  LayoutSearch operator()() {
    const double most_context =
        std::max(1.0, std::floor(workload_.sequence_length / context_from_tokens) * 2.0 - 1.0);
    for (const int tensor : sizes(accelerators_, machine_.accelerators_per_node)) {
      for (const int pipeline : sizes(accelerators_ / tensor, workload_.layers)) {
        for (const int context : sizes(accelerators_ / tensor / pipeline, most_context)) {
          Layout layout{.tensor = tensor, .pipeline = pipeline, .context = context};
          layout.data = static_cast<int>(accelerators_ / tensor / pipeline / context);
          layout.sequence_parallel = tensor > 1;
          chunks(layout);
        }
      }
    }
    return std::move(result_);
  }

 private:
  void chunks(Layout layout) {
    const int most = layout.pipeline > 1 ? workload_.layers / layout.pipeline : 1;
    for (layout.chunks = 1; layout.chunks <= most; ++layout.chunks) {
      if (layout.chunks > 1 && workload_.layers % (layout.pipeline * layout.chunks) != 0) continue;
      experts(layout);
    }
  }

  void experts(Layout layout) {
    if (experts_ <= 1.0) {
      batches(layout);
      return;
    }
    const double ranks = static_cast<double>(layout.data) * layout.context * layout.tensor;
    for (const int expert : sizes(std::min(experts_, ranks), std::min(experts_, ranks))) {
      layout.expert = expert;
      layout.expert_tensor = expert > 1 ? 1 : 0;
      batches(layout);
    }
  }

  void batches(Layout layout) {
    for (layout.micro_batch = 1; layout.micro_batch <= largest_micro_batch; layout.micro_batch *= 2) {
      if (!layout_problem(workload_, machine_, layout, global_batch_).empty()) continue;
      for (const Recompute recompute : {Recompute::none, Recompute::selective, Recompute::full}) {
        if (recompute == Recompute::selective && !unfused_) continue;  // there is nothing to recompute
        layout.recompute = recompute;
        for (const Sharding sharding : {Sharding::none, Sharding::optimizer, Sharding::parameters}) {
          if (layout.data * layout.context == 1 && sharding != Sharding::none) continue;
          if (layout.pipeline > 1 && sharding == Sharding::parameters) continue;
          layout.sharding = sharding;
          evaluate(layout);
        }
      }
    }
  }

  void evaluate(const Layout& layout) {
    ++result_.evaluated;
    LayoutCandidate candidate{.layout = layout};
    candidate.memory_bytes = memory_use(workload_, layout, global_batch_, efficiency_).peak.total();
    if (candidate.memory_bytes > machine_.memory_capacity) {
      if (result_.nearest.step_seconds == 0.0 || candidate.memory_bytes < result_.nearest.memory_bytes) {
        candidate.step_seconds = seconds(layout);
        result_.nearest = candidate;
      }
      return;
    }
    candidate.step_seconds = seconds(layout);
    std::vector<LayoutCandidate>& best = result_.best;
    const auto place = std::upper_bound(best.begin(), best.end(), candidate, before);
    if (best.size() == kept_ && place == best.end()) return;
    best.insert(place, candidate);
    if (best.size() > kept_) best.pop_back();
  }

  double seconds(const Layout& layout) const {
    return step_time(workload_, machine_, layout, global_batch_, efficiency_).total();
  }

  const Workload& workload_;
  const Machine& machine_;
  double accelerators_;
  double global_batch_;
  const Efficiency& efficiency_;
  std::size_t kept_;
  double experts_ = 0.0;
  bool unfused_ = false;
  LayoutSearch result_;
};

}  // namespace

LayoutSearch search_layouts(const Workload& workload, const Machine& machine, double accelerators,
                            double global_batch, const Efficiency& efficiency, std::size_t kept) {
  return Search(workload, machine, accelerators, global_batch, efficiency, kept)();
}

}  // namespace trainbudget
