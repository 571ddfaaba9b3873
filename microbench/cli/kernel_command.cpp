// trainbudget-microbench kernel: a kernel file of somebody else under the same harness and reference.
#include "cli/interrupt.h"
#include "cli/program.h"
#include "harness/session.h"
#include "harness/verify.h"
#include "harness/workset.h"
#include "io/suggest.h"
#include "kernel_file/compiler.h"
#include "kernel_file/loaded_kernel.h"
#include "render/number_text.h"

#include <filesystem>

#include <fmt/format.h>

namespace trainbudget::microbench {

namespace {

struct KernelOptions {
  CompileRequest compile;
  std::string interface;
  std::int64_t micro_batch = 8, sequence = 4096, heads = 32;
  bool compile_only = false, verify_only = false, show_compiler = false;
};

const KernelInterface& chosen_interface(const std::string& name) {
  if (const KernelInterface* found = find_interface(name)) return *found;
  std::vector<std::string_view> names;
  for (const KernelInterface& interface : kernel_interfaces())
    names.push_back(interface.name);
  throw io::InputError(io::option_location("--interface", name), "no interface is called so",
                       io::did_you_mean_or_list(name, names));
}

Shape timed_shape(const KernelInterface& interface, const KernelOptions& options) {
  const std::int64_t size = interface.head_size > 1 ? interface.head_size : 64;
  return {.batch = options.micro_batch,
          .sequence = options.sequence,
          .heads = options.heads,
          .head_size = size,
          .channels = options.heads * size};
}

/// True where all results of the file are right at its test shapes.
bool verify_file(const LoadedKernel& kernel, Device& device, const CompileRequest& compile,
                 const ProgramOptions& program) {
  render::Table table{.columns = {{"kernel", "Kernel file"},
                                  {"tensor", "Result"},
                                  {"relative_error", "Relative error", true},
                                  {"tolerance", "Tolerance", true},
                                  {"verdict", "Verdict"}}};
  bool all_right = true;
  for (const Shape& shape : file_test_shapes(kernel.interface())) {
    if (!shape_problem(kernel.interface(), shape, compile.definitions).empty()) continue;
    const auto bound = LoadedKernel::Bound::to_verify(kernel, device, shape, 1);
    bound.forward();
    bound.backward();
    const Verification result = bound.compare();
    all_right = all_right && result.passed();
    for (const TensorCheck& check : result.tensors) {
      table.rows.push_back(
          {render::Cell::of(describe(std::string(kernel.interface().backward_kernel), shape)),
           render::Cell::of(check.tensor),
           render::Cell::of(fmt::format("{:.2e}", check.relative_error), check.relative_error),
           render::Cell::of(fmt::format("{:.2e}", check.tolerance), check.tolerance),
           render::Cell::of(check.passed ? "right" : "WRONG")});
    }
  }
  if (table.rows.empty())
    throw KernelFileError("with these macros the file takes none of the shapes that it is verified at");
  cli::emit(cli::renderer_of(table), program.output);
  return all_right;
}

/// The file over as many sets of buffers as ours rotates over.
class FileSets {
 public:
  FileSets(const LoadedKernel& kernel, Device& device, const Shape& shape, double least_bytes) {
    const std::size_t count = rotating_sets(file_bytes(kernel.interface(), shape), least_bytes);
    for (std::size_t i = 0; i < count; ++i) {
      sets_.push_back(LoadedKernel::Bound::to_time(kernel, device, shape, i + 1));
      sets_.back().forward();  // what the gradient reads of it
    }
    device.machine().synchronize();
  }
  std::size_t count() const { return sets_.size(); }
  void launch(bool forward, std::size_t set) const { forward ? sets_[set].forward() : sets_[set].backward(); }

 private:
  std::vector<LoadedKernel::Bound> sets_;
};

/// Medians of the file and of ours, taken in turns so that a GPU that grows warmer or slower does so to both.
struct Rounds {
  std::vector<double> file, own, ratios;

