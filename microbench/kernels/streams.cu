// Plain memory traffic, the ceiling of every pass that is bound by memory: copy (one read, one write) and
// triad (two reads, one write), after McCalpin's STREAM.
#include "kernels/backend.h"
#include "portable/pack.h"

namespace trainbudget::microbench {

namespace {

constexpr int stream_width = 4;

/// Four floats a thread. Grid: elements / 1024.
template <bool triad>
struct MemoryStream {
  static constexpr int threads = 256;
  static constexpr int blocks_per_multiprocessor = 4;
  struct Shared {};

  const float *b, *c;
  float* a;
  std::int64_t elements;

  Grid grid() const {
    return {static_cast<unsigned>(divide_up<std::int64_t>(elements, threads * stream_width)), 1, 1};
  }

  static TB_DEVICE float value(float x, float z) { return triad ? x + 3.0F * z : x; }

  template <class Block>
  TB_DEVICE void operator()(Block& block, Shared&) const {
    const std::int64_t start =
        (static_cast<std::int64_t>(block.x()) * threads + block.thread()) * stream_width;
    if (start + stream_width > elements) {
      for (std::int64_t i = start; i < elements; ++i)
        a[i] = value(b[i], triad ? c[i] : 0.0F);
      return;
    }
    float x[stream_width], z[stream_width] = {};
    load_floats(b + start, x);
    if constexpr (triad) load_floats(c + start, z);
    TB_UNROLL
    for (int i = 0; i < stream_width; ++i)
      x[i] = value(x[i], z[i]);
    store_floats(a + start, x);
  }
};

}  // namespace

namespace TB_BACKEND {

BoundKernel stream_copy(const Shape& shape, const Arguments& a) {
  require_shape(shape.elements > 0, "a stream needs at least one element");
  return bind_launches(MemoryStream<false>{a.get<float>("b"), nullptr, a.get<float>("a"), shape.elements});
}
BoundKernel stream_triad(const Shape& shape, const Arguments& a) {
  require_shape(shape.elements > 0, "a stream needs at least one element");
  return bind_launches(
      MemoryStream<true>{a.get<float>("b"), a.get<float>("c"), a.get<float>("a"), shape.elements});
}

}  // namespace TB_BACKEND

}  // namespace trainbudget::microbench
