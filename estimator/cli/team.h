// Processes that do one command together. The program `trainbudget` is alone; `trainbudget-mpi` makes a team
// of the ranks that mpirun starts.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace trainbudget::cli {

class Team {
 public:
  Team() = default;
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  virtual ~Team() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;
  /// Begins to deal numbers, from 0 on. All call it together, as all that follows but next() and least().
  virtual void deal() = 0;
  /// The lowest number that nobody has been dealt.
  virtual std::uint64_t next() = 0;
  /// The least of `value` and of what others have passed since deal().
  virtual double least(double value) = 0;
  /// What each passes, by rank, for all. Ends dealing.
  virtual std::vector<std::string> gather(const std::string& mine) = 0;
  /// Whether others do not know where this process is: between deal() and gather().
  virtual bool is_dealing() const = 0;
  /// Ends all processes.
  [[noreturn]] virtual void abandon(int exit_code) = 0;

  bool leads() const { return rank() == 0; }
};

/// The team that this process was started in; nullptr where it is alone. Which one is linked decides it.
std::unique_ptr<Team> join_team(int& argc, char**& argv);

}  // namespace trainbudget::cli
