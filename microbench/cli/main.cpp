// The trainbudget-microbench executable.
//   0 done   1 a kernel is wrong   2 bad input, or no CUDA device   130 interrupted
#include "cli/program.h"
#include "cli/usage.h"
#include "kernel_file/compiler.h"
#include "version.h"

#include <csignal>
#include <exception>

namespace trainbudget::microbench {
namespace {

constexpr int bad_input = 2;

constexpr const char* footer = R"(Examples:
  trainbudget-microbench list
  trainbudget-microbench verify
  trainbudget-microbench run --out measurement.json --quick
  trainbudget-microbench step --model rwkv-7-1.5b --micro-batch 8 --sequence 4096
  trainbudget-microbench kernel --source wkv7.cu --interface wkv7
  mpirun -n 8 trainbudget-microbench collectives --out nccl.json
  trainbudget calibrate --from measurement.json -o my-gpu.yaml

Exit codes: 0 done; 1 a kernel is wrong; 2 bad input, or no CUDA device; 130 interrupted.)";

int run(const std::vector<std::string>& arguments) {
  CLI::App app("What this GPU achieves on the operations of a real training step", "trainbudget-microbench");
  app.set_version_flag("--version",
                       std::string("trainbudget-microbench ") + version + " (" + git_revision + ")");
  app.footer(footer);
  app.fallthrough();
  app.require_subcommand(0, 1);
  ProgramOptions options;
  options.arguments = arguments;
  app.add_option("-f,--format", options.output.format, "Format of standard output: table, json, csv, md")
      ->type_name("FORMAT");
  app.add_option("--color", options.output.color, "Colour on a terminal: auto, always, never")
      ->type_name("WHEN");
  app.add_option("--profiles", options.profiles, "Folder with hardware profiles")->type_name("DIR");
  app.add_option("--device", options.device, "Which GPU")->type_name("INDEX")->check(CLI::Range(0, 1023));
  app.add_flag("--emulate", options.emulate,
               "Run everything on this CPU instead: tiny shapes, for tests of the program; its times say "
               "nothing about a GPU");

  const std::vector<AddedCommand> commands{
      add_list_command(app, options),   add_verify_command(app, options),
      add_run_command(app, options),    add_step_command(app, options),
      add_kernel_command(app, options), add_collectives_command(app, options)};
  if (const std::optional<std::string> text = cli::parse(app, arguments)) {
    cli::write_stdout(*text);
    return 0;
  }
  for (const AddedCommand& command : commands) {
    if (command.app->parsed()) return command.run();
  }
  cli::write_stdout(app.help());
  return 0;
}

}  // namespace
}  // namespace trainbudget::microbench

int main(int argc, char** argv) {
  using namespace trainbudget;
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return microbench::run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const io::InputError& error) {
    cli::say(io::describe(error) + "\n");
  } catch (const microbench::KernelFileError& error) {
    cli::say(std::string("trainbudget-microbench: ") + error.what() + "\n" +
             (error.hint.empty() ? "" : "  " + error.hint + "\n"));
  } catch (const std::exception& error) {
    cli::say(std::string("trainbudget-microbench: ") + error.what() + "\n");
  }
  return microbench::bad_input;
}
