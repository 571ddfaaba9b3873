// What kernel files of somebody else are given and compared with.
#include "catch.h"
#include "kernel_file/loaded_kernel.h"

using namespace trainbudget::microbench;

TEST_CASE("every result of a kernel file has a reference of its size") {
  for (const KernelInterface& interface : kernel_interfaces()) {
    for (const Shape& shape : file_test_shapes(interface)) {
      const Values inputs = draw_inputs(interface, shape, 1);
      const Values expected = expected_results(interface, shape, inputs);
      for (const FileTensor& tensor : interface.tensors) {
        if (tensor.reference.empty()) continue;
        INFO(interface.name << ": " << tensor.name);
        const Values& place = tensor.output ? expected : inputs;
        const auto found = place.find(std::string(tensor.reference));
        REQUIRE(found != place.end());
        CHECK(static_cast<std::int64_t>(found->second.size()) == elements_of(tensor, shape));
      }
    }
  }
}
