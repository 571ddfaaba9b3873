#include "io/measured_run_file.h"

#include "core/machine.h"
#include "core/usual_layout.h"
#include "core/workload.h"
#include "io/accelerator_file.h"
#include "io/cluster_file.h"
#include "io/layout_text.h"
#include "io/measured_model.h"
#include "io/measured_run_row.h"
#include "io/model_file.h"
#include "io/profile_names.h"
#include "io/quantity_text.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace trainbudget::io {
namespace {

using Row = MeasuredRunRow;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

class Reader {
 public:
  Reader(const RunNames& names, const ProfileFolder& profiles)
      : names_(names), profiles_(profiles), models_(profiles, names) {}

  MeasuredRun read(const Row& row) {
    MeasuredRun run;
    run.id = row.string("id");
    run.group = row.string("group");
    run.source = row.string("source");
    run.architecture = row.string("arch");
    if (run.architecture.empty()) run.architecture = "dense";
    run.precision_label = row.string("precision");
    run.software = row.string("software");
    run.doubtful = row.integer("doubtful", 0) != 0;
    run.stated_noise = row.number("noise");
    if (run.stated_noise >= 1.0)
      throw InputError(row.location("noise"), "column noise is a share: 0.4 where a run differs by 40 %");
    constexpr int most_accelerators = 10'000'000;
    run.accelerators = row.integer("n_gpus", 0, most_accelerators);
    read_software(row, run);
    read_hardware(row, run);
    read_model(row, run);
    read_precision(row, run);
    read_layout(row, run);
    read_time(row, run);
    if (run.inexpressible.empty()) check(run);
    return run;
  }

  MeasuredRuns result;

 private:
  static void refuse(MeasuredRun& run, const std::string& why) {
    if (run.inexpressible.empty()) run.inexpressible = why;
  }
  static void assume(MeasuredRun& run, std::string what) { run.assumptions.push_back(std::move(what)); }

  void read_software(const Row& row, MeasuredRun& run) {
    software_ = names_.find_software(run.software, row.text("notes"), row.text("precision"));
    if (software_ == nullptr) {
      software_ = &unknown_;
      run.stack = run.software.empty() ? "unknown" : lower_case(run.software);
    } else {
      run.stack = software_->stack;
    }
    run.date = row.string("date");
    if (run.date.empty()) run.date = release_date(run.software);
    if (run.date.empty()) run.date = software_->date;
  }

