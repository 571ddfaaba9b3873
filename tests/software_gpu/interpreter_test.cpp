// The software GPU itself: what it computes, and that it finds what it is there to find.
#include "catch.h"
#include "execute.h"

#include <cstring>
#include <numeric>
#include <string>

using namespace software_gpu;

namespace {

constexpr unsigned lanes = 32;

/// A kernel of one pointer, %rd1, whose thread is %r1 and whose word is at %rd2.
std::string kernel(const std::string& body) {
  return R"(.version 9.0
.target sm_90
.address_size 64
.visible .entry test(.param .u64 test_param_0)
{
  .reg .pred %p<8>;
  .reg .b16 %rs<8>;
  .reg .f32 %f<8>;
  .reg .b32 %r<16>;
  .reg .b64 %rd<8>;
  .shared .align 4 .b8 shared[512];
  ld.param.u64 %rd1, [test_param_0];
  cvta.to.global.u64 %rd1, %rd1;
  mov.u32 %r1, %tid.x;
  mul.wide.u32 %rd3, %r1, 4;
  add.s64 %rd2, %rd1, %rd3;
  mov.u32 %r2, shared;
  shl.b32 %r3, %r1, 2;
  add.s32 %r3, %r2, %r3;
)" + body +
         "\n  ret;\n}\n";
}

/// What `threads` threads leave in a word each that starts as the thread's number.
std::vector<std::uint32_t> run(const std::string& body, unsigned threads = lanes) {
  const Module module = read_ptx(kernel(body));
  std::vector<std::uint32_t> words(threads);
  std::iota(words.begin(), words.end(), 0U);
  GlobalMemory memory;
  const auto address = reinterpret_cast<std::uintptr_t>(words.data());
  memory.add(address, words.size() * sizeof(std::uint32_t));
  Launch launch{.function = &module.functions.at("test"), .block = {.x = threads}};
  launch.parameters.resize(sizeof address);
  std::memcpy(launch.parameters.data(), &address, sizeof address);
  execute(launch, memory);
  return words;
}

std::uint32_t bits(float value) {
  std::uint32_t result;
  std::memcpy(&result, &value, sizeof result);
  return result;
}

void check_fault(const std::string& body, const std::string& message, unsigned threads = lanes) {
  INFO(body);
  CHECK_THROWS_WITH(run(body, threads), ContainsSubstring(message));
}

}  // namespace

TEST_CASE("arithmetic is that of the instruction") {
  const auto last = [](const std::string& body) { return run(body)[31]; };
  CHECK(last("mad.lo.s32 %r4, %r1, -3, 7; st.global.u32 [%rd2], %r4;") ==
        static_cast<std::uint32_t>(31 * -3 + 7));
  CHECK(last("mul.hi.u32 %r4, %r1, -1; st.global.u32 [%rd2], %r4;") == 30);
  CHECK(last("shr.s32 %r4, -8, 1; st.global.u32 [%rd2], %r4;") == static_cast<std::uint32_t>(-4));
  CHECK(last("shl.b32 %r4, %r1, 32; st.global.u32 [%rd2], %r4;") == 0);
  CHECK(last("prmt.b32 %r4, 0x03020100, 0x07060504, 0x7531; st.global.u32 [%rd2], %r4;") == 0x07050301);
  CHECK(last("bfi.b32 %r4, 5, -1, 4, 8; st.global.u32 [%rd2], %r4;") == 0xfffff05f);
  CHECK(last("cvt.rn.f32.u32 %f1, %r1; fma.rn.f32 %f2, %f1, 0f40000000, 0f3F800000; st.global.f32 [%rd2], "
             "%f2;") == bits(63.0F));
  // The fast functions err, as those of a GPU do: by two units of the last place at most.
  const std::uint32_t eight = last("ex2.approx.ftz.f32 %f1, 0f40400000; st.global.f32 [%rd2], %f1;");
  CHECK(eight != bits(8.0F));
  CHECK(eight >= bits(8.0F) - 4);  // just below a power of two they are half as large
  CHECK(eight <= bits(8.0F) + 2);
  CHECK(last("cvt.rzi.s32.f32 %r4, 0fC0200000; st.global.u32 [%rd2], %r4;") ==
        static_cast<std::uint32_t>(-2));
  // Subnormal numbers are flushed where the instruction says so, and only there.
  CHECK(last("add.ftz.f32 %f1, 0f00000001, 0f00000000; st.global.f32 [%rd2], %f1;") == 0);
  CHECK(last("add.f32 %f1, 0f00000001, 0f00000000; st.global.f32 [%rd2], %f1;") == 1);
  // To nearest, ties to even: 1 + 2^-8 lies between two numbers of bfloat16, and so does 1 + 3 * 2^-8.
  CHECK(last("cvt.rn.bf16.f32 %rs1, 0f3F808000; mov.b32 %r4, {%rs1, 0}; st.global.u32 [%rd2], %r4;") ==
        0x3f80);
  CHECK(last("cvt.rn.bf16.f32 %rs1, 0f3F818000; mov.b32 %r4, {%rs1, 0}; st.global.u32 [%rd2], %r4;") ==
        0x3f82);
}

