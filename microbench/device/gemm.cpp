#include "device/gemm.h"

#include "device/check.h"
#include "device/cuda_library.h"
#include "device/cuda_timer.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <tuple>

#include <cublasLt.h>

namespace trainbudget::microbench {

namespace {

#define TB_TEXT_OF(number) #number
#define TB_TEXT(number) TB_TEXT_OF(number)
constexpr const char* library_name = "libcublasLt.so." TB_TEXT(CUBLAS_VER_MAJOR);

// PyTorch's default on recent GPUs.
constexpr std::size_t workspace_bytes = std::size_t{32} << 20;
constexpr int most_candidates = 8;
constexpr int trial_samples = 5;

void check_lt(cublasStatus_t status, const char* what) {
  if (status == CUBLAS_STATUS_NOT_SUPPORTED || status == CUBLAS_STATUS_ARCH_MISMATCH)
    throw UnsupportedShape(std::string(what) + ": not supported here");
  if (status != CUBLAS_STATUS_SUCCESS) {
    throw DeviceError(std::string(what) + ": cuBLASLt status " + std::to_string(static_cast<int>(status)));
  }
}

/// The functions used, under their own names.
struct Functions {
  decltype(&cublasLtCreate) create;
  decltype(&cublasLtDestroy) destroy;
  decltype(&cublasLtGetVersion) version;
  decltype(&cublasLtMatmul) matmul;
  decltype(&cublasLtMatmulAlgoGetHeuristic) heuristic;
  decltype(&cublasLtMatmulDescCreate) description_create;
  decltype(&cublasLtMatmulDescDestroy) description_destroy;
  decltype(&cublasLtMatmulDescSetAttribute) description_set;
  decltype(&cublasLtMatrixLayoutCreate) layout_create;
  decltype(&cublasLtMatrixLayoutDestroy) layout_destroy;
  decltype(&cublasLtMatrixLayoutSetAttribute) layout_set;
  decltype(&cublasLtMatmulPreferenceCreate) preference_create;
  decltype(&cublasLtMatmulPreferenceDestroy) preference_destroy;
  decltype(&cublasLtMatmulPreferenceSetAttribute) preference_set;

  explicit Functions(const SharedLibrary& library) {
    complete = find(library, create, "cublasLtCreate") && find(library, destroy, "cublasLtDestroy") &&
               find(library, version, "cublasLtGetVersion") && find(library, matmul, "cublasLtMatmul") &&
               find(library, heuristic, "cublasLtMatmulAlgoGetHeuristic") &&
               find(library, description_create, "cublasLtMatmulDescCreate") &&
               find(library, description_destroy, "cublasLtMatmulDescDestroy") &&
               find(library, description_set, "cublasLtMatmulDescSetAttribute") &&
               find(library, layout_create, "cublasLtMatrixLayoutCreate") &&
               find(library, layout_destroy, "cublasLtMatrixLayoutDestroy") &&
               find(library, layout_set, "cublasLtMatrixLayoutSetAttribute") &&
               find(library, preference_create, "cublasLtMatmulPreferenceCreate") &&
               find(library, preference_destroy, "cublasLtMatmulPreferenceDestroy") &&
               find(library, preference_set, "cublasLtMatmulPreferenceSetAttribute");
  }

  bool complete = false;

