#include "cli/collectives_command.h"

namespace trainbudget::microbench {

AddedCommand add_collectives_command(CLI::App& parent, const ProgramOptions& program) {
  CLI::App* app = parent.add_subcommand(
      "collectives", "Under mpirun: what messages between GPUs cost, for the tiers of a cluster");
  const auto options = std::make_shared<CollectivesOptions>();
  app->add_option("--out", options->out, "The measurement to write")->type_name("FILE");
  app->add_option("--transport", options->transport,
                  "nccl: between GPUs, one to a rank; mpi: between the memories of hosts (nccl)")
      ->type_name("NAME");
  app->add_option("--collective", options->collectives,
                  "Only this one (repeatable): all_reduce, reduce_scatter, all_gather, all_to_all, "
                  "send_receive")
      ->type_name("NAME")
      ->expected(1)
      ->take_all();
  app->add_option("--least", options->least, "The smallest message (4KiB)")->type_name("BYTES");
  app->add_option("--most", options->most, "The largest message (1GiB; 16MiB with mpi)")->type_name("BYTES");
  app->add_flag("--quick", options->quick, "Each message four times the last (the default)");
  app->add_flag("--full", options->full, "Each twice the last, and longer timings");
  app->footer(
      "Example:\n"
      "  mpirun -n 8 trainbudget-microbench collectives --out nccl.json\n"
      "  trainbudget calibrate --from nccl.json --cluster hgx-h100 -o my-cluster.yaml");
  return {app, [=, &program] { return run_collectives(program, *options); }};
}

}  // namespace trainbudget::microbench
