// A team of MPI ranks. Numbers are dealt by one-sided operations on a counter of rank 0, so that all ranks
// work and none waits for a master.
#include "cli/team.h"

#include <array>
#include <limits>
#include <stdexcept>

#include <mpi.h>

namespace trainbudget::cli {
namespace {

void check(int result) {
  if (result == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(result, text.data(), &length);
  throw std::runtime_error("MPI: " + std::string(text.data(), static_cast<std::size_t>(length)));
}

class MpiTeam : public Team {
 public:
  MpiTeam(int& argc, char**& argv) {
    check(MPI_Init(&argc, &argv));
    check(MPI_Comm_rank(MPI_COMM_WORLD, &rank_));
    check(MPI_Comm_size(MPI_COMM_WORLD, &size_));
    const MPI_Aint bytes = rank_ == 0 ? 2 * word : 0;
    void* memory = nullptr;
    check(MPI_Win_allocate(bytes, static_cast<int>(word), MPI_INFO_NULL, MPI_COMM_WORLD, &memory, &window_));
    check(MPI_Win_lock_all(MPI_MODE_NOCHECK, window_));
  }
  ~MpiTeam() override {
    MPI_Win_unlock_all(window_);
    MPI_Win_free(&window_);
    MPI_Finalize();
  }
  MpiTeam(const MpiTeam&) = delete;
  MpiTeam& operator=(const MpiTeam&) = delete;

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  void deal() override {
    wait();
    if (rank_ == 0) {
      const std::uint64_t first = 0;
      const double infinite = std::numeric_limits<double>::infinity();
      check(MPI_Accumulate(&first, 1, MPI_UINT64_T, 0, counter, 1, MPI_UINT64_T, MPI_REPLACE, window_));
      check(MPI_Accumulate(&infinite, 1, MPI_DOUBLE, 0, lowest, 1, MPI_DOUBLE, MPI_REPLACE, window_));
      check(MPI_Win_flush(0, window_));
    }
    wait();
    is_dealing_ = true;
  }

  std::uint64_t next() override {
    const std::uint64_t one = 1;
    std::uint64_t dealt = 0;
    check(MPI_Fetch_and_op(&one, &dealt, MPI_UINT64_T, 0, counter, MPI_SUM, window_));
    check(MPI_Win_flush(0, window_));
    return dealt;
  }

  double least(double value) override {
    double before = value;
    check(MPI_Fetch_and_op(&value, &before, MPI_DOUBLE, 0, lowest, MPI_MIN, window_));
    check(MPI_Win_flush(0, window_));
    return before < value ? before : value;
  }

  std::vector<std::string> gather(const std::string& mine) override {
    is_dealing_ = false;
    const auto count = static_cast<std::size_t>(size_);
    const int length = static_cast<int>(mine.size());
    std::vector<int> lengths(count);
    check(MPI_Allgather(&length, 1, MPI_INT, lengths.data(), 1, MPI_INT, MPI_COMM_WORLD));
    std::vector<int> places(count);
    int total = 0;
    for (std::size_t i = 0; i < count; ++i) {
      places[i] = total;
      total += lengths[i];
    }
    std::string all(static_cast<std::size_t>(total), '\0');
    check(MPI_Allgatherv(mine.data(), length, MPI_CHAR, all.data(), lengths.data(), places.data(), MPI_CHAR,
                         MPI_COMM_WORLD));
    std::vector<std::string> texts;
    texts.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
      texts.push_back(all.substr(static_cast<std::size_t>(places[i]), static_cast<std::size_t>(lengths[i])));
    return texts;
  }

  bool is_dealing() const override { return is_dealing_; }

  [[noreturn]] void abandon(int exit_code) override {
    MPI_Abort(MPI_COMM_WORLD, exit_code);
    throw std::runtime_error("MPI_Abort returned");
  }

 private:
  static constexpr MPI_Aint word = 8;
  static constexpr MPI_Aint counter = 0;  // words of rank 0's memory
  static constexpr MPI_Aint lowest = 1;

  static void wait() { check(MPI_Barrier(MPI_COMM_WORLD)); }

  int rank_ = 0;
  int size_ = 1;
  MPI_Win window_ = MPI_WIN_NULL;
  bool is_dealing_ = false;
};

}  // namespace

std::unique_ptr<Team> join_team(int& argc, char**& argv) {
  return std::make_unique<MpiTeam>(argc, argv);
}

}  // namespace trainbudget::cli
