// Layer norm over the channels of a token (Ba et al., arXiv 1607.06450): y = (x − mean) ÷ deviation ⊙ weight
// + bias. A block takes a row at a time and keeps it in registers; the gradients of weight and bias stay in
// registers over a strip of rows and are added up at the end (strips.cuh).
#include "kernels/backend.h"
#include "kernels/strips.cuh"

namespace trainbudget::microbench {

namespace {

constexpr int norm_threads = 256;
constexpr float epsilon = 1e-5F;

struct NormShared {
  float share[2][norm_threads / warp_size];
};

/// The sums over the block of two values; every thread gets both.
template <class Block>
TB_DEVICE void sum_over_block(Block& block, NormShared& shared, float& first, float& second) {
  constexpr int warps = norm_threads / warp_size;
  first = sum_over_lanes<warp_size>(block, first);
  second = sum_over_lanes<warp_size>(block, second);
  block.barrier();  // the previous row's sums have been read
  if (block.thread() % warp_size == 0) {
    shared.share[0][block.thread() / warp_size] = first;
    shared.share[1][block.thread() / warp_size] = second;
  }
  block.barrier();
  first = sum_over_lanes<warps>(block, shared.share[0][block.thread() % warps]);
  second = sum_over_lanes<warps>(block, shared.share[1][block.thread() % warps]);
}

/// Calls visit(slot, channel) for each run of eight channels that this thread has.
template <int packs, class Block, class Visit>
TB_DEVICE void over_packs(Block& block, int channels, Visit visit) {
  TB_UNROLL
  for (int p = 0; p < packs; ++p) {
    const int channel = (p * norm_threads + block.thread()) * strip_width;
    if (channel < channels) visit(p, channel);
  }
}

/// Grid: rows. `packs`: runs of eight channels per thread.
template <int packs>
struct LayerNormForward {
  static constexpr int threads = norm_threads;
  static constexpr int blocks_per_multiprocessor = 4;
  using Shared = NormShared;

  const Bfloat16 *x, *weight, *bias;
  Bfloat16* y;
  float *mean, *inverse_deviation;  ///< [rows], for the gradient
  std::int64_t rows;
  int channels;

  Grid grid() const { return {static_cast<unsigned>(rows), 1, 1}; }

  template <class Block>
  TB_DEVICE void operator()(Block& block, Shared& shared) const {
    const std::int64_t start = static_cast<std::int64_t>(block.x()) * channels;
    float value[packs][strip_width] = {};
    float sum = 0.0F, square = 0.0F;
    over_packs<packs>(block, channels, [&](int p, int channel) {
      load_floats(x + start + channel, value[p]);
      for (int i = 0; i < strip_width; ++i)
        sum += value[p][i];
    });
    sum_over_block(block, shared, sum, square);
    const float center = sum / static_cast<float>(channels);
    // Squares of differences, not the difference of squares: that one loses the digits of a large mean.
    square = 0.0F;
    over_packs<packs>(block, channels, [&](int p, int) {
      for (int i = 0; i < strip_width; ++i)
        square += (value[p][i] - center) * (value[p][i] - center);
    });
    sum_over_block(block, shared, square, sum);
    const float inverse = 1.0F / sqrtf(square / static_cast<float>(channels) + epsilon);
    over_packs<packs>(block, channels, [&](int p, int channel) {
      Eight w, b;
      load_floats(weight + channel, w);
      load_floats(bias + channel, b);
      for (int i = 0; i < strip_width; ++i)
        value[p][i] = (value[p][i] - center) * inverse * w[i] + b[i];
      store_floats(y + start + channel, value[p]);
    });
    if (block.thread() != 0) return;
    mean[block.x()] = center;
    inverse_deviation[block.x()] = inverse;
  }
};

/// Grid: strips of rows.
template <int packs>
struct LayerNormBackward {
  static constexpr int threads = norm_threads;
  static constexpr int blocks_per_multiprocessor = packs > 2 ? 1 : 2;
  using Shared = NormShared;

  const Bfloat16 *x, *weight, *d_y;
  const float *mean, *inverse_deviation;
  Bfloat16* d_x;
  float* partial;  ///< [2, strips, channels]: d_weight, d_bias
  std::int64_t rows;
  int channels, strips;

  Grid grid() const { return {static_cast<unsigned>(strips), 1, 1}; }

