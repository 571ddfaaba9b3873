// Each format of training log as its program writes it, and as it is found: torn, interleaved, restarted.
#include "catch.h"
#include "core/progress.h"
#include "io/log/log_format.h"
#include "io/log/log_text.h"
#include "unit/input_error_of.h"

#include <cmath>
#include <string>

using namespace trainbudget;
using io::parse_training_log;

namespace {

constexpr const char* rwkv =
    "NEW RUN 2026-11-01-08-00-00\n"
    "{'load_model': '', 'epoch_steps': 315, 'epoch_begin': 0, 'ctx_len': 4096, 'my_exit_tokens': "
    "1000000000,\n"
    "not a line of ours\n"
    "{'ctx_len': 512, 'epoch_steps': 315, 'my_exit_tokens': 1000000000, 'devices': 8, 'num_nodes': 2, "
    "'real_bsz': "
    "128}\n"
    "0 3.100000 22.1980 0.00060000 2026-11-01 08:10:00.500000 0\n"
    "1 nan nan 0.00060000 2026-11-01 08:20:00.500000 1\n"
    "2 2.9000";

constexpr const char* megatron =
    "  seq_length ...................................... 2048\n"
    "  world_size ...................................... 64\n"
    "0:  [2026-11-01 08:00:10] iteration       10/    5000 | consumed samples:         2560 | elapsed time "
    "per "
    "iteration (ms): 1000.5 | throughput per GPU (TFLOP/s/GPU): 400.1 | learning rate: 1.0E-04 | global "
    "batch size:  "
    " 256 | lm loss: 9.1E+00 | number of nan iterations:   0 |\n"
    " iteration       20/    5000 | consumed samples:         5120 | elapsed time per iteration (ms): 900.0 "
    "| global "
    "batch size:   256 | lm loss: NaN | iteration       20/    5000 | consumed samples:         5120 | "
    "elapsed time "
    "per iteration (ms): 901.0 | global batch size:   256 |\n"
    " iteration       30/    5000 | consumed sam\n";

}  // namespace

TEST_CASE("RWKV-LM: mini-epochs of 40,320 sequences, arguments, NaN, a torn end") {
  const TrainingLog log = parse_training_log(rwkv, "train_log.txt");
  CHECK(log.format == "rwkv");
  CHECK(log.dated);
  REQUIRE(log.records.size() == 2);
  CHECK(log.records[0].line == 5);
  CHECK(log.records[0].step == 315.0);
  CHECK(log.records[0].samples == 40320.0);
  CHECK(log.records[0].starts_run);
  CHECK(*log.records[0].time - *log.records[0].run_start == 600.5);
  CHECK(*log.records[1].time - *log.records[0].time == 600.0);
  CHECK_FALSE(log.records[1].starts_run);
  CHECK(log.sequence_length == 512.0);
  CHECK(log.gpus == 16.0);
  CHECK(log.total_tokens == 1e9);
  REQUIRE(log.notes.size() == 2);
  CHECK(log.notes[0].line == 6);
  CHECK(log.notes[1].line == 7);
}

TEST_CASE("Megatron-LM: with and without time stamps, rank prefixes, two reports in one line, a torn one") {
  const TrainingLog log = parse_training_log(megatron, "out");
  CHECK(log.format == "megatron");
  CHECK(log.dated);
  REQUIRE(log.records.size() == 3);
  CHECK(log.records[0].samples == 2560.0);
  CHECK(log.records[0].step_seconds == 1.0005);
  CHECK(log.records[0].time);
  CHECK_FALSE(log.records[1].time);
  CHECK(log.records[2].step == 20.0);
  CHECK(log.records[2].step_seconds == 0.901);
  CHECK(log.sequence_length == 2048.0);
  CHECK(log.sequences_per_step == 256.0);
  CHECK(log.total_steps == 5000.0);
  CHECK(log.gpus == 64.0);
  REQUIRE(log.notes.size() == 2);
  CHECK(log.notes[0].line == 4);
  CHECK(log.notes[1].line == 5);
}

TEST_CASE("Megatron-LM says the number of its ranks where it prints no arguments") {
  const std::string report =
      " iteration 10/ 50 | consumed samples: 10 | elapsed time per iteration (ms): 5.0 |\n";
  const auto gpus_after = [&](const std::string& line) {
    return parse_training_log(line + report, "out", "megatron").gpus;
  };
  CHECK(gpus_after("using world size: 64, data-parallel size: 32, tensor-model-parallel size: 2\n") == 64.0);
  CHECK_FALSE(gpus_after("using world size: , data-parallel size: 32\n"));
  CHECK_FALSE(gpus_after("using world size: 0, data-parallel size: 0\n"));
}

