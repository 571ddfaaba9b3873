#include "fat_binary.h"

#include "ptx.h"

#include <cstdint>
#include <cstring>

namespace software_gpu {

namespace {

// The container is not documented; this is what nvcc 13 writes, as its own fatbinary_section.h and a look at
// its output show.
struct Wrapper {
  std::uint32_t magic, version;
  const std::byte* data;
  const void* file;
};
struct Header {
  std::uint32_t magic;
  std::uint16_t version, bytes;
  std::uint64_t size;
};
struct Entry {
  std::uint16_t kind, version;
  std::uint32_t bytes;
  std::uint64_t size;
};
constexpr std::uint32_t wrapper_magic = 0x466243b1, header_magic = 0xba55ed50;
constexpr std::uint16_t ptx_kind = 1;

template <class Value>
Value at(const std::byte* place) {
  Value value;
  std::memcpy(&value, place, sizeof value);
  return value;
}

}  // namespace

std::string ptx_of(const void* registered) {
  const auto wrapper = at<Wrapper>(static_cast<const std::byte*>(registered));
  if (wrapper.magic != wrapper_magic) throw PtxError("not a fat binary");
  const auto header = at<Header>(wrapper.data);
  if (header.magic != header_magic) throw PtxError("not a fat binary");
  std::string found;
  const std::byte* const end = wrapper.data + header.bytes + header.size;
  for (const std::byte* place = wrapper.data + header.bytes; place + sizeof(Entry) <= end;) {
    const auto entry = at<Entry>(place);
    if (entry.kind == ptx_kind) {
      const auto* text = reinterpret_cast<const char*>(place + entry.bytes);
      const std::string ptx(text, strnlen(text, entry.size));
      if (ptx.find(".version") == std::string::npos)
        throw PtxError("the PTX is compressed: compile with nvcc --compress-mode=none");
      found = ptx;
    }
    place += entry.bytes + entry.size;
  }
  if (found.empty()) throw PtxError("no PTX: compile for compute_NN");
  return found;
}

}  // namespace software_gpu
