#include "render/model_report.h"

#include "core/recipe.h"
#include "core/scaling_law.h"
#include "render/number_text.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace trainbudget::render {
namespace {

Cell whole(double value) {
  return Cell::of(grouped(value), value);
}

Cell flops(double value) {
  return Cell::of(value == 0.0 ? "0" : fmt::format("{:.4g}", value), value);
}

Cell bytes(double value) {
  return Cell::of(number_text(value, Unit::bytes), value);
}

Cell share(double part, double whole) {
  const double fraction = whole > 0.0 ? part / whole : 0.0;
  return Cell::of(std::fabs(fraction) < 5e-4 ? "0.0 %" : number_text(fraction, Unit::fraction), fraction);
}

std::string published_text(const PublishedParameters& published) {
  if (published.rounded_to > 1.0) {
    return number_text(published.count, Unit::count) + ", rounded to " +
           number_text(published.rounded_to, Unit::count);
  }
  return grouped(published.count);
}

Section overview(const ModelProfile& profile, const ModelSummary& sum) {
  const Model& model = profile.model;
  Table table{.columns = {{"what", "What"}, {"value", "Value", false, false, true}}};
  std::vector<std::string> keys;
  const auto add = [&](std::string what, Cell value) {
    keys.push_back(what);
    std::replace(keys.back().begin(), keys.back().end(), ' ', '_');
    table.rows.push_back({Cell::of(std::move(what)), std::move(value)});
  };
  add("family", Cell::of(model.family));
  add("layers", whole(static_cast<double>(model.layers.size())));
  if (!model.encoder_layers.empty())
    add("encoder layers", whole(static_cast<double>(model.encoder_layers.size())));
  add("hidden size", whole(model.hidden_size));
  add("vocabulary", whole(model.vocabulary));
  add("head", Cell::of(model.tied_head ? "tied to the embedding" : "untied"));
  add("norm", Cell::of(std::string(norm_words[static_cast<std::size_t>(model.norm)])));
  add("parameters", whole(sum.total.parameters));
  if (sum.total.active_parameters != sum.total.parameters)
    add("active parameters", whole(sum.total.active_parameters));
  add("embedding parameters", whole(sum.embedding_parameters));
  add("head parameters", whole(sum.head_parameters));
  if (profile.published) {
    add("published parameters", Cell::of(published_text(*profile.published), profile.published->count));
    if (!profile.published->reason.empty()) {
      add("published minus counted",
          Cell::of(grouped(profile.published->difference) + ": " + profile.published->reason,
                   profile.published->difference));
    }
    const Provenance& provenance = profile.published->provenance;
    add("published by", Cell::of(provenance.source));
    add("published count is",
        Cell::of(provenance.origin == Origin::assumed ? "assumed: quoted, not looked up there"
                                                      : "looked up"));
  }
  if (!profile.source.empty()) add("shape from", Cell::of(profile.source));
  return {"model", "Model", std::move(table), std::move(keys)};
}

/// "0–3, 5" for the layers of one kind.
std::string ranges(const std::vector<int>& layers, int kind) {
  std::string text;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i] != kind) continue;
    std::size_t last = i;
    while (last + 1 < layers.size() && layers[last + 1] == kind)
      ++last;
    text += (text.empty() ? "" : ", ") + std::to_string(i) + (last > i ? "–" + std::to_string(last) : "");
    i = last;
  }
  return text;
}

Section structure(const Model& model, const ModelOps& ops, const Sequence& sequence) {
  Table table{.columns = {{"layers", "Layers"},
                          {"count", "Count", true},
                          {"parameters_per_layer", "Parameters each", true},
                          {"flops_per_token_per_layer", "FLOPs/token each", true},
                          {"structure", "Structure", false, false, true}}};
  for (const bool encoder : {true, false}) {
    const std::vector<int>& layers = encoder ? model.encoder_layers : model.layers;
    std::vector<int> kinds;  // in the order of their first layer
    for (const int kind : layers) {
      if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) kinds.push_back(kind);
    }
    for (const int kind : kinds) {
      const auto block = static_cast<std::size_t>(kind);
      const Totals totals = totals_of(ops.blocks[block], sequence);
      table.rows.push_back({Cell::of((encoder ? "encoder " : "") + ranges(layers, kind)),
                            whole(static_cast<double>(std::count(layers.begin(), layers.end(), kind))),
                            whole(totals.parameters), flops(totals.flops()),
                            Cell::of(describe(model.blocks[block]))});
    }
  }
  return {"layers", "Layers", std::move(table), {}};
}

