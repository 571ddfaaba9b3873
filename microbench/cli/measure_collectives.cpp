// collectives, in the program of mpirun's ranks.
#include "cli/collectives_command.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "collectives/collectives.h"
#include "collectives/mpi.h"
#include "collectives/nccl.h"
#include "harness/session.h"
#include "io/map_reader.h"
#include "io/quantity_text.h"
#include "io/suggest.h"
#include "render/measurement_report.h"

#include <exception>

#include <unistd.h>

namespace trainbudget::microbench {
namespace {

double bytes_of(const char* option, const std::string& text) {
  return io::parse_quantity(text, io::QuantityKind::bytes, io::option_location(option, text));
}

Collective collective_named(const std::string& word) {
  for (std::size_t i = 0; i < collective_words.size(); ++i) {
    if (collective_words[i] == word) return static_cast<Collective>(i);
  }
  throw io::InputError(io::option_location("--collective", word), "no collective has this name",
                       io::did_you_mean_or_list(word, collective_words));
}

CollectivePlan plan_of(const CollectivesOptions& options, bool host) {
  if (options.quick && options.full)
    throw io::InputError({.file = "trainbudget-microbench collectives"}, "--quick or --full, not both");
  const SessionLimits limits = options.full ? full_limits() : quick_limits();
  CollectivePlan plan{.growth = options.full ? 2.0 : 4.0,
                      .warm_up = limits.warm_up,
                      .stopping = limits.stopping,
                      .reading_seconds = limits.reading_seconds};
  const std::string most = !options.most.empty() ? options.most : host ? "16MiB" : "1GiB";
  plan.least_bytes = bytes_of("--least", options.least);
  plan.most_bytes = bytes_of("--most", most);
  if (!(plan.least_bytes > 0.0) || plan.most_bytes < plan.least_bytes) {
    throw io::InputError(io::option_location("--most", most),
                         "there is no message from " + options.least + " to " + most);
  }
  for (const std::string& word : options.collectives)
    plan.collectives.push_back(collective_named(word));
  for (std::size_t i = 0; options.collectives.empty() && i < collective_words.size(); ++i)
    plan.collectives.push_back(static_cast<Collective>(i));
  return plan;
}

MeasuredDevice host_description() {
  return {.name = "host memory",
          .memory_bytes =
              static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE))};
}

/// The groups to measure: the ranks of one node where there are several nodes, then all.
std::vector<std::unique_ptr<Ranks>> groups_of(MpiSession& session) {
  std::vector<std::unique_ptr<Ranks>> groups;
  auto all = session.all_ranks();
  const bool several_nodes = all->per_node() < all->size();
  if (several_nodes && all->per_node() > 1) groups.push_back(all->on_this_node());
  groups.push_back(std::move(all));
  return groups;
}

int measure_together(MpiSession& session, const ProgramOptions& program, const CollectivesOptions& options) {
  const bool host = options.transport == "mpi";
  const CollectivePlan plan = plan_of(options, host);
  const auto all = session.all_ranks();
  if (all->size() < 2) {
    throw io::InputError({.file = "trainbudget-microbench collectives"}, "there is only one rank",
                         "mpirun -n 8 trainbudget-microbench collectives --out nccl.json");
  }
  std::unique_ptr<NcclLibrary> nccl;
  if (!host) {
    std::string reason;
    nccl = open_nccl(all->on_this_node()->rank(), reason);
    if (all->largest(nccl == nullptr ? 1.0 : 0.0) > 0.0)
      throw NoDevice(nccl == nullptr ? reason : "another rank has no GPU or no NCCL");
  }
  trainbudget::Measurement measurement =
      new_measurement(host ? host_description() : nccl->description(), host ? "host" : "gpu",
                      options.full ? "full" : "quick");
  if (host) measurement.note = "messages between the memories of hosts: they say nothing about a GPU";
  const bool leads = all->rank() == 0;
  const cli::InterruptGuard guard;
  const auto measure_group = [&](Ranks& ranks) {
    const std::unique_ptr<Transport> transport = host ? make_mpi_transport(ranks) : nccl->connect(ranks);
    const std::size_t total = plan.collectives.size() * message_elements(plan, ranks.size()).size();
    const auto progress = leads ? std::make_unique<cli::ProgressLine>("messages", total, 0) : nullptr;
    return measure_collectives(ranks, *transport, plan, cli::interrupt_flag(), measurement,
                               [&](std::size_t done) {
                                 if (progress) progress->update(done);
                               });
  };
  for (const std::unique_ptr<Ranks>& ranks : groups_of(session)) {
    if (measurement.interrupted) break;
    // A rank that is alone on its node has nobody to send to, and waits for the others.
    const bool whole = ranks->size() < 2 || measure_group(*ranks);
    // Nodes finish on their own; whether one was stopped concerns all.
    measurement.interrupted = all->largest(whole ? 0.0 : 1.0) > 0.0;
  }
  const bool wrong = all->largest(measurement.failures.empty() ? 0.0 : 1.0) > 0.0;
  if (leads) {
    if (!options.out.empty()) write_measurement(options.out, measurement);
    cli::emit(cli::renderer_of(render::collective_table(measurement)), program.output);
    say_failures(measurement);
  }
  if (measurement.interrupted) return cli::interrupted_exit_code;
  return wrong ? 1 : 0;
}

}  // namespace

int run_collectives(const ProgramOptions& program, const CollectivesOptions& options) {
  if (options.transport != "nccl" && options.transport != "mpi") {
    throw io::InputError(io::option_location("--transport", options.transport), "no transport has this name",
                         "nccl: between GPUs; mpi: between the memories of hosts");
  }
  MpiSession session;
  try {
    return measure_together(session, program, options);
  } catch (const io::InputError& error) {
    // All ranks have the same options and see the same, so one says it and none waits.
    if (session.rank() == 0) cli::say(io::describe(error) + "\n");
    return 2;
  } catch (const NoDevice& error) {
    if (session.rank() == 0) cli::say(std::string("trainbudget-microbench: ") + error.what() + "\n");
    return 2;
  } catch (const std::exception& error) {
    cli::say(std::string("trainbudget-microbench: ") + error.what() + "\n");
    session.abandon(2);
  }
}

}  // namespace trainbudget::microbench
