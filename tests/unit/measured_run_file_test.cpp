// Rows of measurements as people keep them, and what is said of those that are incomplete.
#include "io/measured_run_file.h"

#include "catch.h"
#include "input_error_of.h"

#include <memory>

using namespace trainbudget;

namespace {

const io::ProfileFolder& profiles() {
  static const io::ProfileFolder folder(TRAINBUDGET_SOURCE_DIR "/hardware_profiles");
  return folder;
}

const std::string header =
    "id,group,model,arch,n_params,layers,hidden,heads,seq_len,global_batch,micro_batch,gpu,gpu_mem_gb,n_gpus,"
    "gpus_per_node,"
    "interconnect,precision,tp,pp,zero,recompute,flash,software,step_time_s,tok_s_gpu,notes\n";

io::MeasuredRuns read(const std::string& rows) {
  const io::CsvTable table(std::make_shared<const std::string>(header + rows), "steps.csv");
  return io::read_measured_runs(table, io::read_run_names(profiles()), profiles());
}

bool assumes(const MeasuredRun& run, const std::string& what) {
  for (const std::string& assumption : run.assumptions) {
    if (assumption.find(what) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a complete row is read as it is") {
  const MeasuredRun run =
      read(
          "a,mine,Llama-3-8B,dense,8030261248,32,4096,32,8192,128,2,H100 SXM,80,16,8,,bf16,2,1,1,none,1,"
          "Megatron-Bridge NeMo 26.04,3.5,,\n")
          .runs.front();
  CHECK(run.inexpressible.empty());
  CHECK(run.accelerator == "h100-sxm-80gb");
  CHECK(run.cluster == "hgx-h100");
  CHECK(run.stack == "megatron-bridge");
  CHECK(run.date == "2026-04");
  CHECK(run.step_seconds == 3.5);
  CHECK(run.run.layout.tensor == 2);
  CHECK(run.run.layout.data == 8);
  CHECK(run.run.layout.micro_batch == 2);
  CHECK(run.run.layout.sharding == Sharding::optimizer);
  CHECK(run.run.layout.sequence_parallel);
  CHECK(run.run.micro_batches() == 8.0);
  CHECK(run.recompute_stated);
  CHECK(run.layout_stated);
  CHECK(run.shape_stated);
}

TEST_CASE("tokens per second stand for a step time") {
  const MeasuredRun run =
      read("a,mine,Llama-3-8B,dense,,,,,8192,128,1,H100 SXM,80,16,8,,bf16,1,1,1,none,1,x,,10000,\n")
          .runs.front();
  CHECK(run.step_seconds == Approx(128 * 8192 / (10000.0 * 16)));
}

TEST_CASE("what a row leaves open is assumed, and said") {
  const MeasuredRun run = read(
                              "a,mine,Mystery-52B,dense,52e9,,,,1024,1024,,V100 "
                              "SXM,32,64,4,OmniPath,fp16,4,4,,,0,Megatron-LM,30,,\n")
                              .runs.front();
  CHECK(run.inexpressible.empty());
  CHECK(run.cluster == "jean-zay-v100");
  CHECK_FALSE(run.shape_stated);
  CHECK_FALSE(run.layout_stated);
  CHECK_FALSE(run.recompute_stated);
  CHECK(run.model.hidden_size == 8192);
  CHECK(run.model.layers.size() == 65);
  CHECK(assumes(run, "shape from the size alone"));
  CHECK(assumes(run, "a micro-batch of 1"));
  CHECK(assumes(run, "recomputation unknown"));
  CHECK(assumes(run, "sharding of none"));
}

TEST_CASE("a row carries the noise that its source states") {
  const auto with_noise = [](const std::string& noise) {
    const std::string text =
        "id,model,gpu,n_gpus,seq_len,global_batch,step_time_s,noise\na,Llama-3-8B,H100 "
        "SXM,8,8192,128,3.5," +
        noise + "\n";
    const io::CsvTable table(std::make_shared<const std::string>(text), "steps.csv");
    return io::read_measured_runs(table, io::read_run_names(profiles()), profiles()).runs.front();
  };
  CHECK(with_noise("").stated_noise == 0.0);
  CHECK(with_noise("0.4").stated_noise == 0.4);
  const io::InputError percent = input_error_of([&] { with_noise("40"); });
  CHECK(std::string(percent.what()).find("a share") != std::string::npos);
  CHECK(percent.location.line == 2);
}

TEST_CASE("an unstated layout is the fastest usual one that fits") {
  // 70 billion weights on eight GPUs of 80 GB with tensor parallelism, never over three of them, nor over
  // more ranks than the batch of one sequence a rank allows.
  const MeasuredRun megatron = read(
                                   "a,mine,Llama-3-70B,dense,70553706496,80,8192,64,4096,64,,H100 "
                                   "SXM,80,64,8,,bf16,,,,none,1,Megatron-Bridge NeMo 26.04,10,,\n")
                                   .runs.front();
  CHECK(megatron.inexpressible.empty());
  CHECK_FALSE(megatron.layout_stated);
  const Layout& layout = megatron.run.layout;
  CHECK(layout.accelerators() == 64.0);
  CHECK(layout.tensor * layout.pipeline >= 8);  // four would hold 71 GB of weights and gradients each
  CHECK(8 % layout.tensor == 0);
  CHECK((80 % layout.pipeline == 0 || 82 % layout.pipeline == 0));
  CHECK(layout.context == 1);  // sequences of 4,096 tokens are not split
  CHECK(layout.recompute == Recompute::none);
  CHECK(assumes(megatron, "tensor parallelism of"));
  // A stack that shards weights has no pipelines.
  const MeasuredRun sharded = read(
                                  "a,mine,Llama-3-70B,dense,70553706496,80,8192,64,4096,64,,H100 "
                                  "SXM,80,64,8,,bf16,,,,,1,torchtitan,10,,\n")
                                  .runs.front();
  CHECK(sharded.run.layout.sharding == Sharding::parameters);
  CHECK(sharded.run.layout.pipeline == 1);
}

TEST_CASE("the remark beside a ZeRO stage tells of offload, the precision of how gradients are kept") {
  const auto row = [](const std::string& precision, const std::string& zero) {
    return read(
               "a,mine,Llama-3-8B,dense,8030261248,32,4096,32,2048,64,4,A100 "
               "SXM,80,16,8,," +
               precision + ",1,1," + zero + ",full,0,Megatron-DeepSpeed 3D,3.5,,\n")
        .runs.front();
  };
  CHECK_FALSE(row("fp16", "3").run.layout.offload_optimizer);
  CHECK(row("fp16", "3 (optimizer offload)").run.layout.offload_optimizer);
  CHECK(row("fp16", "1").run.recipe.micro_batch_gradient_bytes == 0.0);
  CHECK(row("bf16", "1").run.recipe.micro_batch_gradient_bytes == 2.0);
}

TEST_CASE("an overlapped exchange of tokens is told by a column of its own, 0 or 1") {
  const auto read_flag = [](const std::string& flag) {
    const io::CsvTable table(
        std::make_shared<const std::string>("id,model,arch,seq_len,global_batch,micro_batch,gpu,n_gpus,"
                                            "precision,tp,pp,ep,ep_overlap,software,step_time_s\n"
                                            "a,Qwen3-30B-A3B,moe,4096,512,4,H100 SXM,16,bf16,1,1,8," +
                                            flag + ",Megatron-Bridge NeMo 26.04,10\n"),
        "steps.csv");
    return io::read_measured_runs(table, io::read_run_names(profiles()), profiles()).runs.front().run.layout;
  };
  CHECK(read_flag("1").expert_overlap);
  CHECK_FALSE(read_flag("0").expert_overlap);
  CHECK_FALSE(read_flag("").expert_overlap);
  const io::InputError error = input_error_of([&] { read_flag("yes"); });
  CHECK(std::string(error.what()) == "column ep_overlap is 0 or 1, not 'yes'");
  CHECK(error.location.line == 2);
}

TEST_CASE("a row that cannot be expressed is kept, with the reason") {
  const auto why = [](const std::string& row) { return read(row).runs.front().inexpressible; };
  CHECK(why("a,g,Llama-3-8B,dense,,,,,8192,128,1,H100 SXM,80,16,8,,bf16,1,1,1,none,1,x,,,\n") ==
        "neither a step time nor tokens per second");
  CHECK(why("a,g,Llama-3-8B,dense,,,,,8192,128,1,Abacus,,16,8,,bf16,1,1,1,none,1,x,1,,\n") ==
        "no profile for accelerator 'Abacus'");
  CHECK(why("a,g,Strange,hybrid,,,,,8192,128,1,H100 SXM,80,16,8,,bf16,1,1,1,none,1,x,1,,\n") ==
        "the shape of Strange is not known: no profile, and not enough columns");
  CHECK(why("a,g,Llama-3-8B,dense,,,,,8192,128,1,H100 SXM,80,16,8,,bf16,3,1,1,none,1,x,1,,\n") ==
        "tp·pp·cp = 3 does not divide 16 accelerators");
  CHECK(why("a,g,Llama-3-8B,dense,,,,,8192,8,1,H100 SXM,80,16,8,,bf16,1,1,1,none,1,x,1,,\n") ==
        "a batch of 8 sequences for 16 data-parallel ranks");
  CHECK(why("a,g,Llama-3-8B,dense,,,,,8192,128,1,V100 SXM,32,16,8,,bf16,1,1,1,none,1,x,1,,\n") ==
        "v100-sxm-32gb has no peak at bf16");
}

TEST_CASE("sizes that no machine has are refused before anything is computed") {
  const MeasuredRun run =
      read("a,g,X,dense,52e12,,1,,1024,1024,1,V100 SXM,32,64,4,,fp16,1,1,,full,0,x,30,,\n").runs.front();
  CHECK(run.inexpressible == "no shape of that size and width has up to 10,000 layers");
  CHECK(input_error_of([] {
          read("a,g,X,dense,52e9,,,,1024,1024,1,V100 SXM,32,64000000000000,4,,fp16,1,1,,full,0,x,30,,\n");
        }).location.line == 2);
  // A size beyond all bounds is a guess like another, and ends.
  CHECK_FALSE(read("a,g,X,dense,1e300,,,,1024,1024,1,V100 SXM,32,64,4,,fp16,1,1,,full,0,x,30,,\n")
                  .runs.front()
                  .inexpressible.empty());
}

TEST_CASE("slices of a model take its first layers") {
  const MeasuredRun run =
      read("a,g,DeepSeek-V3 (4-layer slice),moe,,4,,,4096,8,1,B200 SXM,180,8,8,,bf16,1,1,1,none,1,x,1,,\n")
          .runs.front();
  CHECK(run.inexpressible.empty());
  CHECK(run.model.layers.size() == 4);
  CHECK(run.model.predicted_tokens == 0);
}

TEST_CASE("a bad cell is an error at its place") {
  const auto place = [](const std::string& row) { return input_error_of([&] { read(row); }); };
  CHECK(place("a,g,Llama-3-8B,dense,,,,,8192,many,1,H100 SXM,80,16,8,,bf16,1,1,1,none,1,x,1,,\n")
            .location.line == 2);
  CHECK(place("a,g,Llama-3-8B,dense,,,,,8192,128,1,H100 SXM,80,16,8,,bf99,1,1,1,none,1,x,1,,\n").hint ==
        "one of bf16, fp16, fp8, mxfp8, nvfp4, int8, tf32");
  const auto unknown = input_error_of([] {
    const io::CsvTable table(std::make_shared<const std::string>("gpu,n_gpu,seq_len,global_batch\n"),
                             "x.csv");
    io::read_measured_runs(table, io::read_run_names(profiles()), profiles());
  });
  CHECK(std::string(unknown.what()) == "unknown column 'n_gpu'");
  CHECK(unknown.hint == "did you mean 'n_gpus'?");
}

TEST_CASE("of the published rows, these are expressible") {
  const io::MeasuredRuns all = io::read_published_runs(profiles());
  int expressible = 0;
  int scored = 0;
  for (const MeasuredRun& run : all.runs) {
    expressible += run.inexpressible.empty() ? 1 : 0;
    scored += run.inexpressible.empty() && !run.doubtful ? 1 : 0;
  }
  CHECK(all.runs.size() == 1002);
  CHECK(expressible == 907);
  CHECK(scored == 811);
}