TEST_CASE("DeepSpeed: both kinds of lines, behind the prefix of a launcher") {
  const TrainingLog log = parse_training_log(
      "worker-0: [2026-11-01 08:00:00,250] [INFO] [logging.py:96:log_dist] [Rank 0] step=10, skipped=0, "
      "lr=[0.1]\n"
      "worker-0: [2026-11-01 08:00:00,750] [INFO] [timer.py:260:stop] epoch=0/micro_step=10/global_step=10, "
      "RunningAvgSamplesPerSec=58.7, CurrSamplesPerSec=61.3, MemAllocated=6.01GB\n"
      "noise, global_step=11, SamplesPerSec=3\n",
      "out");
  CHECK(log.format == "deepspeed");
  REQUIRE(log.records.size() == 2);
  CHECK(log.records[1].step == 10.0);
  CHECK(*log.records[1].time - *log.records[0].time == 0.5);
  CHECK(log.notes.size() == 1);
}

TEST_CASE("Hugging Face: a state with NaN, with and without its end") {
  const std::string state =
      "{\n  \"best_metric\": null,\n  \"log_history\": [\n"
      "    {\"loss\": NaN, \"note\": \"a \\\"{\", \"num_input_tokens_seen\": 1000, \"step\": 10},\n"
      "    {\"eval_loss\": 2.0, \"step\": 10},\n"
      "    {\"loss\": 2.5, \"num_input_tokens_seen\": 2000, \"step\": 20},\n";
  const TrainingLog whole = parse_training_log(
      state + "    {\"step\": 20, \"train_runtime\": 50.0}\n  ],\n  \"max_steps\": 40\n}\n",
      "trainer_state.json");
  CHECK(whole.format == "trainer-state");
  REQUIRE(whole.records.size() == 2);
  CHECK(whole.records[0].tokens == 1000.0);
  CHECK(whole.records[0].step_seconds == 2.5);
  CHECK(whole.even);
  CHECK(whole.total_steps == 40.0);
  CHECK(whole.notes.size() == 1);
  const TrainingLog torn = parse_training_log(state + "    {\"loss\": 2", "trainer_state.json");
  CHECK(torn.records.size() == 2);
  CHECK_FALSE(torn.even);
  CHECK(torn.notes.size() == 2);
  CHECK(progress_problem(torn, {.total_tokens = 4000.0}).find("--elapsed") != std::string::npos);
  CHECK(progress_problem(torn, {.total_tokens = 4000.0, .elapsed_seconds = 9.0}).empty());
}

TEST_CASE("Weights & Biases: names with the run and the section, rows of other things, a repeated header") {
  const TrainingLog log = parse_training_log(
      "_step,_timestamp,\"run 7 - train/loss\",Gtokens\n"
      "1,1793520000,2.5,0.001\n"
      "1,,,\n"
      "2,1793520010,NaN,0.002\n"
      "3,179\n"
      "_step,_timestamp,\"run 7 - train/loss\",Gtokens\n"
      "2,1793520100,2.4,0.002\n",
      "wandb.csv");
  CHECK(log.format == "wandb");
  CHECK(log.dated);
  REQUIRE(log.records.size() == 3);
  CHECK(log.records[1].tokens == 2e6);
  CHECK(log.records[2].starts_run);
  CHECK(log.notes.size() == 2);
}

TEST_CASE("plain CSV: seconds since the start, or of one step, never one for the other") {
  const TrainingLog log = parse_training_log("step,tokens,seconds\n1,100,10\n2,200,20\n", "a.csv");
  CHECK(log.format == "csv");
  REQUIRE(log.records.size() == 2);
  CHECK(log.records[1].time == 20.0);
  CHECK_FALSE(log.dated);
  const TrainingLog steps = parse_training_log("step,tokens,step_seconds\n1,100,10\n2,200,9\n", "a.csv");
  CHECK(steps.records[1].step_seconds == 9.0);
  const auto time =
      input_error_of([] { parse_training_log("step,tokens,seconds\n1,100,10\n2,200,9\n", "a.csv"); });
  CHECK(time.location.line == 3);
  CHECK(time.hint.find("step_seconds") != std::string::npos);
  const auto tokens =
      input_error_of([] { parse_training_log("step,tokens,seconds\n1,100,10\n2,90,20\n", "a.csv"); });
  CHECK(std::string(tokens.what()).find("tokens go back") != std::string::npos);
}

TEST_CASE("plain CSV: what is counted from the start says how much a step trains") {
  const TrainingLog tokens =
      parse_training_log("step,tokens,seconds\n10,1000,1\n20,3000,2\n22,3600,3\n", "log.csv");
  CHECK(tokens.tokens_per_step == 300.0);
  CHECK_FALSE(tokens.sequences_per_step);
  const TrainingLog samples =
      parse_training_log("step,samples,seconds\n10,80,1\n20,160,2\n30,160,3\n", "log.csv");
  CHECK(samples.sequences_per_step == 8.0);
}

