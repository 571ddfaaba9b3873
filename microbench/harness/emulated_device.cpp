#include "harness/device.h"
#include "portable/bfloat16.h"

#include <cstring>

namespace trainbudget::microbench {

namespace {

class WallTimer final : public Timer {
 public:
  WallTimer(std::function<void(std::size_t)> launch, std::size_t sets)
      : launch_(std::move(launch)), sets_(sets) {}
  double sample() override {
    const double start = monotonic_seconds();
    launch_(next_++ % sets_);
    return monotonic_seconds() - start;
  }
  double now() override { return monotonic_seconds(); }

 private:
  std::function<void(std::size_t)> launch_;
  std::size_t sets_;
  std::size_t next_ = 0;
};

class WallSequence final : public Sequence {
 public:
  explicit WallSequence(std::vector<Span> spans) : spans_(std::move(spans)), seconds_(spans_.size()) {}
  double sample() override {
    double total = 0.0;
    for (std::size_t i = 0; i < spans_.size(); ++i) {
      const double start = monotonic_seconds();
      for (const Queue& launch : spans_[i].launches)
        launch({});
      seconds_[i] = monotonic_seconds() - start;
      total += seconds_[i];
    }
    return total;
  }
  const std::vector<double>& span_seconds() const override { return seconds_; }

 private:
  std::vector<Span> spans_;
  std::vector<double> seconds_;
};

/// A row-major matrix or its transpose.
struct View {
  const Bfloat16* data;
  std::int64_t columns;
  bool transposed;
  float at(std::int64_t row, std::int64_t column) const {
    return to_float(data[transposed ? column * columns + row : row * columns + column]);
  }
};

/// result [rows, columns] = a [rows, inner] · b [inner, columns], in bfloat16 with sums in float.
void multiply(const View& a, const View& b, Bfloat16* result, std::int64_t rows, std::int64_t inner,
              std::int64_t columns) {
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      float sum = 0.0F;
      for (std::int64_t l = 0; l < inner; ++l)
        sum += a.at(i, l) * b.at(l, j);
      result[i * columns + j] = from_float<Bfloat16>(sum);
    }
  }
}

void multiply(const GemmShape& s, const GemmOperands& operands) {
  const GemmElements elements = elements_of(s);
  for (std::int64_t matrix = 0; matrix < s.count; ++matrix) {
    const auto* x = static_cast<const Bfloat16*>(operands.x) + matrix * elements.x / s.count;
    const auto* y = static_cast<const Bfloat16*>(operands.y) + matrix * elements.y / s.count;
    auto* result = static_cast<Bfloat16*>(operands.result) + matrix * elements.result / s.count;
    switch (s.pass) {
      case GemmPass::forward:
        multiply(View{x, s.k, false}, View{y, s.k, true}, result, s.tokens, s.k, s.n);
        break;
      case GemmPass::input_gradient:
        multiply(View{x, s.n, false}, View{y, s.k, false}, result, s.tokens, s.n, s.k);
        break;
      case GemmPass::weight_gradient:
        multiply(View{x, s.n, true}, View{y, s.k, false}, result, s.n, s.tokens, s.k);
        break;
    }
  }
}

template <class Element, class Convert>
void fill_elements(void* target, std::int64_t count, const Fill& fill, std::uint64_t stream,
                   Convert convert) {
  auto* elements = static_cast<Element*>(target);
  for (std::int64_t i = 0; i < count; ++i)
    elements[i] = convert(fill.value(stream, static_cast<std::uint64_t>(i)));
}

class EmulatedDevice final : public Device {
 public:
  Machine& machine() override { return *machine_; }
  MeasuredDevice description() override {
    return {.name = "emulated on a CPU", .multiprocessors = 1, .memory_bytes = free_bytes()};
  }
  std::string_view kind() const override { return "emulated"; }
  double free_bytes() override { return 1e9; }
  ReadingSource* readings() override { return nullptr; }

  void fill(void* target, ElementType type, std::int64_t count, const Fill& fill,
            std::uint64_t stream) override {
    switch (type) {
      case ElementType::bfloat16:
        return fill_elements<Bfloat16>(target, count, fill, stream, from_float<Bfloat16>);
      case ElementType::float32:
        return fill_elements<float>(target, count, fill, stream, [](float x) { return x; });
      case ElementType::int32:
        return fill_elements<std::int32_t>(target, count, fill, stream,
                                           [](float x) { return static_cast<std::int32_t>(x); });
    }
  }
  void fill_operand(void* target, GemmPrecision precision, std::int64_t count,
                    std::uint64_t stream) override {
    if (precision != GemmPrecision::bf16) throw UnsupportedShape("emulated products are bf16 alone");
    fill(target, ElementType::bfloat16, count, Fill{}, stream);
  }

  std::unique_ptr<Timer> timer(std::function<void(std::size_t)> launch, std::size_t sets,
                               TimingMode) override {
    return std::make_unique<WallTimer>(std::move(launch), sets);
  }
  std::unique_ptr<Sequence> sequence(std::vector<Span> spans, LaunchMode) override {
    return std::make_unique<WallSequence>(std::move(spans));
  }
  Queue empty_launch() override {
    return [](LaunchStream) {};
  }
  GemmProduct product(const GemmShape& shape, GemmPrecision precision, const GemmOperands&) override {
    if (precision != GemmPrecision::bf16) throw UnsupportedShape("emulated products are bf16 alone");
    return {.launch = [shape](const GemmOperands& operands, LaunchStream) { multiply(shape, operands); },
            .candidates = 1};
  }

 private:
  std::unique_ptr<Machine> machine_ = make_emulated_machine(ThreadOrder::ascending);
};

}  // namespace

std::unique_ptr<Device> make_emulated_device() {
  return std::make_unique<EmulatedDevice>();
}

}  // namespace trainbudget::microbench
