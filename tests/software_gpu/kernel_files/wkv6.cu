// The RWKV-6 recurrence and its gradient as plainly as they can be written: one thread for a channel of the
// values, sums over the other index in a loop, state in local memory. In the interface that public training
// code calls.
//   S_t[i][j] = k_t[i] v_t[j] + w_t[i] S_{t-1}[i][j],  y_t[j] = sum_i r_t[i] (u[i] k_t[i] v_t[j] +
//   S_{t-1}[i][j])
// with w = exp(-exp(given)).
#include "ATen/ATen.h"

#include <cuda_bf16.h>

typedef at::BFloat16 bf16;

namespace {

constexpr int N = _N_;

__device__ float decay(bf16 given) {
  return expf(-expf(float(given)));
}

#ifndef SCALE
#define SCALE 1.0f
#endif

__global__ void forward_kernel(int T, int H, const bf16* r, const bf16* k, const bf16* v, const bf16* w,
                               const bf16* u, bf16* y) {
  const int b = blockIdx.x / H, h = blockIdx.x % H, j = threadIdx.x;
  float state[N] = {};
  for (int t = 0; t < T; ++t) {
    const int row = ((b * T + t) * H + h) * N;
    float sum = 0.0f;
    for (int i = 0; i < N; ++i) {
      const float kv = float(k[row + i]) * float(v[row + j]);
      sum += float(r[row + i]) * (float(u[h * N + i]) * kv + state[i]);
      state[i] = kv + decay(w[row + i]) * state[i];
    }
    y[row + j] = bf16(SCALE * sum);
  }
}

/// Gradients of what belongs to a row of the state, i: r, k, w, u. The states are computed forward, then the
/// gradient of the state backward; a state before step t is found by running again from the start, which is
/// slow and cannot be wrong.
__global__ void row_gradients(int T, int H, const bf16* r, const bf16* k, const bf16* v, const bf16* w,
                              const bf16* u, const bf16* gy, bf16* gr, bf16* gk, bf16* gw, bf16* gu) {
  const int b = blockIdx.x / H, h = blockIdx.x % H, i = threadIdx.x;
  const auto row = [&](int t) { return ((b * T + t) * H + h) * N; };
  float u_sum = 0.0f;
  float later[N] = {};  // gradient of the loss by the state after step t
  for (int t = T - 1; t >= 0; --t) {
    float state[N] = {};  // before step t
    for (int s = 0; s < t; ++s) {
      for (int j = 0; j < N; ++j)
        state[j] = float(k[row(s) + i]) * float(v[row(s) + j]) + decay(w[row(s) + i]) * state[j];
    }
    const float ri = float(r[row(t) + i]), ki = float(k[row(t) + i]), ui = float(u[h * N + i]),
                wi = decay(w[row(t) + i]);
    float r_sum = 0.0f, k_sum = 0.0f, w_sum = 0.0f;
    for (int j = 0; j < N; ++j) {
      const float vj = float(v[row(t) + j]), g = float(gy[row(t) + j]);
      r_sum += g * (ui * ki * vj + state[j]);
      u_sum += g * ri * ki * vj;
      k_sum += g * ri * ui * vj + later[j] * vj;
      w_sum += later[j] * state[j];
      later[j] = wi * later[j] + ri * g;
    }
    gr[row(t) + i] = bf16(r_sum);
    gk[row(t) + i] = bf16(k_sum);
    // The derivative of exp(-exp(x)) is -exp(x) exp(-exp(x)).
    gw[row(t) + i] = bf16(-w_sum * wi * expf(float(w[row(t) + i])));
  }
  gu[(b * H + h) * N + i] = bf16(u_sum);
}

__global__ void value_gradient(int T, int H, const bf16* r, const bf16* k, const bf16* w, const bf16* u,
                               const bf16* gy, bf16* gv) {
  const int b = blockIdx.x / H, h = blockIdx.x % H, j = threadIdx.x;
  float later[N] = {};
  for (int t = T - 1; t >= 0; --t) {
    const int row = ((b * T + t) * H + h) * N;
    const float g = float(gy[row + j]);
    float sum = 0.0f;
    for (int i = 0; i < N; ++i) {
      sum += float(k[row + i]) * (float(r[row + i]) * float(u[h * N + i]) * g + later[i]);
      later[i] = decay(w[row + i]) * later[i] + float(r[row + i]) * g;
    }
    gv[row + j] = bf16(sum);
  }
}

}  // namespace

void cuda_forward(int B, int T, int C, int H, bf16* r, bf16* k, bf16* v, bf16* w, bf16* u, bf16* y) {
  forward_kernel<<<B * H, N>>>(T, H, r, k, v, w, u, y);
}

void cuda_backward(int B, int T, int C, int H, bf16* r, bf16* k, bf16* v, bf16* w, bf16* u, bf16* gy,
                   bf16* gr, bf16* gk, bf16* gv, bf16* gw, bf16* gu) {
  row_gradients<<<B * H, N>>>(T, H, r, k, v, w, u, gy, gr, gk, gw, gu);
  value_gradient<<<B * H, N>>>(T, H, r, k, w, u, gy, gv);
}
