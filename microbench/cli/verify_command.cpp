// trainbudget-microbench verify: every kernel and matrix product against double precision.
#include "cli/interrupt.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "harness/session.h"
#include "harness/verify_product.h"

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

/// A kernel or product that could not be run to its end.
void add_failure(const std::string& name, const std::string& reason, render::Table& table) {
  cli::say("note: failed: " + name + ": " + reason + "\n");
  table.rows.push_back({render::Cell::of(name), render::Cell::of(reason), render::Cell::unknown(),
                        render::Cell::unknown(), render::Cell::unknown(), render::Cell::of("FAILED")});
}

/// Matrix products by name; what the device does not have is left out and said.
class Products {
 public:
  Products(const Filter& filter, Device& device, render::Table& table)
      : filter_(filter), device_(device), table_(table) {}

  /// True when all were right.
  bool verify() {
    bool all_right = true;
    for (const GemmPrecision precision : all_gemm_precisions) {
      for (const GemmShape& shape : product_test_shapes()) {
        const std::string name = "product " + describe(shape) + " " + std::string(name_of(precision));
        if (cli::interrupted() || !filter_.selects(name)) continue;
        ++verified;
        try {
          const Verification result = verify_product(device_, shape, precision);
          add_row(name, result, table_);
          all_right = all_right && result.passed();
        } catch (const UnsupportedShape& error) {
          cli::say("note: not verified: " + name + ": " + error.what() + "\n");
        } catch (const std::exception& error) {
          add_failure(name, error.what(), table_);
          all_right = false;
          if (!still_works(device_)) return false;
        }
      }
    }
    return all_right;
  }

  std::size_t verified = 0;

 private:
  const Filter& filter_;
  Device& device_;
  render::Table& table_;
};

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
  bool all_right = true, works = true;
  std::size_t verified = 0, done = 0;
  cli::ProgressLine progress("kernels", all_kernels().size(), 0);
  for (const Kernel& kernel : all_kernels()) {
    progress.update(done++);
    if (!filter.selects(std::string(kernel.name))) continue;
    for (const Shape& shape : kernel.specification().test_shapes) {
      if (cli::interrupted()) break;
      const std::string name = describe(std::string(kernel.name), shape);
      ++verified;
      try {
        const Verification result = verify(kernel, shape, device->machine(), 1);
        add_row(name, result, table);
        all_right = all_right && result.passed();
      } catch (const std::exception& error) {
        add_failure(name, error.what(), table);
        all_right = false;
        works = still_works(*device);
        if (!works) break;
      }
    }
    if (!works) break;
  }
  if (works) {
    Products products(filter, *device, table);
    all_right = products.verify() && all_right;
    verified += products.verified;
  } else {
    cli::say("note: the GPU answers no more; what is missing was not verified\n");
  }
  if (verified == 0 && !cli::interrupted())
    throw io::InputError(io::option_location("--filter", expression), "no kernel has such a name");
  cli::emit(cli::renderer_of(table), options.output);
  if (cli::interrupted()) return cli::interrupted_exit_code;
  return all_right ? 0 : a_kernel_is_wrong;
}

}  // namespace

AddedCommand add_verify_command(CLI::App& parent, const ProgramOptions& options) {
  CLI::App* verify =
      parent.add_subcommand("verify", "Every kernel and matrix product against double precision");
  const auto filter = std::make_shared<std::string>();
  verify->add_option("--filter", *filter, "Only kernels whose name this expression finds")->type_name("RE");
  return {verify, [=, &options] { return verify_all(options, *filter); }};
}

}  // namespace trainbudget::microbench
