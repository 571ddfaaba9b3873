#include "collectives/nccl.h"

#include "device/cuda_library.h"
#include "device/cuda_machine.h"
#include "device/event.h"
#include "device/nvml.h"

#include <array>

#include <nccl.h>

namespace trainbudget::microbench {
namespace {

constexpr const char* library_name = "libnccl.so.2";

/// The functions used, under their own names.
struct Functions {
  decltype(&ncclGetVersion) version;
  decltype(&ncclGetUniqueId) unique_id;
  decltype(&ncclCommInitRank) init_rank;
  decltype(&ncclCommDestroy) destroy;
  decltype(&ncclGetErrorString) error_string;
  decltype(&ncclAllReduce) all_reduce;
  decltype(&ncclReduceScatter) reduce_scatter;
  decltype(&ncclAllGather) all_gather;
  decltype(&ncclSend) send;
  decltype(&ncclRecv) receive;
  decltype(&ncclGroupStart) group_start;
  decltype(&ncclGroupEnd) group_end;

  explicit Functions(const SharedLibrary& library) {
    complete =
        find(library, version, "ncclGetVersion") && find(library, unique_id, "ncclGetUniqueId") &&
        find(library, init_rank, "ncclCommInitRank") && find(library, destroy, "ncclCommDestroy") &&
        find(library, error_string, "ncclGetErrorString") && find(library, all_reduce, "ncclAllReduce") &&
        find(library, reduce_scatter, "ncclReduceScatter") && find(library, all_gather, "ncclAllGather") &&
        find(library, send, "ncclSend") && find(library, receive, "ncclRecv") &&
        find(library, group_start, "ncclGroupStart") && find(library, group_end, "ncclGroupEnd");
  }
  bool complete = false;

 private:
  template <class Function>
  static bool find(const SharedLibrary& library, Function*& function, const char* name) {
    function = library.find<Function>(name);
    return function != nullptr;
  }
};

class NcclTransport final : public Transport {
 public:
  NcclTransport(const Functions& nccl, Ranks& ranks, ReadingSource* readings)
      : nccl_(nccl), rank_(ranks.rank()), size_(ranks.size()), readings_(readings) {
    ncclUniqueId id{};
    if (rank_ == 0) check_nccl(nccl_.unique_id(&id), "starting NCCL");
    ranks.from_first(&id, sizeof id);
    check_nccl(nccl_.init_rank(&communicator_, size_, id, rank_), "connecting the GPUs");
    check(cudaStreamCreate(&stream_), "creating a stream");
  }
  ~NcclTransport() override {
    cudaFree(input_);
    cudaFree(output_);
    if (stream_ != nullptr) cudaStreamDestroy(stream_);
    if (communicator_ != nullptr) nccl_.destroy(communicator_);
  }

  std::string library() const override {
    int v = 0;
    check_nccl(nccl_.version(&v), "asking for NCCL's version");
    return "NCCL " + std::to_string(v / 10000) + "." + std::to_string(v / 100 % 100) + "." +
           std::to_string(v % 100);
  }
  ReadingSource* readings() override { return readings_; }

  void reserve(std::size_t elements) override {
    if (elements <= elements_) return;
    cudaFree(input_);
    cudaFree(output_);
    input_ = output_ = nullptr;
    check(cudaMalloc(&input_, elements * sizeof(float)), "allocating messages");
    check(cudaMalloc(&output_, elements * sizeof(float)), "allocating messages");
    // 0x3f3f3f3f is 0.747: neither zero nor denormal.
    check(cudaMemset(input_, 0x3f, elements * sizeof(float)), "filling messages");
    elements_ = elements;
  }
  void write_input(const std::vector<float>& values) override {
    check(cudaMemcpy(input_, values.data(), values.size() * sizeof(float), cudaMemcpyHostToDevice),
          "copying to the GPU");
    check(cudaMemset(output_, 0xff, elements_ * sizeof(float)), "poisoning the output");  // NaN
    check(cudaDeviceSynchronize(), "running on the GPU");
  }
  std::vector<float> read_output(std::size_t elements) override {
    std::vector<float> values(elements);
    check(cudaStreamSynchronize(stream_), "running on the GPU");
    check(cudaMemcpy(values.data(), output_, elements * sizeof(float), cudaMemcpyDeviceToHost),
          "copying from the GPU");
    return values;
  }
  double run(Collective collective, std::size_t elements, int times) override {
    // Not timed: the GPUs meet in it, so that none waits for another's host afterwards.
    queue(Collective::all_reduce, static_cast<std::size_t>(size_));
    start_.record(stream_);
    for (int i = 0; i < times; ++i)
      queue(collective, elements);
    stop_.record(stream_);
    stop_.wait();
    return stop_.seconds_since(start_);
  }

