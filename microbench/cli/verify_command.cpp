// trainbudget-microbench verify: every kernel against its double-precision reference.
#include "cli/interrupt.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "harness/verify.h"

#include <fmt/format.h>

namespace trainbudget::microbench {

namespace {

constexpr int a_kernel_is_wrong = 1;

void add_row(const std::string& name, const Verification& result, render::Table& table) {
  for (const TensorCheck& check : result.tensors) {
    const auto number = [](double value) { return render::Cell::of(fmt::format("{:.2e}", value), value); };
    table.rows.push_back({render::Cell::of(name), render::Cell::of(check.tensor),
                          number(check.relative_error), number(check.worst_element), number(check.tolerance),
                          render::Cell::of(check.passed            ? "right"
                                           : check.written_outside ? "WROTE OUTSIDE"
                                                                   : "WRONG")});
  }
}

int verify_all(const ProgramOptions& options, const std::string& expression) {
  const Filter filter(expression);
  const std::unique_ptr<Device> device = open_device(options);
  const cli::InterruptGuard guard;
  render::Table table{.columns = {{"kernel", "Kernel"},
                                  {"tensor", "Result"},
                                  {"relative_error", "Relative error", true},
                                  {"worst_element", "Worst element", true},
                                  {"tolerance", "Tolerance", true},
                                  {"verdict", "Verdict"}}};
  bool all_right = true;
  std::size_t verified = 0, done = 0;
  cli::Progress progress("kernels", all_kernels().size(), 0);
  for (const Kernel& kernel : all_kernels()) {
    progress.update(done++);
    if (!filter.selects(std::string(kernel.name))) continue;
    for (const Shape& shape : kernel.specification().test_shapes) {
      if (cli::interrupted()) break;
      const Verification result = verify(kernel, shape, device->machine(), 1);
      add_row(describe(std::string(kernel.name), shape), result, table);
      all_right = all_right && result.passed();
      ++verified;
    }
  }
  if (verified == 0 && !cli::interrupted())
    throw io::InputError(io::option_location("--filter", expression), "no kernel has such a name");
  cli::emit(cli::renderer_of(table), options.output);
  if (cli::interrupted()) return cli::interrupted_exit_code;
  return all_right ? 0 : a_kernel_is_wrong;
}

}  // namespace

AddedCommand add_verify_command(CLI::App& parent, const ProgramOptions& options) {
  CLI::App* verify = parent.add_subcommand("verify", "Every kernel against its double-precision reference");
  const auto filter = std::make_shared<std::string>();
  verify->add_option("--filter", *filter, "Only kernels whose name this expression finds")->type_name("RE");
  return {verify, [=, &options] { return verify_all(options, *filter); }};
}

}  // namespace trainbudget::microbench
