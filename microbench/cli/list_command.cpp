// trainbudget-microbench list: the kernels, the interfaces for kernel files. Needs no GPU.
#include "cli/program.h"
#include "io/suggest.h"
#include "kernel_file/interface.h"
#include "kernels/registry.h"

#include <array>

namespace trainbudget::microbench {

namespace {

constexpr std::array<std::string_view, 2> listed{"kernels", "interfaces"};

render::Table kernel_table() {
  render::Table table{.columns = {{"name", "Kernel"}, {"summary", "What it does", false, true}}};
  for (const Kernel& kernel : all_kernels()) {
    table.rows.push_back({render::Cell::of(std::string(kernel.name)),
                          render::Cell::of(std::string(kernel.specification().summary))});
  }
  return table;
}

render::Table interface_table() {
  render::Table table{
      .columns = {{"name", "Interface"}, {"macros", "Macros"}, {"summary", "Functions", false, true}}};
  for (const KernelInterface& interface : kernel_interfaces()) {
    std::string macros;
    for (const Macro& macro : interface.macros) {
      macros += (macros.empty() ? "" : " ") + std::string(macro.name) + "=" +
                (macro.value == 0 ? std::string("T") : std::to_string(macro.value));
    }
    table.rows.push_back({render::Cell::of(std::string(interface.name)), render::Cell::of(macros),
                          render::Cell::of(std::string(interface.summary))});
  }
  return table;
}

}  // namespace

AddedCommand add_list_command(CLI::App& parent, const ProgramOptions& options) {
  CLI::App* list = parent.add_subcommand("list", "The kernels, or the interfaces that kernel files may have");
  const auto what = std::make_shared<std::string>("kernels");
  list->add_option("WHAT", *what, "kernels or interfaces");
  return {list, [=, &options] {
            if (*what != "kernels" && *what != "interfaces") {
              throw io::InputError(io::option_location("WHAT", *what), "kernels or interfaces can be listed",
                                   io::did_you_mean_or_list(*what, listed));
            }
            cli::emit(cli::renderer_of(*what == "kernels" ? kernel_table() : interface_table()),
                      options.output);
            return 0;
          }};
}

}  // namespace trainbudget::microbench