 private:
  template <class Function>
  static bool find(const SharedLibrary& library, Function*& function, const char* name) {
    function = library.find<Function>(name);
    return function != nullptr;
  }
};

/// A product in cuBLAS's terms: column-major matrices, result [m, n] = op(a) [m, k] · op(b) [k, n]. A
/// row-major [r, c] matrix is a column-major [c, r] one, so every product here is the transposed one, with
/// its operands exchanged: `a` is Operands::y, `b` is Operands::x.
struct ColumnMajor {
  std::int64_t m, n, k;
  cublasOperation_t a_op, b_op;
  std::int64_t a_rows, a_columns, b_rows, b_columns;
};

ColumnMajor column_major(const GemmShape& s, GemmPrecision precision) {
  if (precision == GemmPrecision::fp8) {
    // fp8 units take both operands along k only; training transposes copies of its operands for the
    // gradients, and each pass is then this product with its own m, n and k.
    const GemmShape t = s.pass == GemmPass::forward          ? s
                        : s.pass == GemmPass::input_gradient ? GemmShape{s.pass, s.tokens, s.k, s.n, s.count}
                                                             : GemmShape{s.pass, s.n, s.k, s.tokens, s.count};
    return {t.n, t.tokens, t.k, CUBLAS_OP_T, CUBLAS_OP_N, t.k, t.n, t.k, t.tokens};
  }
  switch (s.pass) {
    case GemmPass::forward:
      return {s.n, s.tokens, s.k, CUBLAS_OP_T, CUBLAS_OP_N, s.k, s.n, s.k, s.tokens};
    case GemmPass::input_gradient:
      return {s.k, s.tokens, s.n, CUBLAS_OP_N, CUBLAS_OP_N, s.k, s.n, s.n, s.tokens};
    case GemmPass::weight_gradient:
      break;
  }
  return {s.k, s.n, s.tokens, CUBLAS_OP_N, CUBLAS_OP_T, s.k, s.tokens, s.n, s.tokens};
}

cudaDataType_t operand_type(GemmPrecision precision) {
  switch (precision) {
    case GemmPrecision::bf16:
      return CUDA_R_16BF;
    case GemmPrecision::fp16:
      return CUDA_R_16F;
    case GemmPrecision::tf32:
      return CUDA_R_32F;
    case GemmPrecision::fp8:
      return CUDA_R_8F_E4M3;
  }
  return CUDA_R_32F;
}

cudaDataType_t result_type(GemmPrecision precision) {
  return precision == GemmPrecision::fp8 ? CUDA_R_16BF : operand_type(precision);
}

/// Descriptions of one product, destroyed with the last launch that uses them.
class Plan {
 public:
  Plan(const Functions& lt, const GemmShape& shape, GemmPrecision precision) : lt_(lt) {
    const ColumnMajor p = column_major(shape, precision);
    const auto compute = precision == GemmPrecision::tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
    check_lt(lt.description_create(&description, compute, CUDA_R_32F), "describing a product");
    check_lt(lt.description_set(description, CUBLASLT_MATMUL_DESC_TRANSA, &p.a_op, sizeof p.a_op),
             "describing a product");
    check_lt(lt.description_set(description, CUBLASLT_MATMUL_DESC_TRANSB, &p.b_op, sizeof p.b_op),
             "describing a product");
    // Forward products in fp8 add up in the tensor cores' own registers, gradients do not, as Transformer
    // Engine has it by default (NVIDIA, Transformer Engine documentation, "fp8_gemm: use_split_accumulator").
    if (precision == GemmPrecision::fp8 && shape.pass == GemmPass::forward) {
      const std::int8_t fast = 1;
      check_lt(lt.description_set(description, CUBLASLT_MATMUL_DESC_FAST_ACCUM, &fast, sizeof fast),
               "describing a product");
    }
    make_layout(a, operand_type(precision), p.a_rows, p.a_columns, shape.count);
    make_layout(b, operand_type(precision), p.b_rows, p.b_columns, shape.count);
    make_layout(result, result_type(precision), p.m, p.n, shape.count);
  }
  ~Plan() {
    for (const cublasLtMatrixLayout_t layout : {a, b, result}) {
      if (layout != nullptr) lt_.layout_destroy(layout);
    }
    if (description != nullptr) lt_.description_destroy(description);
  }
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  cublasLtMatmulDesc_t description = nullptr;
  cublasLtMatrixLayout_t a = nullptr, b = nullptr, result = nullptr;

 private:
  void make_layout(cublasLtMatrixLayout_t& layout, cudaDataType_t type, std::int64_t rows,
                   std::int64_t columns, std::int64_t count) {
    check_lt(lt_.layout_create(&layout, type, static_cast<std::uint64_t>(rows),
                               static_cast<std::uint64_t>(columns), rows),
             "describing a matrix");
    if (count == 1) return;
    const auto batch = static_cast<std::int32_t>(count);
    const std::int64_t stride = rows * columns;
    check_lt(lt_.layout_set(layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &batch, sizeof batch),
             "describing a batch");
    check_lt(lt_.layout_set(layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &stride, sizeof stride),
             "describing a batch");
  }

  const Functions& lt_;
};

class CublasLt final : public GemmLibrary {
 public:
  explicit CublasLt(SharedLibrary library) : library_(std::move(library)), lt_(library_) {
    if (!lt_.complete) return;
    check_lt(lt_.create(&handle_), "starting cuBLASLt");
    check(cudaMalloc(&workspace_, workspace_bytes), "allocating a workspace");
  }
  ~CublasLt() override {
    cudaFree(workspace_);
    if (handle_ != nullptr) lt_.destroy(handle_);
  }
  CublasLt(const CublasLt&) = delete;
  CublasLt& operator=(const CublasLt&) = delete;

  bool complete() const { return lt_.complete; }

  std::string version() const override {
    const std::size_t v = lt_.version();
    return std::to_string(v / 10000) + "." + std::to_string(v / 100 % 100) + "." + std::to_string(v % 100);
  }