  /// "NeMo 26.04.01" is of April 2026; empty where the text has no such version.
  static std::string release_date(std::string_view text) {
    const auto digit = [&](std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
    for (std::size_t i = 0; i + 4 < text.size(); ++i) {
      if (!digit(i) || !digit(i + 1) || text[i + 2] != '.' || !digit(i + 3) || !digit(i + 4)) continue;
      if ((i > 0 && (digit(i - 1) || text[i - 1] == '.')) || digit(i + 5)) continue;
      const int year = (text[i] - '0') * 10 + (text[i + 1] - '0');
      const int month = (text[i + 3] - '0') * 10 + (text[i + 4] - '0');
      if (year >= 20 && month >= 1 && month <= 12)
        return "20" + std::string(text.substr(i, 2)) + "-" + std::string(text.substr(i + 3, 2));
    }
    return {};
  }

  void read_hardware(const Row& row, MeasuredRun& run) {
    bool guessed = false;
    const std::string gpu(row.word("gpu", guessed));
    std::string cluster;
    if (const AcceleratorNames* known = names_.find_accelerator(gpu, row.number("gpu_mem_gb"))) {
      run.accelerator = known->accelerator;
      cluster = known->cluster;
      const std::string_view interconnect = row.text("interconnect");
      if (const std::string_view stated = names_.find_cluster(interconnect, run.accelerator); !stated.empty())
        cluster = stated;
      else if (run.accelerators > row.number("gpus_per_node"))
        assume(run, "network of " + cluster);
    } else if (const auto profiles = profiles_.meant(accelerator_profiles, gpu); profiles.size() == 1) {
      run.accelerator = profiles.front();
      cluster = cluster_named(row.text("interconnect"), run);
      if (cluster.empty()) refuse(run, "no network is known for " + run.accelerator);
    } else {
      refuse(run, gpu.empty() ? "no accelerator is named" : "no profile for accelerator '" + gpu + "'");
      return;
    }
    if (guessed) assume(run, "accelerator " + run.accelerator);
    if (!result.accelerators.contains(run.accelerator)) {
      result.accelerators.emplace(run.accelerator,
                                  find_accelerator(profiles_, run.accelerator, row.location("gpu")));
    }
    run.cluster = cluster;
    if (!cluster.empty() && !result.clusters.contains(cluster))
      result.clusters.emplace(cluster, find_cluster(profiles_, cluster, row.location("interconnect")));
  }

  /// The cluster of an accelerator that is named by its profile: a profile as well, else what is assumed
  /// where published tables name this accelerator; empty where neither says.
  std::string cluster_named(std::string_view interconnect, MeasuredRun& run) const {
    const auto profiles = profiles_.meant(cluster_profiles, std::string(interconnect));
    if (profiles.size() == 1 && find_cluster(profiles_, profiles.front(), {}).accelerator == run.accelerator)
      return profiles.front();
    for (const AcceleratorNames& known : names_.accelerators) {
      if (known.accelerator != run.accelerator) continue;
      assume(run, "network of " + known.cluster);
      return known.cluster;
    }
    return {};
  }

  void read_model(const Row& row, MeasuredRun& run) {
    const ModelColumns columns_of_row{.name = row.string("model"),
                                      .architecture = run.architecture,
                                      .parameters = row.number("n_params"),
                                      .layers = row.integer("layers", 0, most_layers),
                                      .hidden = row.integer("hidden", 0),
                                      .heads = row.integer("heads", 0),
                                      .kv_heads = row.integer("kv_heads", 0),
                                      .head_size = row.integer("head_dim", 0),
                                      .feed_forward = row.integer("ffn_hidden", 0),
                                      .vocabulary = row.integer("vocab", 0),
                                      .experts = row.integer("n_experts", 0),
                                      .active_experts = row.integer("topk", 0),
                                      .tensor = std::max(1, row.integer("tp", 1))};
    MeasuredModel found = models_.find(columns_of_row);
    if (!found.inexpressible.empty()) refuse(run, found.inexpressible);
    run.model = std::move(found.model);
    run.shape_stated = found.shape_stated;
    for (std::string& assumption : found.assumptions)
      assume(run, std::move(assumption));

    const std::string_view flash = row.text("flash");
    run.run.fused_attention = flash != "0";
    if (flash.empty()) assume(run, "fused attention");
    // Unfused kernels are of the days of dropout.
    if (!run.run.fused_attention) run.model.dropout = true;

    run.run.sequence.length = row.number("seq_len");
    if (run.run.sequence.length <= 0.0) refuse(run, "no sequence length");
    run.run.recipe.gradient_bytes = software_->gradient_bytes;
    run.run.recipe.micro_batch_gradient_bytes = software_->micro_batch_gradient_bytes;
    run.memory_is_in_use = software_->memory_in_use;
    if (contains(row.text("phase"), "lora")) {
      run.run.recipe.adapters = LowRankAdapters{.rank = 16};
      assume(run, "adapters of rank 16 on attention");
    }
  }

  void read_precision(const Row& row, MeasuredRun& run) {
    const std::string_view label = row.text("precision");
    Precision& precision = run.run.precision;
    if (label.starts_with("mxfp8") || label.starts_with("fp8") || contains(label, "fp8")) {
      precision = Precision::fp8;
    } else if (contains(label, "fp4")) {
      precision = Precision::fp4;
    } else if (label.starts_with("int8")) {
      precision = Precision::int8;
    } else if (label.starts_with("fp16")) {
      precision = Precision::fp16;
    } else if (label.starts_with("fp32") || label.starts_with("tf32")) {
      precision = Precision::tf32;
    } else if (label.starts_with("bf16")) {
      precision = Precision::bf16;
    } else if (label.empty()) {
      const auto accelerator = result.accelerators.find(run.accelerator);
      const bool has_bf16 = accelerator != result.accelerators.end() &&
                            find_peak(accelerator->second.peak, Precision::bf16) != nullptr;
      precision = has_bf16 ? Precision::bf16 : Precision::fp16;
      assume(run, "precision " + std::string(name_of(precision)));
    } else {
      throw InputError(row.location("precision"),
                       "unknown precision '" + std::string(label.substr(0, 40)) + "'",
                       "one of bf16, fp16, fp8, mxfp8, nvfp4, int8, tf32");
    }
    if (contains(label, "?") || contains(label, " or "))
      assume(run, "precision " + std::string(name_of(precision)) + " of '" + std::string(label) + "'");
  }

  /// Where nothing is said of the layout: a usual one.
  void assume_layout(const Row& row, MeasuredRun& run) const {
    run.layout_stated = false;
    Layout& layout = run.run.layout;
    if (!run.inexpressible.empty()) return;
    const Accelerator& accelerator = result.accelerators.at(run.accelerator);
    const auto machine = machine_of(accelerator, result.clusters.at(run.cluster), run.run.precision);
    if (!machine || machine->fabric.tiers == 0) return;
    const ModelOps ops = apply(run.run.recipe, expand(run.model));
    const Workload workload = gather(ops, run.run.sequence, run.run.recipe, run.run.fused_attention);
    const double batch = row.number("global_batch");
    const LayoutClues clues{.accelerators = run.accelerators,
                            .global_batch = batch > 0.0 ? batch : run.accelerators,
                            .micro_batch = row.integer("micro_batch", 0),
                            .sharding = layout.sharding,
                            .offload_optimizer = layout.offload_optimizer,
                            .sequence_parallel = software_->sequence_parallel};
    if (const std::optional<Layout> found = usual_layout(workload, *machine, clues)) layout = *found;
    layout.recompute = Recompute::none;  // the row's own column says
    std::string words = "tensor parallelism of " + std::to_string(layout.tensor) + ", pipelines of " +
                        std::to_string(layout.pipeline);
    if (layout.context > 1) words += ", context parallelism of " + std::to_string(layout.context);
    if (layout.expert > 1) words += ", expert parallelism of " + std::to_string(layout.expert);
    assume(run, std::move(words));
  }

  static Sharding sharding_of(std::string_view word, const Location& where) {
    if (word.starts_with('0')) return Sharding::none;
    if (word.starts_with('1')) return Sharding::optimizer;
    if (word.starts_with('2')) return Sharding::gradients;
    if (word.starts_with('3')) return Sharding::parameters;
    throw InputError(where,
                     "column zero begins with 0, 1, 2 or 3, not '" + std::string(word.substr(0, 40)) + "'");
  }

  void read_layout(const Row& row, MeasuredRun& run) {
    Layout& layout = run.run.layout;
    bool guessed = false;
    const std::string_view zero = row.word("zero", guessed);
    layout.sharding = zero.empty() ? software_->sharding : sharding_of(zero, row.location("zero"));
    layout.offload_optimizer = contains(zero, "offload");
    const bool stated = !row.text("tp").empty() && !row.text("pp").empty();
    layout.tensor = std::max(1, row.integer("tp", 1));
    layout.pipeline = std::max(1, row.integer("pp", 1));
    layout.chunks = layout.pipeline > 1 ? std::max(1, row.integer("vpp", 1)) : 1;
    layout.context = std::max(1, row.integer("cp", 1));
    layout.expert = std::max(1, row.integer("ep", 1));
    if (layout.expert > 1) layout.expert_tensor = 1;
    layout.expert_overlap = row.flag("ep_overlap").value_or(false);
    if (!stated) assume_layout(row, run);
    if (contains(lower_case(run.software), "zb") || contains(lower_case(run.software), "zero-bubble"))
      layout.schedule = Schedule::zero_bubble;

    const double model_ranks = static_cast<double>(layout.tensor) * layout.pipeline * layout.context;
    const double data = run.accelerators / model_ranks;
    if (run.accelerators < 1.0 || data != std::floor(data)) {
      refuse(run, "tp·pp·cp = " + format_quantity(model_ranks, QuantityKind::count) + " does not divide " +
                      format_quantity(run.accelerators, QuantityKind::count) + " accelerators");
      return;
    }
    layout.data = static_cast<int>(data);

    if (zero.empty() && layout.data > 1)
      assume(run, "sharding of " + std::string(sharding_words[static_cast<std::size_t>(layout.sharding)]));
    layout.sequence_parallel =
        layout.tensor > 1 && row.flag("seq_parallel").value_or(software_->sequence_parallel);

    const std::string_view recompute = row.word("recompute", guessed);
    if (recompute.empty() || recompute == "unstated") {
      run.recompute_stated = false;
      assume(run, "recomputation unknown");
    } else {
      read_recomputation(recompute, row.location("recompute"), layout);
    }
    read_batch(row, run);
  }

  void read_batch(const Row& row, MeasuredRun& run) {
    Layout& layout = run.run.layout;
    const bool micro_stated = !row.text("micro_batch").empty();
    layout.micro_batch = std::max(1, row.integer("micro_batch", layout.micro_batch));
    run.run.global_batch = row.number("global_batch");
    constexpr double usual_tokens = 8192.0;
    const double length = std::max(1.0, run.run.sequence.length);
    if (run.run.global_batch <= 0.0 && run.run.layout.pipeline > 1) {
      refuse(run, "no batch size, on which the bubble of a pipeline depends");
    } else if (run.run.global_batch <= 0.0 && run.run.sequence.length > 0.0) {
      // Nothing is said of the batch: one micro-batch of about 8K tokens on each rank.
      if (!micro_stated)
        layout.micro_batch = std::max(1, static_cast<int>(usual_tokens * layout.context / length));
      run.run.global_batch = static_cast<double>(layout.micro_batch) * layout.data;
      run.layout_stated = false;
      assume(run, "a batch of " + format_quantity(run.run.global_batch, QuantityKind::count) + " sequences");
    } else if (!micro_stated) {
      const double local = run.run.global_batch / layout.data;
      if (run.layout_stated && layout.pipeline == 1 && local == std::floor(local)) {
        const int most = std::max(1, static_cast<int>(usual_tokens * layout.context / length));
        for (int size = 1; size <= most && size <= local; ++size) {
          if (std::fmod(local, size) == 0.0) layout.micro_batch = size;
        }
      }
      run.layout_stated = false;
      assume(run, "a micro-batch of " + std::to_string(layout.micro_batch));
    }
    if (run.run.global_batch < static_cast<double>(layout.data))
      refuse(run, "a batch of " + format_quantity(run.run.global_batch, QuantityKind::count) +
                      " sequences for " + std::to_string(layout.data) + " data-parallel ranks");
  }

  static void read_time(const Row& row, MeasuredRun& run) {
    run.step_seconds = row.number("step_time_s");
    if (run.step_seconds <= 0.0) {
      const double rate = row.number("tok_s_gpu") * run.accelerators;
      if (rate > 0.0) {
        run.step_seconds = run.run.tokens_per_step() / rate;
      } else {
        refuse(run, "neither a step time nor tokens per second");
      }
    }
    if (const double memory = row.number("peak_mem_gb"); memory > 0.0) run.peak_memory_bytes = memory * 1e9;
  }

  void check(MeasuredRun& run) const {
    const auto cluster = result.clusters.find(run.cluster);
    const auto machine =
        machine_of(result.accelerators.at(run.accelerator), cluster->second, run.run.precision);
    if (!machine) {
      refuse(run, run.accelerator + " has no peak at " + std::string(name_of(run.run.precision)));
      return;
    }
    const ModelOps ops = apply(run.run.recipe, expand(run.model));
    const Workload workload = gather(ops, run.run.sequence, run.run.recipe, run.run.fused_attention);
    refuse(run, layout_problem(workload, *machine, run.run.layout, run.run.global_batch));
  }

  const RunNames& names_;
  const ProfileFolder& profiles_;
  MeasuredModels models_;
  const SoftwareNames unknown_;
  const SoftwareNames* software_ = nullptr;
};

}  // namespace

MeasuredRuns read_measured_runs(const CsvTable& table, const RunNames& names, const ProfileFolder& profiles) {
  table.check_columns(measured_run_columns());
  for (const std::string_view needed : {"gpu", "n_gpus", "seq_len", "global_batch"})
    table.column(needed);
  Reader reader(names, profiles);
  for (std::size_t row = 0; row < table.rows(); ++row)
    reader.result.runs.push_back(reader.read(Row(table, row)));
  return std::move(reader.result);
}

RunNames read_run_names(const ProfileFolder& profiles) {
  return read_run_names(read_yaml_file(profiles.path("../published_runs/names.yaml")));
}

MeasuredRuns read_published_runs(const ProfileFolder& profiles) {
  const RunNames names = read_run_names(profiles);
  return read_measured_runs(read_csv_file(profiles.path("../published_runs/steps.csv")), names, profiles);
}

}  // namespace trainbudget::io
