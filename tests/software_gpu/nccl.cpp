// libnccl.so.2 of software GPUs, one to a rank: what NCCL does between GPUs is done by MPI between the ranks'
// memories, when the stream comes to it. After NVIDIA's "NCCL API" documentation.
#include "runtime.h"

#include <cstring>
#include <functional>
#include <utility>
#include <vector>

#include <mpi.h>
#include <nccl.h>

struct ncclComm {
  MPI_Comm ranks = MPI_COMM_NULL;
  int size = 0;
};

namespace software_gpu {

namespace {

struct Identity {
  int first_rank, number;
};
constexpr int tag = 7301;

/// Messages that go together.
struct Message {
  bool sent;
  float* data;
  int elements, peer;
  ncclComm_t communicator;
  cudaStream_t stream;
};
std::vector<Message> group;
int open_groups = 0;

std::size_t bytes_of(std::size_t elements) {
  return elements * sizeof(float);
}

/// Whether a call is one that a GPU would take: fp32, in memory of the device, disjoint unless it is in
/// place.
ncclResult_t judge(ncclDataType_t type, const void* input, std::size_t read, const void* output,
                   std::size_t written) {
  const bool there = on_device(input, bytes_of(read)) && on_device(output, bytes_of(written));
  return type == ncclFloat && there ? ncclSuccess : ncclInvalidArgument;
}

ncclResult_t queue_on(cudaStream_t stream, std::size_t bytes, std::function<void()> run) {
  const Work work{.run = [run = std::move(run)](double) { run(); },
                  .seconds = 1e-5 + static_cast<double>(bytes) / 1e11};
  return queue(stream, work) == cudaSuccess ? ncclSuccess : ncclUnhandledCudaError;
}

ncclResult_t add_message(const Message& message) {
  group.push_back(message);
  return open_groups > 0 ? ncclSuccess : (++open_groups, ncclGroupEnd());
}

}  // namespace

}  // namespace software_gpu

using namespace software_gpu;

extern "C" {

const char* ncclGetErrorString(ncclResult_t status) {
  return status == ncclInvalidArgument ? "invalid argument" : "an error of the software GPU";
}
ncclResult_t ncclGetVersion(int* version) {
  *version = NCCL_VERSION_CODE;
  return ncclSuccess;
}

ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  static int made = 0;
  Identity identity{.first_rank = 0, .number = made++};
  MPI_Comm_rank(MPI_COMM_WORLD, &identity.first_rank);
  *id = {};
  std::memcpy(id->internal, &identity, sizeof identity);
  return ncclSuccess;
}

