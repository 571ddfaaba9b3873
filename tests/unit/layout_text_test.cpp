// Layouts in words.
#include "io/layout_text.h"

#include "catch.h"
#include "input_error_of.h"

using namespace trainbudget;

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
    CHECK(io::layout_text(layout(text)) == text);
    std::string given = text;
    const std::size_t data = given.find("dp=");
    given.erase(data, given.find(',', data) - data + 1);
    CHECK(io::layout_text(layout(given)) == text);
  }
}

TEST_CASE("what a layout says without effect is told") {
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
  CHECK(std::string(error("tp=3").what()) == "tp × pp × cp = 3 does not divide 1,024 accelerators");
  CHECK(std::string(error("tp=8,dp=64").what()) == "dp is 64, but 128 replicas are left");
  CHECK(std::string(error("tp").what()).starts_with("'tp' in a layout wants a value"));
  CHECK(error("tpp=8").hint == "did you mean 'tp'?");
  CHECK(std::string(error("tp=0").what()) == "tp in a layout is a whole number from 1");
  CHECK(std::string(error("tp=2.5").what()) == "tp in a layout is a whole number from 1");
  CHECK(std::string(error("zero=4").what()) == "zero is 0, 1, 2 or 3");
  CHECK(error("recompute=ful").hint == "did you mean 'full'?");
  CHECK(std::string(error("sp=maybe").what()) == "sp in a layout is a flag: sp, sp=1 or sp=0");
  CHECK(std::string(error("tp=8,layers=50%").what()) ==
        "layers in a layout is the share that is recomputed, and nothing is");
  CHECK(error("recompute=none,layers=5/24").hint == "say what: recompute=full,layers=…, or leave layers out");
  CHECK(layout("recompute=none,layers=0%").recompute == Recompute::none);
  CHECK(std::string(error("tp=8,,pp=2").what()) == "a layout is written like tp=8,pp=4,mbs=1");
}
