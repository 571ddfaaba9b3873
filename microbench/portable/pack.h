// Several consecutive elements moved as one access: 16 bytes a thread is what memory-bound kernels need.
#pragma once

#include "portable/bfloat16.h"

namespace trainbudget::microbench {

template <class Element, int count>
struct alignas(sizeof(Element) * count < 16 ? sizeof(Element) * count : 16) Pack {
  Element element[count];
};

/// Reads `count` elements at `source`, which is aligned to the pack.
template <int count, class Element>
TB_DEVICE Pack<Element, count> load_pack(const Element* source) {
  return *reinterpret_cast<const Pack<Element, count>*>(source);
}

/// Asks for what lies at `source` to be brought near before it is read; holds no register meanwhile.
TB_DEVICE void prefetch([[maybe_unused]] const void* source) {
#if defined(__CUDA_ARCH__)
  asm volatile("prefetch.global.L2 [%0];" ::"l"(source));
#endif
}

/// Reads `count` elements and widens them.
template <int count, class Element>
TB_DEVICE void load_floats(const Element* source, float (&values)[count]) {
  const Pack<Element, count> pack = load_pack<count>(source);
  TB_UNROLL
  for (int i = 0; i < count; ++i)
    values[i] = to_float(pack.element[i]);
}

/// Rounds `count` values to the element type and writes them.
template <int count, class Element>
TB_DEVICE void store_floats(Element* target, const float (&values)[count]) {
  Pack<Element, count> pack;
  TB_UNROLL
  for (int i = 0; i < count; ++i)
    pack.element[i] = from_float<Element>(values[i]);
  *reinterpret_cast<Pack<Element, count>*>(target) = pack;
}

}  // namespace trainbudget::microbench