  void add(const MeasuredTiming& of_file, const MeasuredTiming& of_own) {
    if (of_file.samples.empty() || of_own.samples.empty()) return;
    file.push_back(summary_of(of_file).median);
    own.push_back(summary_of(of_own).median);
    ratios.push_back(file.back() / own.back());
  }
};

/// Ours and the file's at one shape, in one run.
void time_file(const LoadedKernel& kernel, Device& device, const Shape& shape,
               const ProgramOptions& program) {
  constexpr int rounds = 5;
  Session session(device, program.emulate ? emulated_limits() : quick_limits(), cli::interrupt_flag());
  const FileSets file(kernel, device, shape, session.least_bytes());
  render::Table table{.columns = {{"pass", "Pass"},
                                  {"seconds", "The file (µs)", true},
                                  {"own_seconds", "Ours (µs)", true},
                                  {"ratio", "File ÷ ours", true},
                                  {"lowest_ratio", "Lowest", true},
                                  {"highest_ratio", "Highest", true}}};
  const KernelInterface& interface = kernel.interface();
  for (const bool forward : {true, false}) {
    Task task{.kernel = std::string(forward ? interface.forward_kernel : interface.backward_kernel),
              .shape = shape};
    task.name = describe(task.kernel, shape);
    if (forward) session.warm_device({{.group = "own", .task = task}});
    const Workset own(device, task, GemmPrecision::bf16, session.least_bytes());
    const auto file_timer =
        device.timer([&](std::size_t set) { file.launch(forward, set); }, file.count(), TimingMode::repeated);
    const auto own_timer =
        device.timer([&](std::size_t set) { own.launch(set, {}); }, own.sets(), TimingMode::repeated);
    Rounds taken;
    for (int round = 0; round < rounds && !session.interrupted(); ++round) {
      const MeasuredTiming of_file = session.time(*file_timer);
      taken.add(of_file, session.time(*own_timer));
    }
    if (taken.ratios.empty()) continue;
    const auto microseconds = [](const std::vector<double>& values) {
      const double median = summarize(values).median;
      return render::Cell::of(fmt::format("{:.2f}", 1e6 * median), median);
    };
    const auto plain = [](double value) { return render::Cell::of(fmt::format("{:.3f}", value), value); };
    const Summary ratio = summarize(taken.ratios);
    table.rows.push_back({render::Cell::of((forward ? "forward " : "backward ") + task.name),
                          microseconds(taken.file), microseconds(taken.own), plain(ratio.median),
                          plain(ratio.minimum), plain(ratio.maximum)});
  }
  cli::emit(cli::renderer_of(table), program.output);
}

int run_kernel(const ProgramOptions& program, KernelOptions options) {
  const KernelInterface& interface = chosen_interface(options.interface);
  const Shape shape = timed_shape(interface, options);
  if (!std::filesystem::is_regular_file(options.compile.source))
    throw io::InputError(io::option_location("--source", options.compile.source), "there is no such file");
  options.compile.definitions = definitions_for(interface, shape, options.compile.definitions);
  if (const std::string problem = shape_problem(interface, shape, options.compile.definitions);
      !problem.empty())
    throw io::InputError({.file = "trainbudget-microbench kernel"}, problem,
                         "see --micro-batch, --sequence, --heads and --define");
  std::unique_ptr<Device> device;
  if (!options.compile_only) device = open_device(program);
  options.compile.compiler = find_nvcc(options.compile.compiler);
  for (const std::string_view flag : interface.flags)
    options.compile.flags.emplace_back(flag);
  const CompiledKernel compiled(options.compile);
  if (options.show_compiler) cli::say(compiled.talk());
  const LoadedKernel kernel(interface, compiled.library());
  if (options.compile_only) {
    cli::write_stdout("compiled, with both functions of " + options.interface + "\n");
    return 0;
  }
  const cli::InterruptGuard guard;
  const bool right = verify_file(kernel, *device, options.compile, program);
  if (!options.verify_only && !cli::interrupted()) time_file(kernel, *device, shape, program);
  if (cli::interrupted()) return cli::interrupted_exit_code;
  return right ? 0 : 1;
}

}  // namespace

AddedCommand add_kernel_command(CLI::App& parent, const ProgramOptions& program) {
  CLI::App* kernel =
      parent.add_subcommand("kernel", "Your own WKV kernel file, unchanged: verified and timed");
  const auto options = std::make_shared<KernelOptions>();
  kernel->add_option("--source", options->compile.source, "The .cu file")->type_name("FILE")->required();
  kernel->add_option("--interface", options->interface, "What its functions take: see 'list interfaces'")
      ->type_name("NAME")
      ->required();
  kernel->add_option("--define", options->compile.definitions, "A macro of the file (repeatable)")
      ->type_name("NAME=VALUE")
      ->expected(1)
      ->take_all();
  kernel->add_option("--flag", options->compile.flags, "A further option of the compiler (repeatable)")
      ->type_name("FLAG")
      ->expected(1)
      ->take_all();
  kernel->add_option("--nvcc", options->compile.compiler, "The compiler")->type_name("PATH");
  kernel->add_option("--arch", options->compile.architecture, "Compute capability, as 90 (that of the GPU)")
      ->type_name("CC");
  kernel->add_option("--micro-batch", options->micro_batch, "Sequences at once (8)")
      ->check(CLI::Range(1, 65535));
  kernel->add_option("--sequence", options->sequence, "Tokens of each (4096)")->check(CLI::Range(1, 1 << 24));
  kernel->add_option("--heads", options->heads, "Heads (32)")->check(CLI::Range(1, 65535));
  kernel->add_flag("--compile-only", options->compile_only,
                   "Compile and look for its functions; needs no GPU");
  kernel->add_flag("--verify-only", options->verify_only, "Do not time it");
  kernel->add_flag("--show-compiler", options->show_compiler,
                   "Show what the compiler says: registers, spills");
  kernel->footer(
      "Example:\n  trainbudget-microbench kernel --source wkv7_cuda.cu --interface wkv7 --sequence 4096");
  return {kernel, [=, &program] { return run_kernel(program, *options); }};
}

}  // namespace trainbudget::microbench
