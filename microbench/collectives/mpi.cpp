#include "collectives/mpi.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <string>

#include <mpi.h>

namespace trainbudget::microbench {
namespace {

class MpiRanks final : public Ranks {
 public:
  explicit MpiRanks(MPI_Comm communicator, bool owned) : communicator_(communicator), owned_(owned) {
    MPI_Comm_rank(communicator, &rank_);
    MPI_Comm_size(communicator, &size_);
    MPI_Comm node = MPI_COMM_NULL;
    MPI_Comm_split_type(communicator, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &node);
    int here = 1;
    MPI_Comm_size(node, &here);
    MPI_Comm_free(&node);
    per_node_ = static_cast<int>(largest(here));
  }
  ~MpiRanks() override {
    if (owned_) MPI_Comm_free(&communicator_);
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  int per_node() const override { return per_node_; }
  double largest(double mine) override {
    double all = mine;
    MPI_Allreduce(&mine, &all, 1, MPI_DOUBLE, MPI_MAX, communicator_);
    return all;
  }
  void from_first(void* data, std::size_t bytes) override {
    MPI_Bcast(data, static_cast<int>(bytes), MPI_BYTE, 0, communicator_);
  }
  std::unique_ptr<Ranks> on_this_node() override {
    MPI_Comm node = MPI_COMM_NULL;
    MPI_Comm_split_type(communicator_, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &node);
    return std::make_unique<MpiRanks>(node, true);
  }
  MPI_Comm communicator() const { return communicator_; }

 private:
  MPI_Comm communicator_;
  bool owned_;
  int rank_ = 0, size_ = 1, per_node_ = 1;
};

class MpiTransport final : public Transport {
 public:
  explicit MpiTransport(const MpiRanks& ranks)
      : communicator_(ranks.communicator()), rank_(ranks.rank()), size_(ranks.size()) {}

  std::string library() const override {
    std::string text(MPI_MAX_LIBRARY_VERSION_STRING, '\0');
    int length = 0;
    MPI_Get_library_version(text.data(), &length);
    text.resize(static_cast<std::size_t>(length));
    return text.substr(0, text.find_first_of(",\n"));
  }
  void reserve(std::size_t elements) override {
    if (elements > static_cast<std::size_t>(std::numeric_limits<int>::max()))
      throw std::runtime_error("MPI counts elements up to 2^31: --most is too large");
    if (elements <= input_.size()) return;
    input_.resize(elements, 1.0F);
    output_.resize(elements);
  }
  void write_input(const std::vector<float>& values) override {
    std::copy(values.begin(), values.end(), input_.begin());
    std::fill(output_.begin(), output_.end(), std::numeric_limits<float>::quiet_NaN());
  }
  std::vector<float> read_output(std::size_t elements) override {
    return {output_.begin(), output_.begin() + static_cast<std::ptrdiff_t>(elements)};
  }
  double run(Collective collective, std::size_t elements, int times) override {
    MPI_Barrier(communicator_);
    const double start = MPI_Wtime();
    for (int i = 0; i < times; ++i)
      run_once(collective, static_cast<int>(elements));
    return MPI_Wtime() - start;
  }

 private:
  void run_once(Collective collective, int elements) {
    const int chunk = elements / size_;
    const float* in = input_.data();
    float* out = output_.data();
    switch (collective) {
      case Collective::all_reduce:
        MPI_Allreduce(in, out, elements, MPI_FLOAT, MPI_SUM, communicator_);
        return;
      case Collective::reduce_scatter:
        MPI_Reduce_scatter_block(in, out, chunk, MPI_FLOAT, MPI_SUM, communicator_);
        return;
      case Collective::all_gather:
        MPI_Allgather(in, chunk, MPI_FLOAT, out, chunk, MPI_FLOAT, communicator_);
        return;
      case Collective::all_to_all:
        MPI_Alltoall(in, chunk, MPI_FLOAT, out, chunk, MPI_FLOAT, communicator_);
        return;
      case Collective::send_receive:
        MPI_Sendrecv(in, elements, MPI_FLOAT, (rank_ + 1) % size_, 0, out, elements, MPI_FLOAT,
                     (rank_ + size_ - 1) % size_, 0, communicator_, MPI_STATUS_IGNORE);
        return;
    }
  }

  MPI_Comm communicator_;
  int rank_, size_;
  std::vector<float> input_, output_;
};

}  // namespace

// Errors of MPI end all processes, which is its default.
MpiSession::MpiSession() {
  MPI_Init(nullptr, nullptr);
}
MpiSession::~MpiSession() {
  MPI_Finalize();
}
int MpiSession::rank() const {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}
std::unique_ptr<Ranks> MpiSession::all_ranks() {
  return std::make_unique<MpiRanks>(MPI_COMM_WORLD, false);
}
void MpiSession::abandon(int exit_code) {
  MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::abort();
}

std::unique_ptr<Transport> make_mpi_transport(const Ranks& ranks) {
  return std::make_unique<MpiTransport>(dynamic_cast<const MpiRanks&>(ranks));
}

}  // namespace trainbudget::microbench