 private:
  void check_nccl(ncclResult_t status, const char* what) const {
    if (status != ncclSuccess) throw DeviceError(std::string(what) + ": " + nccl_.error_string(status));
  }

  void queue(Collective collective, std::size_t elements) {
    const std::size_t chunk = elements / static_cast<std::size_t>(size_);
    switch (collective) {
      case Collective::all_reduce:
        return check_nccl(
            nccl_.all_reduce(input_, output_, elements, ncclFloat, ncclSum, communicator_, stream_),
            "an all-reduce");
      case Collective::reduce_scatter:
        return check_nccl(
            nccl_.reduce_scatter(input_, output_, chunk, ncclFloat, ncclSum, communicator_, stream_),
            "a reduce-scatter");
      case Collective::all_gather:
        return check_nccl(nccl_.all_gather(input_, output_, chunk, ncclFloat, communicator_, stream_),
                          "an all-gather");
      case Collective::all_to_all:
        check_nccl(nccl_.group_start(), "an all-to-all");
        for (int peer = 0; peer < size_; ++peer) {
          const std::size_t at = static_cast<std::size_t>(peer) * chunk;
          check_nccl(nccl_.send(input_ + at, chunk, ncclFloat, peer, communicator_, stream_), "a send");
          check_nccl(nccl_.receive(output_ + at, chunk, ncclFloat, peer, communicator_, stream_),
                     "a receive");
        }
        return check_nccl(nccl_.group_end(), "an all-to-all");
      case Collective::send_receive:
        check_nccl(nccl_.group_start(), "a send and receive");
        check_nccl(nccl_.send(input_, elements, ncclFloat, (rank_ + 1) % size_, communicator_, stream_),
                   "a send");
        check_nccl(
            nccl_.receive(output_, elements, ncclFloat, (rank_ + size_ - 1) % size_, communicator_, stream_),
            "a receive");
        return check_nccl(nccl_.group_end(), "a send and receive");
    }
  }

  const Functions& nccl_;
  int rank_, size_;
  ReadingSource* readings_;
  ncclComm_t communicator_ = nullptr;
  cudaStream_t stream_ = nullptr;
  float *input_ = nullptr, *output_ = nullptr;
  std::size_t elements_ = 0;
  Event start_, stop_;
};

class Nccl final : public NcclLibrary {
 public:
  Nccl(SharedLibrary library, int device)
      : library_(std::move(library)), functions_(library_), description_(describe_device(device)) {
    std::array<char, 32> address{};
    check(cudaDeviceGetPCIBusId(address.data(), static_cast<int>(address.size()), device),
          "reading the GPU's address");
    readings_ = make_nvml_source(address.data());
    describe_by_nvml(address.data(), description_);
  }
  bool complete() const { return functions_.complete; }
  MeasuredDevice description() override { return description_; }
  std::unique_ptr<Transport> connect(Ranks& ranks) override {
    return std::make_unique<NcclTransport>(functions_, ranks, readings_.get());
  }

 private:
  SharedLibrary library_;
  Functions functions_;
  MeasuredDevice description_;
  std::unique_ptr<ReadingSource> readings_;
};

}  // namespace

std::unique_ptr<NcclLibrary> open_nccl(int place, std::string& reason) {
  if (const auto none = no_cuda_device()) {
    reason = *none;
    return nullptr;
  }
  SharedLibrary library = open_cuda_library(library_name);
  if (!library.opened()) {
    reason = library.error() + "; CUDA_HOME may say where CUDA is";
    return nullptr;
  }
  int devices = 0;
  check(cudaGetDeviceCount(&devices), "counting GPUs");
  check(cudaSetDevice(place % devices), "choosing the GPU");
  auto nccl = std::make_unique<Nccl>(std::move(library), place % devices);
  if (!nccl->complete()) {
    reason = std::string(library_name) + " lacks a function";
    return nullptr;
  }
  return nccl;
}

}  // namespace trainbudget::microbench