ncclResult_t ncclCommInitRank(ncclComm_t* made, int size, ncclUniqueId id, int rank) {
  Identity identity{};
  std::memcpy(&identity, id.internal, sizeof identity);
  // Each tells the first who it is, and the first tells all.
  std::vector<int> members(static_cast<std::size_t>(size));
  int self = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &self);
  if (rank == 0) {
    members[0] = self;
    for (int other = 1; other < size; ++other) {
      int place[2];
      MPI_Recv(place, 2, MPI_INT, MPI_ANY_SOURCE, tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      members[static_cast<std::size_t>(place[0])] = place[1];
    }
    for (int other = 1; other < size; ++other)
      MPI_Send(members.data(), size, MPI_INT, members[static_cast<std::size_t>(other)], tag, MPI_COMM_WORLD);
  } else {
    const int place[2] = {rank, self};
    MPI_Send(place, 2, MPI_INT, identity.first_rank, tag, MPI_COMM_WORLD);
    MPI_Recv(members.data(), size, MPI_INT, identity.first_rank, tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  }
  MPI_Group world = MPI_GROUP_NULL, ours = MPI_GROUP_NULL;
  MPI_Comm_group(MPI_COMM_WORLD, &world);
  MPI_Group_incl(world, size, members.data(), &ours);
  *made = new ncclComm{.size = size};
  MPI_Comm_create_group(MPI_COMM_WORLD, ours, tag, &(*made)->ranks);
  MPI_Group_free(&ours);
  MPI_Group_free(&world);
  return ncclSuccess;
}
ncclResult_t ncclCommDestroy(ncclComm_t communicator) {
  MPI_Comm_free(&communicator->ranks);
  delete communicator;
  return ncclSuccess;
}

ncclResult_t ncclAllReduce(const void* input, void* output, std::size_t count, ncclDataType_t type,
                           ncclRedOp_t operation, ncclComm_t communicator, cudaStream_t stream) {
  if (operation != ncclSum || judge(type, input, count, output, count) != ncclSuccess)
    return ncclInvalidArgument;
  return queue_on(stream, bytes_of(count), [=] {
    MPI_Allreduce(input, output, static_cast<int>(count), MPI_FLOAT, MPI_SUM, communicator->ranks);
  });
}
ncclResult_t ncclReduceScatter(const void* input, void* output, std::size_t count, ncclDataType_t type,
                               ncclRedOp_t operation, ncclComm_t communicator, cudaStream_t stream) {
  const std::size_t all = count * static_cast<std::size_t>(communicator->size);
  if (operation != ncclSum || judge(type, input, all, output, count) != ncclSuccess)
    return ncclInvalidArgument;
  return queue_on(stream, bytes_of(all), [=] {
    MPI_Reduce_scatter_block(input, output, static_cast<int>(count), MPI_FLOAT, MPI_SUM, communicator->ranks);
  });
}
ncclResult_t ncclAllGather(const void* input, void* output, std::size_t count, ncclDataType_t type,
                           ncclComm_t communicator, cudaStream_t stream) {
  const std::size_t all = count * static_cast<std::size_t>(communicator->size);
  if (judge(type, input, count, output, all) != ncclSuccess) return ncclInvalidArgument;
  return queue_on(stream, bytes_of(all), [=] {
    const int each = static_cast<int>(count);
    MPI_Allgather(input, each, MPI_FLOAT, output, each, MPI_FLOAT, communicator->ranks);
  });
}

ncclResult_t ncclSend(const void* input, std::size_t count, ncclDataType_t type, int peer,
                      ncclComm_t communicator, cudaStream_t stream) {
  if (judge(type, input, count, input, count) != ncclSuccess || peer < 0 || peer >= communicator->size)
    return ncclInvalidArgument;
  return add_message({true, const_cast<float*>(static_cast<const float*>(input)), static_cast<int>(count),
                      peer, communicator, stream});
}
ncclResult_t ncclRecv(void* output, std::size_t count, ncclDataType_t type, int peer, ncclComm_t communicator,
                      cudaStream_t stream) {
  if (judge(type, output, count, output, count) != ncclSuccess || peer < 0 || peer >= communicator->size)
    return ncclInvalidArgument;
  return add_message(
      {false, static_cast<float*>(output), static_cast<int>(count), peer, communicator, stream});
}
ncclResult_t ncclGroupStart() {
  ++open_groups;
  return ncclSuccess;
}
ncclResult_t ncclGroupEnd() {
  if (open_groups == 0) return ncclInvalidUsage;
  if (--open_groups > 0 || group.empty()) return ncclSuccess;
  const std::vector<Message> messages = std::exchange(group, {});
  std::size_t bytes = 0;
  for (const Message& message : messages)
    bytes += bytes_of(static_cast<std::size_t>(message.elements));
  return queue_on(messages.front().stream, bytes, [messages] {
    std::vector<MPI_Request> requests;
    for (const Message& m : messages) {
      MPI_Request& request = requests.emplace_back();
      if (m.sent) {
        MPI_Isend(m.data, m.elements, MPI_FLOAT, m.peer, tag, m.communicator->ranks, &request);
      } else {
        MPI_Irecv(m.data, m.elements, MPI_FLOAT, m.peer, tag, m.communicator->ranks, &request);
      }
    }
    MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE);
  });
}

}  // extern "C"
