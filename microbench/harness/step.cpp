#include "harness/step.h"

#include "harness/workset.h"

#include <map>
#include <set>
#include <stdexcept>

namespace trainbudget::microbench {

namespace {

Planned planned(const std::string& group, const Task& task) {
  return {.group = group, .task = task, .mode = TimingMode::repeated};
}

/// Median seconds by name of all timings that `measurement` holds.
std::map<std::string, double> medians(const trainbudget::Measurement& measurement) {
  std::map<std::string, double> result;
  for (const MeasuredKernel& kernel : measurement.kernels)
    result[kernel.name] = summary_of(kernel.timing).median;
  for (const MeasuredGemm& gemm : measurement.gemms)
    result[gemm.name] = summary_of(gemm.timing).median;
  return result;
}

/// The launches of the step as spans: one span for each run of launches of one part, or one for all.
std::vector<Span> spans_of(const StepComposition& step, const std::map<std::string, Queue>& launches,
                           bool by_part) {
  std::vector<Span> spans;
  for (const StepItem& item : step.items) {
    if (spans.empty() || (by_part && spans.back().part != item.part)) spans.push_back({.part = item.part});
    spans.back().launches.push_back(launches.at(item.task.name));
  }
  return spans;
}

/// Median over `samples` runs of what each part takes in sequence.
void time_parts(Session& session, Sequence& sequence, const std::vector<Span>& spans,
                std::vector<MeasuredPart>& parts) {
  constexpr int samples = 5;
  std::map<std::string, std::vector<double>> seconds;
  for (int i = 0; i < samples && !session.interrupted(); ++i) {
    sequence.sample();
    std::map<std::string, double> sums;
    for (std::size_t span = 0; span < spans.size(); ++span)
      sums[spans[span].part] += sequence.span_seconds()[span];
    for (const auto& [part, sum] : sums)
      seconds[part].push_back(sum);
  }
  for (MeasuredPart& part : parts)
    part.seconds = summarize(seconds[part.name]).median;
}

}  // namespace

void measure_step(Session& session, const StepRun& run, trainbudget::Measurement& measurement,
                  const std::function<void(std::size_t, std::size_t)>& report) {
  const StepComposition& step = run.composition;
  std::map<std::string, const Task*> distinct;
  for (const StepItem& item : step.items)
    distinct.emplace(item.task.name, &item.task);

  // Each launch by itself, over buffers of its own that are freed before the next.
  std::map<std::string, double> single = medians(measurement);
  std::size_t done = 0;
  for (const auto& [name, task] : distinct) {
    report(done++, distinct.size());
    const Planned item = planned(run.model, *task);
    if (session.interrupted()) return;
    if (single.count(item.name()) == 0) session.measure(item, measurement);
  }
  single = medians(measurement);
  for (const auto& [name, task] : distinct) {
    if (single.count(planned(run.model, *task).name()) == 0 && !session.interrupted()) {
      throw std::runtime_error("the step cannot be composed: " +
                               (measurement.failures.empty() ? name : measurement.failures.back()));
    }
  }

  // All of them, over one pool: as in training, a launch finds its buffers where others worked in between.
  BufferPool pool(session.device());
  std::map<std::string, Queue> launches;
  for (const auto& [name, task] : distinct) {
    launches[name] =
        task->is_gemm() ? bind_product(session.device(), pool, task->gemm, GemmPrecision::bf16)
                        : Queue(bind_kernel(session.device(), pool, *find_kernel(task->kernel), task->shape));
  }
  session.device().machine().synchronize();
  const std::vector<MeasuredPart> predicted =
      predicted_parts(step, [&](const Task& task) { return single.at(planned(run.model, task).name()); });

  for (const LaunchMode mode : {LaunchMode::eager, LaunchMode::graph}) {
    if (session.interrupted()) return;
    std::vector<MeasuredPart> parts = predicted;
    const std::vector<Span> spans = spans_of(step, launches, true);
    const auto by_part = session.device().sequence(spans, mode);
    time_parts(session, *by_part, spans, parts);
    const auto whole = session.device().sequence(spans_of(step, launches, false), mode);
    MeasuredTiming timing = session.time(*whole);
    if (timing.samples.empty()) return;
    MeasuredStep measured{.model = run.model,
                          .micro_batch = static_cast<int>(run.request.batch.sequences),
                          .sequence = static_cast<int>(run.request.batch.sequence_length),
                          .layers = run.request.layers,
                          .model_layers = run.model_layers,
                          .recompute = run.request.recompute,
                          .mode = std::string(name_of(mode)),
                          .launches = static_cast<int>(step.items.size()),
                          .optimizer_fraction = 1.0 / step.optimizer_factor,
                          .seconds = scaled_seconds(step, summary_of(timing).median, parts)};
    measured.parts = scaled_to_model(step, std::move(parts));
    for (const MeasuredPart& part : measured.parts)
      measured.predicted_seconds += part.predicted_seconds;
    measured.timing = std::move(timing);
    measurement.steps.push_back(std::move(measured));
  }
}

}  // namespace trainbudget::microbench