Section parts(const ModelSummary& sum) {
  Table table{.columns = {{"part", "Part"},
                          {"parameters", "Parameters", true},
                          {"active_parameters", "Active", true},
                          {"parameter_share", "Share", true},
                          {"forward_flops_per_token", "Forward FLOPs/token", true},
                          {"backward_flops_per_token", "Backward", true},
                          {"flops_share", "Share", true}}};
  const auto add = [&](std::string name, const Totals& totals) {
    table.rows.push_back({Cell::of(std::move(name)), whole(totals.parameters),
                          whole(totals.active_parameters), share(totals.parameters, sum.total.parameters),
                          flops(totals.forward_flops), flops(totals.backward_flops),
                          share(totals.flops(), sum.total.flops())});
  };
  for (int i = 0; i < part_count; ++i) {
    const Totals& totals = sum.parts[static_cast<std::size_t>(i)];
    if (totals.parameters > 0.0 || totals.flops() > 0.0)
      add(std::string(name_of(static_cast<Part>(i))), totals);
  }
  add("total", sum.total);
  return {"parts", "Parameters and FLOPs by part", std::move(table), {}};
}

Section counts(const ModelOps& ops, const Sequence& sequence, const ModelSummary& sum) {
  constexpr std::array<const char*, gap_term_count> terms{"embedding is looked up",
                                                          "weights used twice (tied head)",
                                                          "experts not visited",
                                                          "norms, biases and other vectors",
                                                          "frozen weights",
                                                          "encoder sees other tokens",
                                                          "attention scores and sums",
                                                          "recurrence"};
  Table table{
      .columns = {{"count", "Count"}, {"flops_per_token", "FLOPs/token", true}, {"share", "Of exact", true}}};
  const auto add = [&](const char* name, double value) {
    table.rows.push_back({Cell::of(name), flops(value), share(value, sum.total.flops())});
  };
  add("6 × parameters", sum.six_n_flops);
  for (int i = 0; i < gap_term_count; ++i) {
    const double value = sum.gap[static_cast<std::size_t>(i)];
    if (value != 0.0) add(terms[static_cast<std::size_t>(i)], value);
  }
  add("exact", sum.total.flops());
  add("6 × active parameters + full attention, as published tables count",
      six_n_plus_attention_flops(ops, sequence));
  const double executed = sum.total.flops() + sum.fused_attention_flops;
  if (sum.fused_attention_flops > 0.0) {
    add("executed: fused attention", executed);
    add("executed: and recompute the attention core", executed + sum.selective_recompute_flops);
  }
  add("executed: recompute every layer", executed + sum.full_recompute_flops);
  return {"flops", "FLOPs per trained token", std::move(table), {}};
}

Section memory(const ModelOps& ops) {
  struct Named {
    const char* name;
    Recipe recipe;
  };
  const LowRankAdapters adapters{.rank = 16, .feed_forward = true};
  const Named recipes[] = {
      {"AdamW, 16-bit weights, fp32 gradients and master", {}},
      {"AdamW, 16-bit gradients", {.gradient_bytes = 2.0}},
      {"AdamW, 16-bit throughout",
       {.optimizer = Optimizer::adamw_16_bit, .gradient_bytes = 2.0, .master_weights = false}},
      {"AdamW, 8-bit moments", {.optimizer = Optimizer::adamw_8_bit}},
      {"Muon", {.optimizer = Optimizer::muon}},
      {"Lion", {.optimizer = Optimizer::lion}},
      {"Adafactor", {.optimizer = Optimizer::adafactor}},
      {"LoRA, rank 16 on all matrices", {.adapters = adapters}},
      {"QLoRA, the same over 4-bit weights", {.weight_bytes = 0.5, .adapters = adapters}},
  };
  Table table{.columns = {{"recipe", "Recipe"},
                          {"weight_bytes", "Weights", true},
                          {"gradient_bytes", "Gradients", true},
                          {"master_bytes", "Master", true},
                          {"optimizer_bytes", "Optimizer", true},
                          {"total_bytes", "Total", true}}};
  for (const Named& named : recipes) {
    const TrainingState state = training_state(named.recipe, apply(named.recipe, ops));
    table.rows.push_back({Cell::of(named.name), bytes(state.weights), bytes(state.gradients),
                          bytes(state.master_weights), bytes(state.optimizer), bytes(state.total())});
  }
  return {"memory", "Memory of the whole model, without activations", std::move(table), {}};
}