  template <class Block>
  TB_DEVICE void operator()(Block& block, Shared& shared) const {
    float d_weight[packs][strip_width] = {}, d_bias[packs][strip_width] = {};
    const std::int64_t per_strip = divide_up<std::int64_t>(rows, strips);
    const std::int64_t first = block.x() * per_strip;
    for (std::int64_t row = first; row < first + per_strip && row < rows; ++row) {
      one_row(block, shared, row, d_weight, d_bias);
    }
    over_packs<packs>(block, channels, [&](int p, int channel) {
      store_floats(partial + static_cast<std::int64_t>(block.x()) * channels + channel, d_weight[p]);
      store_floats(partial + (static_cast<std::int64_t>(strips) + block.x()) * channels + channel, d_bias[p]);
    });
  }

  template <class Block>
  TB_DEVICE void one_row(Block& block, Shared& shared, std::int64_t row,
                         float (&d_weight)[packs][strip_width], float (&d_bias)[packs][strip_width]) const {
    const float center = mean[row], inverse = inverse_deviation[row];
    float normal[packs][strip_width] = {}, scaled[packs][strip_width] = {};
    float sum = 0.0F, along = 0.0F;
    over_packs<packs>(block, channels, [&](int p, int channel) {
      Eight w;
      load_floats(x + row * channels + channel, normal[p]);
      load_floats(d_y + row * channels + channel, scaled[p]);
      load_floats(weight + channel, w);
      for (int i = 0; i < strip_width; ++i) {
        normal[p][i] = (normal[p][i] - center) * inverse;
        d_weight[p][i] += scaled[p][i] * normal[p][i];
        d_bias[p][i] += scaled[p][i];
        scaled[p][i] *= w[i];
        sum += scaled[p][i];
        along += scaled[p][i] * normal[p][i];
      }
    });
    sum_over_block(block, shared, sum, along);
    sum /= static_cast<float>(channels);
    along /= static_cast<float>(channels);
    over_packs<packs>(block, channels, [&](int p, int channel) {
      for (int i = 0; i < strip_width; ++i)
        scaled[p][i] = (scaled[p][i] - sum - normal[p][i] * along) * inverse;
      store_floats(d_x + row * channels + channel, scaled[p]);
    });
  }
};

}  // namespace

namespace TB_BACKEND {

namespace {

template <int packs>
BoundKernel forward(const Shape& shape, const Arguments& a) {
  return bind_launches(LayerNormForward<packs>{a.get<Bfloat16>("x"), a.get<Bfloat16>("weight"),
                                               a.get<Bfloat16>("bias"), a.get<Bfloat16>("y"),
                                               a.get<float>("mean"), a.get<float>("inverse_deviation"),
                                               shape.tokens(), static_cast<int>(shape.channels)});
}

template <int packs>
BoundKernel backward(const Shape& shape, const Arguments& a) {
  const int strips = summing_strips(shape.tokens()), channels = static_cast<int>(shape.channels);
  return bind_launches(
      LayerNormBackward<packs>{a.get<Bfloat16>("x"), a.get<Bfloat16>("weight"), a.get<Bfloat16>("d_y"),
                               a.get<float>("mean"), a.get<float>("inverse_deviation"),
                               a.get<Bfloat16>("d_x"), a.get<float>("partial"), shape.tokens(), channels,
                               strips},
      SumStrips<2>{
          a.get<float>("partial"), {{a.get<float>("d_weight"), a.get<float>("d_bias")}}, channels, strips});
}

/// Runs of eight channels per thread, rounded up to what is built.
std::int64_t packs_of(const Shape& shape) {
  require_shape(shape.channels > 0 && shape.channels % strip_width == 0, "channels must be a multiple of 8");
  const std::int64_t packs = divide_up<std::int64_t>(shape.channels, norm_threads * strip_width);
  require_shape(packs <= 4, "layer norm is built for up to 8192 channels");
  return packs;
}

}  // namespace

BoundKernel layer_norm_forward(const Shape& shape, const Arguments& a) {
  const std::int64_t packs = packs_of(shape);
  return packs == 1 ? forward<1>(shape, a) : packs == 2 ? forward<2>(shape, a) : forward<4>(shape, a);
}

BoundKernel layer_norm_backward(const Shape& shape, const Arguments& a) {
  const std::int64_t packs = packs_of(shape);
  return packs == 1 ? backward<1>(shape, a) : packs == 2 ? backward<2>(shape, a) : backward<4>(shape, a);
}

}  // namespace TB_BACKEND

}  // namespace trainbudget::microbench
