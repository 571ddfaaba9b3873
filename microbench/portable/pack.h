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

/// Writes a pack to global memory at `target`, which is aligned to it: as one access, which nvcc does not
/// always make of the elements by itself, and each of which would go to all of the warp's sectors.
template <int count, class Element>
TB_DEVICE void store_pack(Element* target, const Pack<Element, count>& pack) {
#if defined(__CUDA_ARCH__)
  if constexpr (sizeof pack == 16) {
    uint4 w;
    memcpy(&w, &pack, sizeof w);
    asm volatile("st.global.v4.b32 [%0], {%1, %2, %3, %4};" ::"l"(target), "r"(w.x), "r"(w.y), "r"(w.z),
                 "r"(w.w)
                 : "memory");
    return;
  } else if constexpr (sizeof pack == 8) {
    uint2 w;
    memcpy(&w, &pack, sizeof w);
    asm volatile("st.global.v2.b32 [%0], {%1, %2};" ::"l"(target), "r"(w.x), "r"(w.y) : "memory");
    return;
  } else if constexpr (sizeof pack == 4) {
    unsigned w;
    memcpy(&w, &pack, sizeof w);
    asm volatile("st.global.b32 [%0], %1;" ::"l"(target), "r"(w) : "memory");
    return;
  }
#endif
  *reinterpret_cast<Pack<Element, count>*>(target) = pack;
}

/// Rounds `count` values to the element type and writes them to global memory.
template <int count, class Element>
TB_DEVICE void store_floats(Element* target, const float (&values)[count]) {
  Pack<Element, count> pack;
  TB_UNROLL
  for (int i = 0; i < count; ++i)
    pack.element[i] = from_float<Element>(values[i]);
  store_pack(target, pack);
}

/// Writes `count` values to shared memory.
template <int count>
TB_DEVICE void share_floats(float* target, const float (&values)[count]) {
  Pack<float, count> pack;
  TB_UNROLL
  for (int i = 0; i < count; ++i)
    pack.element[i] = values[i];
  *reinterpret_cast<Pack<float, count>*>(target) = pack;
}

/// Widens the elements of `pack` and writes them to shared memory.
template <class Element, int count>
TB_DEVICE void share_pack(float* target, const Pack<Element, count>& pack) {
  float values[count];
  TB_UNROLL
  for (int i = 0; i < count; ++i)
    values[i] = to_float(pack.element[i]);
  share_floats(target, values);
}

}  // namespace trainbudget::microbench
