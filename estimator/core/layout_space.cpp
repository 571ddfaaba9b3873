#include "core/layout_space.h"

#include <algorithm>
#include <cmath>

namespace trainbudget {
namespace {

// Beyond these a layout only loses, whatever the model.
constexpr double fewest_rank_tokens = 256.0;  // of a context-parallel rank
constexpr double most_domains = 4.0;          // scale-up domains that tensor parallelism spans
constexpr double most_micro_batch = 1024.0;

/// Numbers up to `most` that divide `whole`, smallest first.
std::vector<int> divisors(double whole, double most) {
  std::vector<int> found;
  for (int size = 1; size <= most && size <= whole; ++size) {
    if (std::fmod(whole, size) == 0.0) found.push_back(size);
  }
  return found;
}

/// The accelerators that the inner tiers of the network join.
double scale_up_domain(const Machine& machine) {
  double domain = machine.accelerators_per_node;
  for (int i = 0; i + 1 < machine.fabric.tiers; ++i)
    domain = std::max(domain, machine.fabric.links[static_cast<std::size_t>(i)].group);
  return domain;
}

int routed_experts(const Workload& workload) {
  double experts = 1.0;
  for (const MatrixProduct& product : workload.products) {
    if (product.split == Split::experts) experts = std::max(experts, product.count);
  }
  return static_cast<int>(experts);
}

struct ExpertSizes {
  int expert = 1;
  int tensor = 0;
};

/// Experts whole on a rank, or split as the other weights are.
std::vector<ExpertSizes> expert_sizes(const Layout& layout, int experts) {
  std::vector<ExpertSizes> sizes{{}};
  const int ranks = layout.data * layout.context * layout.tensor;
  for (const int expert : divisors(experts, ranks)) {
    if (expert == 1 || ranks % expert != 0) continue;
    sizes.push_back({expert, 1});
    if (layout.tensor > 1 && ranks % (expert * layout.tensor) == 0) sizes.push_back({expert, layout.tensor});
  }
  return sizes;
}

}  // namespace

LayoutSpace::LayoutSpace(const Workload& workload, const Machine& machine, const SearchSpace& space)
    : workload_(workload), space_(space) {
  pieces_ = Piece::attention_core;
  if (space.modules) pieces_ |= light_pieces;
  pieces_ = pieces_ & releasing_pieces(workload);
  const int experts = routed_experts(workload);
  const double most_context = std::max(1.0, workload.sequence_length / fewest_rank_tokens);
  for (const int tensor : divisors(space.accelerators, most_domains * scale_up_domain(machine))) {
    for (const int pipeline : divisors(space.accelerators / tensor, workload.layers + 2)) {
      for (const int context : divisors(space.accelerators / tensor / pipeline, most_context)) {
        Layout layout{
            .tensor = tensor, .pipeline = pipeline, .context = context, .recomputed_pieces = pieces_};
        layout.data = static_cast<int>(space.accelerators / tensor / pipeline / context);
        // What layout_problem() says of one micro-batch and no chunks holds for the others too.
        if (!layout_problem(workload, machine, layout, layout.data).empty()) continue;
        add_families(layout, experts);
      }
    }
  }
}

void LayoutSpace::add_families(Layout layout, int experts) {
  const double share = space_.global_batch / layout.data;
  const double batch_per_rank = std::floor(share);
  if (batch_per_rank < 1.0 || (batch_per_rank != share && !space_.smaller_batches)) return;
  for (const ExpertSizes& sizes : expert_sizes(layout, experts)) {
    layout.expert = sizes.expert;
    layout.expert_tensor = sizes.tensor;
    for (const int micro_batch : divisors(batch_per_rank, most_micro_batch)) {
      layout.micro_batch = micro_batch;
      LayoutFamily family{.layout = layout,
                          .micro_batches = batch_per_rank / micro_batch,
                          .global_batch = batch_per_rank * layout.data};
      family.stage_layers = (workload_.layers + layout.pipeline - 1) / layout.pipeline;
      if (layout.pipeline > 1 && std::fmod(family.micro_batches, layout.pipeline) == 0.0)
        family.most_chunks = std::max(1, workload_.layers / layout.pipeline);
      families_.push_back(family);
      family.layout.sequence_parallel = true;
      if (layout.tensor > 1) families_.push_back(family);
    }
  }
}

std::vector<Layout> LayoutSpace::recomputations(const LayoutFamily& family) const {
  std::vector<Layout> layouts;
  layouts.reserve(static_cast<std::size_t>(family.stage_layers) + 2);
  Layout layout = family.layout;
  layout.recomputed_pieces = Layout{}.recomputed_pieces;
  layouts.push_back(layout);
  if (!pieces_.empty()) {
    layouts.push_back(family.layout);
    layouts.back().recompute = Recompute::selective;
  }
  layout.recompute = Recompute::full;
  for (int layers = 1; layers <= family.stage_layers; ++layers) {
    layout.recomputed_layers = static_cast<double>(layers) / family.stage_layers;
    layouts.push_back(layout);
  }
  return layouts;
}

std::vector<StateSharing> LayoutSpace::sharings(const Layout& layout) const {
  const int replicas = layout.data * layout.context;
  std::vector<StateSharing> sharings;
  const auto add = [&](Sharding sharding, int group) {
    sharings.push_back({sharding, group, false});
    sharings.push_back({sharding, group, true});
  };
  add(Sharding::none, 0);
  if (replicas == 1) return sharings;
  const std::vector<int> groups = divisors(replicas, replicas - 1);
  for (const Sharding sharding : {Sharding::optimizer, Sharding::gradients, Sharding::parameters}) {
    add(sharding, 0);
    for (const int group : groups) {
      if (group > 1) add(sharding, group);
    }
  }
  return sharings;
}

std::vector<Schedule> LayoutSpace::schedules(int chunks, int pipeline) const {
  if (space_.zero_bubble && chunks == 1 && pipeline > 1)
    return {Schedule::one_forward_one_backward, Schedule::zero_bubble};
  return {Schedule::one_forward_one_backward};
}

std::int64_t LayoutSpace::size() const {
  std::int64_t layouts = 0;
  for (const LayoutFamily& family : families_) {
    std::size_t orders = 0;
    for (int chunks = 1; chunks <= family.most_chunks; ++chunks)
      orders += schedules(chunks, family.layout.pipeline).size();
    const std::size_t recomputed =
        1 + (pieces_.empty() ? 0 : 1) + static_cast<std::size_t>(family.stage_layers);
    layouts += static_cast<std::int64_t>(orders * recomputed * sharings(family.layout).size());
  }
  return layouts;
}

}  // namespace trainbudget