TEST_CASE("lanes that part meet again") {
  // Each lane adds its number to itself as often as its number says.
  const auto sums = run(R"(
  mov.u32 %r4, 0;
  mov.u32 %r5, 0;
again:
  setp.ge.u32 %p1, %r5, %r1;
  @%p1 bra done;
  add.s32 %r4, %r4, %r1;
  add.s32 %r5, %r5, 1;
  bra.uni again;
done:
  shfl.sync.bfly.b32 %r6, %r4, 1, 31, -1;
  st.global.u32 [%rd2], %r6;)");
  for (unsigned lane = 0; lane < lanes; ++lane)
    CHECK(sums[lane] == (lane ^ 1U) * (lane ^ 1U));
}

TEST_CASE("values cross a warp as the exchange says") {
  const auto exchanged = [](const std::string& how) {
    return run("shfl.sync." + how + ", -1; st.global.u32 [%rd2], %r4;");
  };
  CHECK(exchanged("down.b32 %r4, %r1, 1, 31")[30] == 31);
  CHECK(exchanged("down.b32 %r4, %r1, 1, 31")[31] == 31);
  CHECK(exchanged("up.b32 %r4, %r1, 2, 0")[31] == 29);
  CHECK(exchanged("up.b32 %r4, %r1, 2, 0")[1] == 1);
  CHECK(exchanged("idx.b32 %r4, %r1, 7, 31")[31] == 7);
  CHECK(exchanged("bfly.b32 %r4, %r1, 16, 31")[3] == 19);
}

TEST_CASE("a barrier orders what threads of a block write and read") {
  const std::string there = "st.shared.u32 [%r3], %r1;";
  const std::string back = "xor.b32 %r4, %r3, 128; ld.shared.u32 %r5, [%r4]; st.global.u32 [%rd2], %r5;";
  const auto words = run(there + "bar.sync 0;" + back, 2 * lanes);
  CHECK(words[0] == 32);
  CHECK(words[63] == 31);
  check_fault(there + back, "never written", 2 * lanes);
  // Within a warp its own barrier is enough, and without it there is a race even where lanes run in step.
  const std::string near = "xor.b32 %r4, %r3, 4; ld.shared.u32 %r5, [%r4]; st.global.u32 [%rd2], %r5;";
  CHECK(run(there + "bar.warp.sync -1;" + near)[0] == 1);
  check_fault(there + near, "race: thread 0 reads byte 4");
  // Written again while others may still read.
  check_fault(there + "bar.sync 0;" + back + "st.shared.u32 [%r3], 0;",
              "race: thread 32 reads byte 0 of shared memory that thread 0 has written", 2 * lanes);
  check_fault(there + "bar.sync 0;" + back + "setp.ge.u32 %p1, %r1, 32; @%p1 st.shared.u32 [%r3], 0;",
              "race: thread 32 writes byte 128 of shared memory that thread 0 uses", 2 * lanes);
  CHECK(run(there + "bar.sync 0;" + back + "bar.sync 0; st.shared.u32 [%r3], 0;", 2 * lanes)[1] == 33);
}

TEST_CASE("what no GPU forgives is found, with its place") {
  check_fault("ld.global.u32 %r4, [%rd2+4];", "thread 31: global memory: 4 bytes outside all allocations");
  check_fault("st.global.u32 [%rd2+-4], %r1;", "thread 0: global memory");
  check_fault("ld.global.v2.u32 {%r4, %r5}, [%rd2];", "not aligned for 8");
  check_fault("st.shared.u32 [%r3+508], %r1;", "shared memory: byte 512 of 512");
  check_fault("setp.lt.u32 %p1, %r1, 8; @%p1 bra low; bar.sync 0; bra.uni end; low: bar.sync 0; end:",
              "different barriers");
  check_fault("setp.lt.u32 %p1, %r1, 8; @%p1 ret; shfl.sync.bfly.b32 %r4, %r1, 1, 31, -1;",
              "lanes that have ended");
  check_fault("setp.lt.u32 %p1, %r1, 8; @%p1 shfl.sync.bfly.b32 %r4, %r1, 1, 31, -1;",
              "lanes of their warp that do not come");
  check_fault("div.u32 %r4, %r1, 0;", "division by zero");
}