Section state(const ModelSummary& sum, const Sequence& sequence) {
  Table table{.columns = {{"what", "Of one sequence"}, {"bytes", "Memory", true}}};
  table.rows.push_back(
      {Cell::of("keys and values of " + grouped(sequence.length) + " tokens"), bytes(sum.cache_bytes)});
  table.rows.push_back({Cell::of("recurrent state, whatever the length"), bytes(sum.state_bytes)});
  return {
      "state", "State in generation", std::move(table), {"key_value_cache_bytes", "recurrent_state_bytes"}};
}

Section scaling(const ModelSummary& sum) {
  Table table{.columns = {{"fit", "Published fit"},
                          {"optimal_tokens", "Compute-optimal tokens", true},
                          {"tokens_per_parameter", "Per parameter", true},
                          {"loss_nats_per_token", "Loss there", true},
                          {"source", "Source", false, true}}};
  // The fits are of dense models: of a mixture, as in a plan, they are asked for what a token visits.
  const double parameters = sum.total.active_parameters;
  const bool dense = parameters == sum.total.parameters;
  for (const ScalingLaw& law : scaling_laws) {
    const Tokens tokens = compute_optimal_tokens(law, parameters);
    const double loss = predicted_loss(law, parameters, tokens);
    table.rows.push_back({Cell::of(std::string(law.name)),
                          Cell::of(number_text(tokens.value, Unit::count), tokens.value),
                          Cell::of(significant(tokens.value / parameters, 3), tokens.value / parameters),
                          Cell::of(significant(loss, 4), loss), Cell::of(std::string(law.source))});
  }
  return {
      "scaling_laws", dense ? "Scaling laws" : "Scaling laws, of active parameters", std::move(table), {}};
}

}  // namespace

Table model_list(std::span<const ModelProfile> profiles) {
  Table table{.columns = {{"name", "Name"},
                          {"title", "Title", false, true},
                          {"family", "Family"},
                          {"parameters", "Parameters", true},
                          {"active_parameters", "Active", true},
                          {"layers", "Layers", true},
                          {"hidden_size", "Hidden", true},
                          {"published_parameters", "Published", true}}};
  for (const ModelProfile& profile : profiles) {
    const ModelSummary sum = summarize(expand(profile.model), {});
    const auto count = [](double value) { return Cell::of(number_text(value, Unit::count), value); };
    table.rows.push_back(
        {Cell::of(profile.model.name), Cell::of(profile.title), Cell::of(profile.model.family),
         count(sum.total.parameters), count(sum.total.active_parameters),
         whole(static_cast<double>(profile.model.layers.size())), whole(profile.model.hidden_size),
         profile.published ? count(profile.published->count) : Cell::unknown()});
  }
  return table;
}

ModelReport model_report(const ModelProfile& profile, const Sequence& sequence) {
  const ModelOps ops = expand(profile.model);
  const ModelSummary sum = summarize(ops, sequence);
  ModelReport report{.name = profile.model.name, .title = profile.title, .notes = profile.notes};
  report.sections = {overview(profile, sum),
                     structure(profile.model, ops, sequence),
                     parts(sum),
                     counts(ops, sequence, sum),
                     memory(ops),
                     state(sum, sequence),
                     scaling(sum)};
  report.notes.push_back(
      "FLOPs and state at sequences of " + grouped(sequence.length) + " tokens, attention counted " +
      (sequence.count == AttentionCount::causal ? "as the mask needs it" : "over the whole square"));
  if (!profile.model.encoder_layers.empty()) {
    report.notes.push_back("the encoder reads " + grouped(sequence.encoder_length) + " tokens for them");
  }
  report.notes.push_back("a scaling law compares plans of one data set and tokenizer; it promises no loss");
  return report;
}

}  // namespace trainbudget::render
