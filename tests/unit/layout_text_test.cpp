// Layouts in words.
#include "io/layout_text.h"

#include "catch.h"
#include "core/workload.h"
#include "input_error_of.h"

using namespace trainbudget;
using io::layout_text;

namespace {

io::YamlNode node(const std::string& text) {
  io::YamlNode result;
  result.kind = io::YamlNode::Kind::scalar;
  result.text = text;
  return result;
}

Layout layout(const std::string& text, double accelerators = 1024) {
  return io::read_layout(node(text), accelerators);
}

}  // namespace

TEST_CASE("a layout says its sizes, and data parallelism is what is left") {
  const Layout read =
      layout("tp=8, pp=4,vpp=2,mbs=1,zero=1,sp,recompute=full,layers=50%,schedule=zero_bubble");
  CHECK(read.tensor == 8);
  CHECK(read.pipeline == 4);
  CHECK(read.chunks == 2);
  CHECK(read.data == 32);
  CHECK(read.sharding == Sharding::optimizer);
  CHECK(read.sequence_parallel);
  CHECK(read.recompute == Recompute::full);
  CHECK(read.recomputed_layers == 0.5);
  CHECK(read.schedule == Schedule::zero_bubble);
  CHECK(layout("ep=8").expert_tensor == 1);
  CHECK(layout("mbs=2").data == 1024);
}

TEST_CASE("a layout is written in the words that it is read in") {
  for (const char* text : {"tp=8,pp=4,dp=32,mbs=1", "tp=2,pp=1,dp=256,mbs=4,cp=2,zero=3,shard=8,sp,offload",
                           "tp=4,pp=1,dp=256,mbs=1,etp=1",
                           "tp=1,pp=2,dp=512,mbs=1,vpp=3,ep=8,etp=1,ep_overlap,recompute=full,layers=5/"
                           "24,schedule=zero_bubble"}) {
    CHECK(layout_text(layout(text)) == text);
    std::string given = text;
    const std::size_t data = given.find("dp=");
    given.erase(data, given.find(',', data) - data + 1);
    CHECK(layout_text(layout(given)) == text);
  }
}

TEST_CASE("modules that are recomputed are named as Megatron-Core names them") {
  const Layout read = layout("recompute=mla_up_proj+moe_act, layers=50%");
  CHECK(read.recompute == Recompute::selective);
  CHECK(read.recomputed_pieces == Pieces(Piece::latent_up, Piece::expert_activation));
  CHECK(read.recomputed_layers == 0.5);
  CHECK(layout_text(read).ends_with("recompute=mla_up_proj+moe_act,layers=1/2"));
  // A module that holds others is all of them, and selective is the attention core.
  CHECK(layout_text(layout("recompute=shared_experts+moe+moe_act")).ends_with("recompute=moe"));
  CHECK(layout("recompute=core_attn") == layout("recompute=selective"));
  CHECK(layout_text(layout("recompute=core_attn")).ends_with("recompute=selective"));
  CHECK(layout_text(layout("recompute=core_attn+layernorm")).ends_with("recompute=core_attn+layernorm"));
}

TEST_CASE("what a layout says without effect is told") {
  Model model{.hidden_size = 64, .vocabulary = 100};
  model.blocks = {{.mixer = Attention{.heads = 2, .kv_heads = 2, .head_size = 32},
                   .feed_forward = Mlp{.intermediate_size = 256}}};
  model.layers = {0, 0};
  const Workload dense = gather(expand(model), {.length = 1024}, {}, true);
  const auto layout_remarks = [&](const Layout& given) { return trainbudget::layout_remarks(dense, given); };
  CHECK(layout_remarks(layout("recompute=layernorm+mlp")).empty());
  CHECK(layout_remarks(layout("recompute=mla_up_proj+moe_act+mlp")) ==
        std::vector<std::string>{"recomputing mla_up_proj changes nothing: this model has none",
                                 "recomputing moe_act changes nothing: this model has none"});
  CHECK(layout_remarks(layout("recompute=selective")) ==
        std::vector<std::string>{"recomputing core_attn changes nothing: fused attention keeps no scores"});
  CHECK(layout_remarks(layout("tp=8,pp=2,sp,zero=1,shard=8,schedule=zero_bubble")).empty());
  CHECK(
      layout_remarks(layout("tp=1,sp")) ==
      std::vector<std::string>{"sequence parallelism (sp) changes nothing without tensor parallelism (tp)"});
  CHECK(layout_remarks(layout("shard=8")) ==
        std::vector<std::string>{
            "a group to shard over (shard) changes nothing where nothing is sharded (zero=0)"});
  CHECK(layout_remarks(layout("tp=8,schedule=zero_bubble")) ==
        std::vector<std::string>{"a zero-bubble schedule changes nothing without pipeline stages (pp)"});
}

TEST_CASE("what is no layout is refused with a hint") {
  const auto error = [](const std::string& text) { return input_error_of([&] { layout(text); }); };
  CHECK_THAT(error("").what(), ContainsSubstring("a layout is empty"));
  CHECK(error(" ").hint == "write tp=8,pp=4,mbs=1, or leave the layout out: the fastest that fits is taken");
  CHECK(std::string(error("tp=3").what()) == "tp × pp × cp = 3 does not divide 1,024 accelerators");
  CHECK(std::string(error("tp=8,dp=64").what()) == "dp is 64, but 128 replicas are left");
  CHECK(std::string(error("tp").what()).starts_with("'tp' in a layout wants a value"));
  CHECK(error("tpp=8").hint == "did you mean 'tp'?");
  CHECK(std::string(error("tp=0").what()) == "tp in a layout is a whole number from 1");
  CHECK(std::string(error("tp=2.5").what()) == "tp in a layout is a whole number from 1");
  CHECK(std::string(error("zero=4").what()) == "zero is 0, 1, 2 or 3");
  CHECK(error("recompute=ful").hint == "did you mean 'full'?");
  CHECK(error("recompute=mla_up_prj").hint == "did you mean 'mla_up_proj'?");
  CHECK(std::string(error("recompute=moe+full").what()) == "unknown recomputation 'full'");
  CHECK(std::string(error("recompute=moe+").what()) == "unknown recomputation ''");
  CHECK(std::string(error("sp=maybe").what()) == "sp in a layout is a flag: sp, sp=1 or sp=0");
  CHECK(std::string(error("tp=8,layers=50%").what()) ==
        "layers in a layout is the share that is recomputed, and nothing is");
  CHECK(error("recompute=none,layers=5/24").hint == "say what: recompute=full,layers=…, or leave layers out");
  CHECK(layout("recompute=none,layers=0%").recompute == Recompute::none);
  CHECK(std::string(error("tp=8,,pp=2").what()) == "a layout is written like tp=8,pp=4,mbs=1");
}