  GemmProduct prepare(const GemmShape& shape, GemmPrecision precision,
                      const GemmOperands& operands) override {
    // Chosen once: a step then runs the algorithms that were timed by themselves.
    const Key key{shape.pass, shape.tokens, shape.n, shape.k, shape.count, precision};
    const auto known = chosen_.find(key);
    if (known != chosen_.end()) return known->second;
    return chosen_.emplace(key, fastest(shape, precision, operands)).first->second;
  }
  void forget() override { chosen_.clear(); }

 private:
  struct Trial {
    int candidate = 0;
    std::function<void(const GemmOperands&, LaunchStream)> launch;
    std::unique_ptr<Timer> timer;
    std::vector<double> seconds;
  };
  using Key = std::tuple<GemmPass, std::int64_t, std::int64_t, std::int64_t, std::int64_t, GemmPrecision>;

  GemmProduct fastest(const GemmShape& shape, GemmPrecision precision, const GemmOperands& operands) {
    const auto plan = std::make_shared<Plan>(lt_, shape, precision);
    const auto candidates = propose(*plan);
    GemmProduct best{.candidates = static_cast<int>(candidates.size())};
    std::vector<Trial> trials;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      Trial trial{.candidate = static_cast<int>(i)};
      trial.launch = [this, plan, algorithm = candidates[i].algo](
                         const GemmOperands& o, LaunchStream stream) { run(*plan, algorithm, o, stream); };
      try {
        trial.timer =
            make_cuda_timer([launch = trial.launch, operands](std::size_t) { launch(operands, {}); }, 1,
                            TimingMode::repeated);
      } catch (const UnsupportedShape&) {
        continue;  // proposals are heuristics: one that is refused does not speak for the others
      }
      trials.push_back(std::move(trial));
    }
    // In turns, so that a clock that rises or falls meanwhile does so to all; the first turn warms up.
    for (int turn = 0; turn <= trial_samples; ++turn) {
      for (Trial& trial : trials) {
        const double seconds = trial.timer->sample();
        if (turn > 0) trial.seconds.push_back(seconds);
      }
    }
    double best_seconds = 0.0;
    for (const Trial& trial : trials) {
      const double median = summarize(trial.seconds).median;
      if (best.launch && median >= best_seconds) continue;
      best_seconds = median;
      best.launch = trial.launch;
      best.chosen = trial.candidate;
    }
    if (!best.launch) throw UnsupportedShape("cuBLASLt refuses all algorithms that it proposes");
    return best;
  }

  std::vector<cublasLtMatmulHeuristicResult_t> propose(const Plan& plan) const {
    cublasLtMatmulPreference_t preference = nullptr;
    check_lt(lt_.preference_create(&preference), "asking for algorithms");
    lt_.preference_set(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace_bytes,
                       sizeof workspace_bytes);
    std::array<cublasLtMatmulHeuristicResult_t, most_candidates> results{};
    int count = 0;
    const cublasStatus_t status =
        lt_.heuristic(handle_, plan.description, plan.a, plan.b, plan.result, plan.result, preference,
                      most_candidates, results.data(), &count);
    lt_.preference_destroy(preference);
    check_lt(status, "asking for algorithms");
    std::vector<cublasLtMatmulHeuristicResult_t> usable;
    std::copy_if(results.begin(), results.begin() + count, std::back_inserter(usable),
                 [](const auto& result) { return result.state == CUBLAS_STATUS_SUCCESS; });
    if (usable.empty()) throw UnsupportedShape("cuBLASLt has no algorithm for this product");
    return usable;
  }

  void run(const Plan& plan, const cublasLtMatmulAlgo_t& algorithm, const GemmOperands& o,
           LaunchStream stream) const {
    const float one = 1.0F, zero = 0.0F;
    check_lt(lt_.matmul(handle_, plan.description, &one, o.y, plan.a, o.x, plan.b, &zero, o.result,
                        plan.result, o.result, plan.result, &algorithm, workspace_, workspace_bytes,
                        static_cast<cudaStream_t>(stream.handle)),
             "multiplying matrices");
  }

  SharedLibrary library_;
  Functions lt_;
  cublasLtHandle_t handle_ = nullptr;
  void* workspace_ = nullptr;
  std::map<Key, GemmProduct> chosen_;
};

}  // namespace

std::unique_ptr<GemmLibrary> load_gemm_library(std::string& reason) {
  SharedLibrary library = open_cuda_library(library_name);
  if (!library.opened()) {
    reason = library.error() + "; CUDA_HOME may say where CUDA is";
    return nullptr;
  }
  try {
    auto lt = std::make_unique<CublasLt>(std::move(library));
    if (lt->complete()) return lt;
    reason = std::string(library_name) + " lacks a function";
  } catch (const DeviceError& error) {
    reason = error.what();
  }
  return nullptr;
}

}  // namespace trainbudget::microbench
