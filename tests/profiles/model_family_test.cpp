// Models of any size in the manner of a family's public ones.
#include "io/model_family.h"

#include "catch.h"
#include "core/model_ops.h"
#include "core/model_summary.h"
#include "io/model_file.h"
#include "profiles.h"

#include <algorithm>
#include <set>

using namespace trainbudget;

namespace {
double parameters(const Model& model) {
  return summarize(expand(model), {.length = 4096.0}).total.parameters;
}

Model named(const std::string& name) {
  return io::read_family_model(profiles::folder(), name, {}).model;
}

std::string refusal(const std::string& name) {
  try {
    named(name);
  } catch (const io::InputError& error) {
    return error.what() + std::string("; ") + error.hint;
  }
  return "accepted";
}
}  // namespace

TEST_CASE("a public model resized to its own shape is that model") {
  int checked = 0;
  for (const ModelProfile& profile : io::read_all_models(profiles::folder())) {
    if (!is_resizable(profile.model)) continue;
    CAPTURE(profile.model.name);
    const Model same = resized(profile.model, shape_of(profile.model), "same");
    CHECK(problem(same).empty());
    // Widths of MLPs are rounded to 128, those of a few models are not.
    CHECK(parameters(same) == Approx(parameters(profile.model)).epsilon(0.02));
    ++checked;
  }
  CHECK(checked > 60);
}

TEST_CASE("RWKV-7 between its public sizes has the exact parameters of its trainer") {
  // 12·D² + 19·D + 2·D·(w + a + v + g) a layer, 2·V·D + 4·D besides; layer 0 lacks the value residual D +
  // 2·D·v. The trainer's ranks at D = 3072: 2.5·√D = 138.6 → 128, twice; 1.7·√D = 94.2 → 96; 5·√D = 277.1 →
  // 288.
  const double d = 3072.0;
  const double layer = 12.0 * d * d + 19.0 * d + 2.0 * d * (128 + 128 + 96 + 288);
  CHECK(parameters(named("rwkv-7@l30-d3072")) ==
        30.0 * layer + 2.0 * 65536.0 * d + 4.0 * d - (d + 2.0 * d * 96));
  // Where a shape is public, so are its ranks.
  CHECK(parameters(named("rwkv-7@l32-d4096")) == 7199141888.0);
}

TEST_CASE("a transformer keeps its head size, its MLP's ratio and key heads that divide") {
  const Model model = named("llama-3@l28-d3584");
  const auto& attention = std::get<Attention>(model.blocks.front().mixer);
  CHECK(attention.heads == 28);
  CHECK(attention.kv_heads == 7);
  CHECK(attention.head_size == 128);
  CHECK(std::get<Mlp>(model.blocks.front().feed_forward).intermediate_size == 12544);  // 3.5 × 3584
}

TEST_CASE("a family is the models of one vocabulary, smallest first, others are named") {
  const io::ModelFamily family = io::read_family(profiles::folder(), "RWKV-7", {});
  REQUIRE(family.members.size() == 6);
  CHECK(family.members.front().model.name == "rwkv-7-0.1b");
  CHECK(family.members.back().model.name == "rwkv-7-13.3b");
  CHECK(family.left_out ==
        std::vector<std::string>{"rwkv-7-pile-0.1b", "rwkv-7-pile-0.4b", "rwkv-7-pile-1.4b"});
  CHECK(family.scales);
  CHECK_FALSE(io::read_family(profiles::folder(), "mixtral", {}).scales);
}

TEST_CASE("a size is in the manner of the nearest member whose heads divide its width") {
  // Of 2304 GPT-3 2.7B (heads of 80) is nearer in width than GPT-3 1.3B (heads of 128).
  const Model model = named("gpt-3@l29-d2304");
  const auto& attention = std::get<Attention>(model.blocks.front().mixer);
  CHECK(attention.head_size == 128);
  CHECK(attention.heads == 18);
  CHECK(std::get<Attention>(named("gpt-3@l29-d2400").blocks.front().mixer).head_size == 80);
}

TEST_CASE("a family is meant by what its models begin with, or by its label") {
  const auto first = [](const char* family) {
    return io::read_family(profiles::folder(), family, {}).members.front().model.name;
  };
  CHECK(first("qwen3-moe") == "qwen3-30b-a3b");
  CHECK(first("granite-hybrid") == "granite-4.0-h-small");
  CHECK(first("granite-4.0") == "granite-4.0-h-small");
}

TEST_CASE("shapes lie between the public ones, grow, and no step is larger than asked by much") {
  const std::vector<ModelShape> known{{61, 4096}, {12, 768}, {24, 2048}, {32, 4096}};
  const std::vector<ModelShape> shapes = shapes_between(known, 128, 1.1, 8.0);
  const auto body = [](ModelShape s) { return 1.0 * s.layers * s.hidden_size * s.hidden_size; };
  double last = body({12, 768});
  for (const ModelShape& shape : shapes) {
    CHECK(shape.hidden_size % 128 == 0);
    CHECK(std::find(known.begin(), known.end(), shape) == known.end());
    CHECK(body(shape) > last);
    CHECK(body(shape) / last < 1.35);  // small models have coarse widths
    last = body(shape);
  }
  CHECK(last / body({61, 4096}) == Approx(8.0).epsilon(0.05));
  CHECK(shapes_between(std::vector<ModelShape>{{12, 768}}, 128, 1.1, 1.0).empty());
}

TEST_CASE("a size that cannot be is refused with a way out") {
  CHECK(refusal("rwkv-7@l28").find("rwkv-7@l28-d2816: layers, width") != std::string::npos);
  CHECK(refusal("rwkv-7@l28-d2800").find("rwkv-7@l28-d2688 is near") != std::string::npos);
  CHECK(refusal("rwkv-7@l0-d128").find("names no model") != std::string::npos);
  CHECK(refusal("rwkv-7@l99999999999-d128").find("names no model") != std::string::npos);
  CHECK(refusal("rwkv-77@l2-d128").find("did you mean 'rwkv-7'") != std::string::npos);
  CHECK(refusal("@l2-d128").find("no public model") != std::string::npos);
  CHECK(refusal("mixtral@l2-d128").find("not known") != std::string::npos);
}