TEST_CASE("what it does not know is named") {
  CHECK_THROWS_WITH(read_ptx(kernel("wgmma.fence.sync.aligned;")),
                    ContainsSubstring("unknown instruction wgmma"));
  CHECK_THROWS_WITH(read_ptx(kernel("add.odd.s32 %r4, %r1, 1;")),
                    ContainsSubstring("unknown part .odd of add.odd.s32"));
  CHECK_THROWS_WITH(read_ptx(kernel("add.s32 %r99, %r1, 1;")), ContainsSubstring("%r99"));
  CHECK_THROWS_WITH(read_ptx(kernel("bra nowhere;")), ContainsSubstring("no label nowhere"));
}

TEST_CASE("what a warp asks of memory is counted: sectors, and passes over the banks of shared memory") {
  const auto counted = [](void (*count)(Traffic&, const Addresses&, Mask, std::size_t), std::size_t bytes,
                          std::uint64_t stride, Mask mask = ~Mask{0}) {
    Addresses addresses;
    for (std::size_t lane = 0; lane < addresses.size(); ++lane)
      addresses[lane] = 4096 + lane * stride;
    Traffic traffic;
    count(traffic, addresses, mask, bytes);
    return traffic;
  };
  const auto sectors = [&](std::size_t bytes, std::uint64_t stride) {
    const Traffic traffic = counted(count_global, bytes, stride);
    return std::pair(traffic.sectors, traffic.least_sectors);
  };
  using Sectors = std::pair<std::uint64_t, std::uint64_t>;
  CHECK(sectors(4, 4) == Sectors{4, 4});
  CHECK(sectors(16, 16) == Sectors{16, 16});
  CHECK(sectors(4, 16) == Sectors{16, 4});    // one element of four
  CHECK(sectors(16, 32) == Sectors{32, 16});  // half of each sector
  CHECK(sectors(4, 0) == Sectors{1, 1});      // all the same
  CHECK(sectors(2, 256) == Sectors{32, 2});

  const auto conflicts = [&](std::size_t bytes, std::uint64_t stride, Mask mask = ~Mask{0}) {
    return counted(count_shared, bytes, stride, mask).bank_conflicts;
  };
  CHECK(conflicts(4, 4) == 0);
  CHECK(conflicts(4, 0) == 0);
  CHECK(conflicts(2, 2) == 0);     // two lanes in a word
  CHECK(conflicts(4, 8) == 1);     // every second bank
  CHECK(conflicts(4, 128) == 31);  // all in one
  CHECK(conflicts(4, 128, 0xF) == 3);
  CHECK(conflicts(8, 8) == 0);    // two passes of 16 lanes
  CHECK(conflicts(16, 16) == 0);  // four of 8
  CHECK(conflicts(16, 32) == 4);  // of 8 lanes, 4 lie over the others: in each of four passes
  CHECK(conflicts(16, 64) == 12);
  CHECK(counted(count_shared, 4, 4).shared_accesses == 1);

  // A kernel's own: the store that the last thread leaves out is an access like the others.
  const Module module =
      read_ptx(kernel("st.shared.u32 [%r3], %r1; ld.shared.u32 %r4, [%r3]; "
                      "setp.lt.u32 %p1, %r1, 31; @%p1 st.global.u32 [%rd2], %r4;"));
  std::vector<std::uint32_t> words(lanes);
  GlobalMemory memory;
  const auto address = reinterpret_cast<std::uintptr_t>(words.data());
  memory.add(address, words.size() * sizeof(std::uint32_t));
  Launch launch{.function = &module.functions.at("test"), .grid = {.x = 3}, .block = {.x = lanes}};
  launch.parameters.resize(sizeof address);
  std::memcpy(launch.parameters.data(), &address, sizeof address);
  const Traffic traffic = execute(launch, memory);
  CHECK(traffic.global_accesses == 3);
  CHECK(traffic.shared_accesses == 6);
  CHECK(traffic.bank_conflicts == 0);
  CHECK(traffic.instructions == 3 * (8 + 4 + 1));  // what comes before, these, and the end
}
