// The loss over the vocabulary and its gradient in one kernel: each row of logits is read twice, the second
// time from the cache where it fits, and the gradient may overwrite the logits.
//   loss = log Σ_v e^x_v − x_target,   d_x_v = (e^x_v / Σ e^x − [v = target]) · d_loss
#include "kernels/backend.h"
#include "kernels/decay.cuh"
#include "portable/pack.h"

namespace trainbudget::microbench {

namespace {

/// One block per token. `width` elements a thread: rows of an odd vocabulary are not aligned to more than
/// one.
template <int width>
struct CrossEntropy {
  static constexpr int threads = 512;
  static constexpr int blocks_per_multiprocessor = 2;
  static constexpr int warps = threads / warp_size;
  struct Shared {
    float largest[warps], sum[warps];
  };

  const Bfloat16* logits;  ///< [tokens, vocabulary]; may be d_logits
  const std::int32_t* target;
  const float* d_loss;
  float* loss;
  Bfloat16* d_logits;
  std::int64_t tokens;
  int vocabulary;

  Grid grid() const { return {static_cast<unsigned>(tokens), 1, 1}; }

  /// The sum of e^(x − largest) is kept for the largest x so far, so that one reading serves both.
  struct Running {
    float largest = -1e30F, sum = 0.0F;

    TB_DEVICE void add(float other_largest, float other_sum) {
      const float top = largest > other_largest ? largest : other_largest;
      sum = sum * exponential(largest - top) + other_sum * exponential(other_largest - top);
      largest = top;
    }
  };

  template <class Block>
  TB_DEVICE static void combine_warp(Block& block, Running& running) {
    TB_UNROLL
    for (int mask = warp_size / 2; mask > 0; mask /= 2) {
      const float largest = block.shuffle_xor(running.largest, mask);
      const float sum = block.shuffle_xor(running.sum, mask);
      running.add(largest, sum);
    }
  }

  template <class Block>
  TB_DEVICE void operator()(Block& block, Shared& shared) const {
    const std::int64_t start = static_cast<std::int64_t>(block.x()) * vocabulary;
    const int wanted = target[block.x()];
    const float wanted_logit = to_float(logits[start + wanted]);
    Running running;
    for (int i = block.thread() * width; i < vocabulary; i += threads * width) {
      float x[width];
      load_floats(logits + start + i, x);
      float top = x[0];
      TB_UNROLL
      for (int j = 1; j < width; ++j)
        top = top > x[j] ? top : x[j];
      float sum = 0.0F;
      TB_UNROLL
      for (int j = 0; j < width; ++j)
        sum += exponential(x[j] - top);
      running.add(top, sum);
    }
    combine_warp(block, running);
    const int warp = block.thread() / warp_size;
    if (block.thread() % warp_size == 0) {
      shared.largest[warp] = running.largest;
      shared.sum[warp] = running.sum;
    }
    block.barrier();
    const int lane = block.thread() % warps;
    running = Running{shared.largest[lane], shared.sum[lane]};
    TB_UNROLL
    for (int mask = warps / 2; mask > 0; mask /= 2) {
      const float largest = block.shuffle_xor(running.largest, mask);
      const float sum = block.shuffle_xor(running.sum, mask);
      running.add(largest, sum);
    }
    if (block.thread() == 0) loss[block.x()] = running.largest + logf(running.sum) - wanted_logit;
    const float weight = d_loss[block.x()];
    const float scale = weight / running.sum;
    for (int i = block.thread() * width; i < vocabulary; i += threads * width) {
      float x[width];
      load_floats(logits + start + i, x);
      TB_UNROLL
      for (int j = 0; j < width; ++j) {
        x[j] = exponential(x[j] - running.largest) * scale - (i + j == wanted ? weight : 0.0F);
      }
      store_floats(d_logits + start + i, x);
    }
  }
};

}  // namespace

namespace TB_BACKEND {

namespace {

template <int width>
BoundKernel bind(const Shape& shape, const Arguments& a) {
  return bind_launches(CrossEntropy<width>{
      a.get<Bfloat16>("logits"), a.get<std::int32_t>("target"), a.get<float>("d_loss"), a.get<float>("loss"),
      a.get<Bfloat16>("d_logits"), shape.tokens(), static_cast<int>(shape.vocabulary)});
}

}  // namespace

BoundKernel cross_entropy(const Shape& shape, const Arguments& a) {
  require_shape(shape.tokens() > 0 && shape.vocabulary > 1, "the loss needs a token and a vocabulary of two");
  return shape.vocabulary % 8 == 0 ? bind<8>(shape, a) : bind<1>(shape, a);
}

}  // namespace TB_BACKEND

}  // namespace trainbudget::microbench
