// Training recipes in words.
#include "io/recipe_text.h"

#include "catch.h"
#include "input_error_of.h"

using namespace trainbudget;

namespace {

Recipe recipe(const std::string& yaml) {
  return io::read_recipe(io::parse_yaml(yaml, "recipe"));
}

std::string refusal(const std::string& yaml) {
  return io::describe(input_error_of([&] { recipe(yaml); }));
}

}  // namespace

TEST_CASE("a recipe is a list of words or a mapping, and both say the same") {
  const Recipe words = recipe("lora=16, lora_on=all,weights=nf4,optimizer=adamw_8_bit,gradients=bf16");
  CHECK(words.adapters->rank == 16);
  CHECK(words.adapters->attention);
  CHECK(words.adapters->feed_forward);
  CHECK(words.weight_bytes == 0.5);
  CHECK(words.trained_weight_bytes == 2.0);
  CHECK(words.optimizer == Optimizer::adamw_8_bit);
  CHECK(words.gradient_bytes == 2.0);
  CHECK(words.master_weights);
  const Recipe mapping =
      recipe("{lora: 16, lora_on: all, weights: nf4, optimizer: adamw_8_bit, gradients: bf16}");
  CHECK(io::recipe_text(mapping) == io::recipe_text(words));
  CHECK_FALSE(recipe("lora=8").adapters->feed_forward);
  CHECK_FALSE(recipe("lora=8,lora_on=feed_forward").adapters->attention);
  const Recipe narrow = recipe("weights=fp8");
  CHECK(narrow.weight_bytes == 1.0);
  CHECK(narrow.trained_weight_bytes == 1.0);
  CHECK_FALSE(recipe("optimizer=sgd,master_weights=false").master_weights);
  CHECK(recipe("frozen_layers=12").frozen_layers == 12);
}

TEST_CASE("a recipe is written in the words that it is read in") {
  for (const char* text : {"optimizer=adamw", "optimizer=muon,gradients=bf16,master_weights=false",
                           "optimizer=lion,lora=64,lora_on=feed_forward,weights=nf4,frozen_layers=3",
                           "optimizer=adafactor,weights=fp8"}) {
    CHECK(io::recipe_text(recipe(text)) == text);
  }
}

TEST_CASE("a recipe is described in a sentence") {
  CHECK(io::recipe_description({}) ==
        "training with AdamW: 16-bit weights, 32-bit gradients, moments and master weights");
  CHECK(io::recipe_description(recipe("gradients=bf16,weights=fp8")) ==
        "training with AdamW: fp8 weights, 16-bit gradients, 32-bit moments and master weights");
  CHECK(io::recipe_description(
            recipe("optimizer=adamw_8_bit,lora=8,lora_on=all,weights=nf4,frozen_layers=2")) ==
        "training with AdamW of 8-bit moments, adapters of rank 8 on all matrices of layers, the first 2 "
        "layers "
        "frozen: nf4 weights, 32-bit gradients, 32-bit master weights");
  CHECK(io::recipe_description(recipe("optimizer=sgd,master_weights=false")) ==
        "training with SGD: 16-bit weights, 32-bit gradients, no master weights");
}

TEST_CASE("what a recipe cannot be is refused with a hint") {
  CHECK_THAT(refusal("optimiser=adamw"), ContainsSubstring("optimizer"));
  CHECK_THAT(refusal("optimizer=adam"), ContainsSubstring("adamw"));
  CHECK_THAT(refusal("lora"), ContainsSubstring("wants a value"));
  CHECK_THAT(refusal("lora=0"), ContainsSubstring("from 1"));
  CHECK_THAT(refusal("lora=1.5"), ContainsSubstring("whole number"));
  CHECK_THAT(refusal("lora=8,lora=16"), ContainsSubstring("twice"));
  CHECK_THAT(refusal("lora_on=all"), ContainsSubstring("no lora"));
  CHECK_THAT(refusal("weights=nf4"), ContainsSubstring("lora: 16"));
  CHECK_THAT(refusal("weights=fp8,master_weights=false"), ContainsSubstring("master copy"));
  CHECK_THAT(refusal("gradients=fp8"), ContainsSubstring("fp32"));
  CHECK_THAT(refusal("frozen_layers=-1"), ContainsSubstring("from 0"));
  CHECK_THAT(refusal("''"), ContainsSubstring("written like"));
  CHECK_THAT(refusal("[lora]"), ContainsSubstring("mapping"));
}
