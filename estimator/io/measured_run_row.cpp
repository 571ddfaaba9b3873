#include "io/measured_run_row.h"

#include "io/quantity_text.h"

#include <array>
#include <cmath>

namespace trainbudget::io {
namespace {

constexpr std::array<std::string_view, 61> columns{"id",
                                                   "group",
                                                   "source",
                                                   "phase",
                                                   "model",
                                                   "arch",
                                                   "n_params",
                                                   "n_active",
                                                   "layers",
                                                   "hidden",
                                                   "heads",
                                                   "kv_heads",
                                                   "head_dim",
                                                   "ffn_hidden",
                                                   "vocab",
                                                   "n_experts",
                                                   "topk",
                                                   "arch_src",
                                                   "seq_len",
                                                   "global_batch",
                                                   "micro_batch",
                                                   "gpu",
                                                   "gpu_mem_gb",
                                                   "n_gpus",
                                                   "gpus_per_node",
                                                   "interconnect",
                                                   "precision",
                                                   "tp",
                                                   "pp",
                                                   "vpp",
                                                   "dp",
                                                   "cp",
                                                   "ep",
                                                   "ep_overlap",
                                                   "zero",
                                                   "seq_parallel",
                                                   "recompute",
                                                   "flash",
                                                   "software",
                                                   "date",
                                                   "step_time_s",
                                                   "tok_s_gpu",
                                                   "tflops_gpu",
                                                   "mfu_pct",
                                                   "hfu_pct",
                                                   "flops_conv",
                                                   "peak_mem_gb",
                                                   "measured",
                                                   "noise",
                                                   "notes",
                                                   "check",
                                                   "doubtful",
                                                   "calc_gflop_tok_6n",
                                                   "calc_gflop_tok_attn_full",
                                                   "calc_gflop_tok_attn_causal",
                                                   "calc_mfu_6n_bf16peak",
                                                   "calc_mfu_causal_bf16peak",
                                                   "calc_mfu_causal_precpeak",
                                                   "peak_bf16",
                                                   "best_conv",
                                                   "best_conv_err_pct"};

}  // namespace

std::span<const std::string_view> measured_run_columns() {
  return columns;
}

std::string_view MeasuredRunRow::text(std::string_view column) const {
  const auto found = table_.find_column(column);
  return found ? table_.field(row_, *found) : std::string_view{};
}

Location MeasuredRunRow::location(std::string_view column) const {
  const auto found = table_.find_column(column);
  return found ? table_.location(row_, *found) : table_.location(row_);
}

double MeasuredRunRow::number(std::string_view column) const {
  const std::string_view cell = text(column);
  return cell.empty() ? 0.0 : parse_quantity(cell, QuantityKind::count, location(column));
}

int MeasuredRunRow::integer(std::string_view column, int blank, double most) const {
  if (text(column).empty()) return blank;
  const double value = number(column);
  if (value != std::floor(value) || value > most) {
    throw InputError(location(column), "a whole number up to " + format_quantity(most, QuantityKind::count) +
                                           " is wanted in column " + std::string(column));
  }
  return static_cast<int>(value);
}

std::optional<bool> MeasuredRunRow::flag(std::string_view column) const {
  const std::string_view cell = text(column);
  if (cell.empty()) return std::nullopt;
  if (cell == "0" || cell == "1") return cell == "1";
  throw InputError(location(column), "column " + std::string(column) + " is 0 or 1, not '" +
                                         std::string(cell.substr(0, 40)) + "'");
}

std::string_view MeasuredRunRow::word(std::string_view column, bool& guessed) const {
  std::string_view cell = text(column);
  guessed = cell.ends_with('?');
  if (guessed) cell.remove_suffix(1);
  return cell;
}

}  // namespace trainbudget::io