TEST_CASE("what is no log says what was looked for, an unknown format names the nearest") {
  const auto unknown = input_error_of([] { parse_training_log("# Title\n", "README.md"); });
  for (const io::LogFormat& format : io::log_formats())
    CHECK(unknown.hint.find(std::string(format.mark)) != std::string::npos);
  CHECK(input_error_of([] { parse_training_log("", "x", "megatrom"); }).hint == "did you mean 'megatron'?");
  CHECK(std::string(input_error_of([] { parse_training_log("NEW RUN 2026\n", "x"); }).what()) ==
        "the log has no line of progress yet");
}

TEST_CASE("times and numbers in logs") {
  CHECK(io::time_at("1970-01-02 00:00:01,5") == 86401.5);
  CHECK(io::time_at("1970-01-01T01:00:00Z") == 3600.0);
  CHECK_FALSE(io::time_at("2026-02-30 00:00:00"));
  CHECK_FALSE(io::time_at("2026-02-03 24:00:00"));
  CHECK(io::number_at(" -2.5e3|") == -2500.0);
  CHECK(std::isnan(*io::number_at("NaN")));
  CHECK_FALSE(io::number_at("x"));
}

TEST_CASE("a log that comes in chunks has the lines that it has as a whole, wherever it is cut") {
  const std::string text = "a\rb\r\n\nlonger line\r\n\rc";
  const auto lines_of = [](std::initializer_list<std::string_view> chunks) {
    std::string seen;
    io::LogLines lines(
        [&](const io::LogLine& line) { seen += std::to_string(line.number) + std::string(line.text) + ";"; });
    for (const std::string_view chunk : chunks)
      lines.feed(chunk);
    return seen + std::to_string(lines.torn());
  };
  const std::string whole = lines_of({text});
  CHECK(whole == "1a;1b;3longer line;4");
  for (std::size_t first = 0; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); ++second) {
      const std::string_view all = text;
      CHECK(lines_of({all.substr(0, first), all.substr(first, second - first), all.substr(second)}) == whole);
    }
  }
}

TEST_CASE("a line that is too long to be one of a log is left out and told, and no more of it is kept") {
  std::string text = "step,seconds\n1,1\n";
  text.append(std::size_t{3} << 20, 'x');
  text += "\n2,2\n3,3\n";
  const TrainingLog log = parse_training_log(text, "log.csv");
  CHECK(log.records.size() == 3);
  REQUIRE(log.notes.size() == 1);
  CHECK(log.notes.front().line == 3);
  CHECK(log.notes.front().text == "a line of more than a megabyte is left out");
}

TEST_CASE("a field of a CSV log is a number as a whole, with its thousands, or is left out and told") {
  const TrainingLog log = io::parse_training_log(
      "step,time,tokens\n1,10,\"4,194,304\"\n2,20,8388608\n3,30,0.0126B\n4,5min,16777216\n5,50,\"1,2\"\n",
      "log.csv", "csv");
  REQUIRE(log.records.size() == 4);  // that with no time is none
  CHECK(log.records[0].tokens == 4194304.0);
  CHECK(log.records[1].tokens == 8388608.0);
  CHECK_FALSE(log.records[2].tokens);
  CHECK_FALSE(log.records[3].tokens);
  REQUIRE(log.notes.size() == 3);
  CHECK(log.notes[0].line == 4);
  CHECK_THAT(log.notes[0].text, ContainsSubstring("'0.0126B' is not a number"));
  CHECK_THAT(log.notes[1].text, ContainsSubstring("'5min'"));
  CHECK_THAT(log.notes[2].text, ContainsSubstring("'1,2'"));
}

TEST_CASE("a CSV log with semicolons is told as such, whether its format is recognized or given") {
  const std::string text = "step;tokens;seconds\n10;41943040;46,33\n20;83886080;92,87\n";
  for (const std::string name : {"", "csv", "wandb"}) {
    const auto error = input_error_of([&] { parse_training_log(text, "log.csv", name); });
    CHECK_THAT(error.what(), ContainsSubstring("separated by ';'"));
    CHECK(error.location.line == 1);
  }
  CHECK_THAT(input_error_of([&] { parse_training_log("notes; and more\n", "log"); }).what(),
             ContainsSubstring("no training log of a known format"));
}

TEST_CASE("what is recognized in the beginning is read to the end, and what is not is told") {
  std::string text;
  while (text.size() < io::recognized_bytes + 1000)
    text += "a line of a launcher that says nothing of the run, and many more like it\n";
  const std::string report =
      " iteration 10/ 50 | consumed samples: 10 | elapsed time per iteration (ms): 5.0 |\n";
  CHECK(parse_training_log(report + text + report, "out").records.size() == 2);
  const auto unknown = input_error_of([&] { parse_training_log(text, "out"); });
  CHECK(unknown.hint.starts_with("--log-format NAME reads on"));
  CHECK(parse_training_log(text + report, "out", "megatron").records.size() == 1);
}
