// libcublasLt.so.13 of the software GPU: the products that the microbenchmark asks for, in double precision.
// It refuses what NVIDIA's "cuBLAS Library" documentation rules out, and one of the algorithms that it
// proposes, as the real one may.
#include "number_formats.h"
#include "products.h"
#include "runtime.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include <cublasLt.h>

namespace software_gpu {

namespace {

struct Matrix {
  cudaDataType_t type;
  std::uint64_t rows, columns;
  std::int64_t leading;
  std::int32_t count = 1;
  std::int64_t stride = 0;
};
struct Description {
  cublasComputeType_t compute;
  cudaDataType_t scale;
  std::int32_t a_op = CUBLAS_OP_N, b_op = CUBLAS_OP_N;
  std::int8_t fast_accumulation = 0;
};
struct Preference {
  std::uint64_t workspace = 0;
};

// The handles of cuBLASLt are pointers to structures that it does not show.
const Matrix& matrix(cublasLtMatrixLayout_t layout) {
  return *reinterpret_cast<const Matrix*>(layout);
}
const Description& description(cublasLtMatmulDesc_t made) {
  return *reinterpret_cast<const Description*>(made);
}

// Slow algorithms take twice as long and compute nothing: who chooses one is found out.
constexpr std::uint64_t works = 1, refused_when_run = 2, refused = 3, slow = 4;
constexpr std::uint64_t needed_workspace = 1 << 20;

std::size_t bytes_of_element(cudaDataType_t type) {
  switch (type) {
    case CUDA_R_32F:
      return 4;
    case CUDA_R_16BF:
    case CUDA_R_16F:
      return 2;
    case CUDA_R_8F_E4M3:
      return 1;
    default:
      return 0;
  }
}

double element(const void* data, cudaDataType_t type, std::int64_t index) {
  const auto at = [&](auto value) {
    std::memcpy(&value, static_cast<const std::byte*>(data) + static_cast<std::size_t>(index) * sizeof value,
                sizeof value);
    return value;
  };
  switch (type) {
    case CUDA_R_32F:
      return static_cast<double>(at(float{}));
    case CUDA_R_16BF:
      return static_cast<double>(from_bfloat16(at(std::uint16_t{})));
    case CUDA_R_16F:
      return static_cast<double>(from_half(at(std::uint16_t{})));
    default:
      return static_cast<double>(from_e4m3(at(std::uint8_t{})));
  }
}

void set_element(void* data, cudaDataType_t type, std::int64_t index, double value) {
  const auto write = [&](auto bits) {
    std::memcpy(static_cast<std::byte*>(data) + static_cast<std::size_t>(index) * sizeof bits, &bits,
                sizeof bits);
  };
  if (type == CUDA_R_32F) return write(static_cast<float>(value));
  write(type == CUDA_R_16BF ? to_bfloat16(value) : to_half(value));
}

struct Product {
  Description description;
  Matrix a, b, result;
  std::uint64_t m() const { return result.rows; }
  std::uint64_t n() const { return result.columns; }
  std::uint64_t k() const { return description.a_op == CUBLAS_OP_N ? a.columns : a.rows; }
};

cublasStatus_t judge(const Product& p) {
  const bool a_plain = p.description.a_op == CUBLAS_OP_N, b_plain = p.description.b_op == CUBLAS_OP_N;
  const bool shapes = (a_plain ? p.a.rows : p.a.columns) == p.m() &&
                      (b_plain ? p.b.columns : p.b.rows) == p.n() &&
                      (b_plain ? p.b.rows : p.b.columns) == p.k();
  if (!shapes || p.a.count != p.b.count || p.a.count != p.result.count) return CUBLAS_STATUS_INVALID_VALUE;
  for (const Matrix* each : {&p.a, &p.b, &p.result}) {
    if (bytes_of_element(each->type) == 0 || each->leading < static_cast<std::int64_t>(each->rows))
      return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (p.a.type != p.b.type || p.description.scale != CUDA_R_32F) return CUBLAS_STATUS_NOT_SUPPORTED;
  if (p.a.type == CUDA_R_8F_E4M3) {
    const bool aligned = p.m() % 16 == 0 && p.n() % 16 == 0 && p.k() % 16 == 0;
    const bool formats =
        p.result.type == CUDA_R_16BF || p.result.type == CUDA_R_16F || p.result.type == CUDA_R_32F;
    return !a_plain && b_plain && aligned && formats && p.description.compute == CUBLAS_COMPUTE_32F
               ? CUBLAS_STATUS_SUCCESS
               : CUBLAS_STATUS_NOT_SUPPORTED;
  }
  if (p.result.type != p.a.type || p.description.fast_accumulation != 0) return CUBLAS_STATUS_NOT_SUPPORTED;
  const bool tf32 = p.description.compute == CUBLAS_COMPUTE_32F_FAST_TF32;
  return p.description.compute == CUBLAS_COMPUTE_32F || (tf32 && p.a.type == CUDA_R_32F)
             ? CUBLAS_STATUS_SUCCESS
             : CUBLAS_STATUS_NOT_SUPPORTED;
}

std::size_t bytes_of_matrix(const Matrix& m) {
  const std::int64_t last = m.stride * (m.count - 1) + m.leading * static_cast<std::int64_t>(m.columns - 1) +
                            static_cast<std::int64_t>(m.rows);
  return static_cast<std::size_t>(last) * bytes_of_element(m.type);
}

void multiply(const Product& p, const void* a, const void* b, void* result) {
  const bool a_plain = p.description.a_op == CUBLAS_OP_N, b_plain = p.description.b_op == CUBLAS_OP_N;
  const auto m = static_cast<std::int64_t>(p.m()), n = static_cast<std::int64_t>(p.n()),
             k = static_cast<std::int64_t>(p.k());
  for (std::int64_t batch = 0; batch < p.a.count; ++batch) {
    for (std::int64_t column = 0; column < n; ++column) {
      for (std::int64_t row = 0; row < m; ++row) {
        double sum = 0.0;
        for (std::int64_t i = 0; i < k; ++i) {
          const std::int64_t a_index = a_plain ? row + i * p.a.leading : i + row * p.a.leading;
          const std::int64_t b_index = b_plain ? i + column * p.b.leading : column + i * p.b.leading;
          sum += element(a, p.a.type, batch * p.a.stride + a_index) *
                 element(b, p.b.type, batch * p.b.stride + b_index);
        }
        set_element(result, p.result.type, batch * p.result.stride + row + column * p.result.leading, sum);
      }
    }
  }
}

ProductCounts& counts() {
  static ProductCounts all;
  return all;
}

template <class Value>
cublasStatus_t take(Value& value, const void* buffer, std::size_t bytes) {
  if (bytes != sizeof value) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(&value, buffer, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace

const ProductCounts& product_counts() {
  return counts();
}

}  // namespace software_gpu

using namespace software_gpu;

extern "C" {

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  *handle = reinterpret_cast<cublasLtHandle_t>(new int{0});
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  delete reinterpret_cast<int*>(handle);
  return CUBLAS_STATUS_SUCCESS;
}
std::size_t cublasLtGetVersion() {
  return CUBLAS_VERSION;
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* made, cublasComputeType_t compute,
                                        cudaDataType_t scale) {
  *made = reinterpret_cast<cublasLtMatmulDesc_t>(new Description{compute, scale});
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t made) {
  delete reinterpret_cast<Description*>(made);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t made,
                                              cublasLtMatmulDescAttributes_t attribute, const void* value,
                                              std::size_t bytes) {
  auto& changed = *reinterpret_cast<Description*>(made);
  if (attribute == CUBLASLT_MATMUL_DESC_TRANSA) return take(changed.a_op, value, bytes);
  if (attribute == CUBLASLT_MATMUL_DESC_TRANSB) return take(changed.b_op, value, bytes);
  if (attribute == CUBLASLT_MATMUL_DESC_FAST_ACCUM) return take(changed.fast_accumulation, value, bytes);
  return CUBLAS_STATUS_INVALID_VALUE;
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* made, cudaDataType_t type,
                                          std::uint64_t rows, std::uint64_t columns, std::int64_t leading) {
  *made = reinterpret_cast<cublasLtMatrixLayout_t>(new Matrix{type, rows, columns, leading});
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t made) {
  delete reinterpret_cast<Matrix*>(made);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t made,
                                                cublasLtMatrixLayoutAttribute_t attribute, const void* value,
                                                std::size_t bytes) {
  auto& changed = *reinterpret_cast<Matrix*>(made);
  if (attribute == CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT) return take(changed.count, value, bytes);
  if (attribute == CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET) return take(changed.stride, value, bytes);
  return CUBLAS_STATUS_INVALID_VALUE;
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* made) {
  *made = reinterpret_cast<cublasLtMatmulPreference_t>(new Preference);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t made) {
  delete reinterpret_cast<Preference*>(made);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t made,
                                                    cublasLtMatmulPreferenceAttributes_t attribute,
                                                    const void* value, std::size_t bytes) {
  if (attribute != CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES) return CUBLAS_STATUS_INVALID_VALUE;
  return take(reinterpret_cast<Preference*>(made)->workspace, value, bytes);
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t operation,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int wanted,
                                              cublasLtMatmulHeuristicResult_t results[], int* found) {
  *found = 0;
  const cublasStatus_t status =
      c == d ? judge({description(operation), matrix(a), matrix(b), matrix(d)}) : CUBLAS_STATUS_INVALID_VALUE;
  if (status != CUBLAS_STATUS_SUCCESS) return status;
  if (reinterpret_cast<Preference*>(preference)->workspace < needed_workspace)
    return CUBLAS_STATUS_NOT_SUPPORTED;
  ++counts().proposals;
  for (const std::uint64_t kind : {refused_when_run, slow, works, slow, refused}) {
    if (*found == wanted) break;
    cublasLtMatmulHeuristicResult_t& result = results[(*found)++];
    result = {};
    result.algo.data[0] = kind;
    result.workspaceSize = needed_workspace;
    result.state = kind == refused ? CUBLAS_STATUS_NOT_SUPPORTED : CUBLAS_STATUS_SUCCESS;
  }
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t operation, const void* alpha,
                              const void* a, cublasLtMatrixLayout_t a_layout, const void* b,
                              cublasLtMatrixLayout_t b_layout, const void* beta, const void* c,
                              cublasLtMatrixLayout_t c_layout, void* d, cublasLtMatrixLayout_t d_layout,
                              const cublasLtMatmulAlgo_t* algorithm, void* workspace,
                              std::size_t workspace_bytes, cudaStream_t stream) {
  const Product product{description(operation), matrix(a_layout), matrix(b_layout), matrix(d_layout)};
  if (const cublasStatus_t status = judge(product); status != CUBLAS_STATUS_SUCCESS) return status;
  if (*static_cast<const float*>(alpha) != 1.0F || *static_cast<const float*>(beta) != 0.0F)
    return CUBLAS_STATUS_NOT_SUPPORTED;
  if (c != d || c_layout != d_layout || workspace_bytes < needed_workspace ||
      !on_device(workspace, workspace_bytes))
    return CUBLAS_STATUS_INVALID_VALUE;
  const std::uint64_t kind = algorithm->data[0];
  if (kind == refused_when_run) return CUBLAS_STATUS_NOT_SUPPORTED;
  if (kind != works && kind != slow) return CUBLAS_STATUS_INVALID_VALUE;
  const bool inside = on_device(a, bytes_of_matrix(product.a)) && on_device(b, bytes_of_matrix(product.b)) &&
                      on_device(d, bytes_of_matrix(product.result));
  if (!inside) return CUBLAS_STATUS_INVALID_VALUE;
  const double flops = 2.0 * static_cast<double>(product.m()) * static_cast<double>(product.n()) *
                       static_cast<double>(product.k()) * product.a.count;
  const bool computes = kind == works && Device::instance().computes();
  const cudaError_t queued = queue(stream, {.run =
                                                [=](double) {
                                                  if (computes) multiply(product, a, b, d);
                                                },
                                            .seconds = (kind == slow ? 2.0 : 1.0) * (3e-6 + flops / 6e14)});
  ++counts().launches;
  return queued == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}

}  // extern "C"
