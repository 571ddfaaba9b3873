// Random numbers by counter: element i of stream s is the same on every machine and in any order, so that the
// GPU fills a buffer in parallel with what the tests fill it with.
#pragma once

#include "portable/portable.h"

namespace trainbudget::microbench {

/// 64 random bits from a counter (Steele, Lea, Flood, "Fast splittable pseudorandom number generators",
/// 2014).
TB_HOST_DEVICE std::uint64_t random_bits(std::uint64_t stream, std::uint64_t counter) {
  std::uint64_t z = (stream * 0xd1342543de82ef95ULL) ^ ((counter + 1) * 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

/// Uniform in (0, 1), never an end.
TB_HOST_DEVICE float random_unit(std::uint64_t bits) {
  return (static_cast<float>(bits >> 41) + 0.5F) * (1.0F / 8388608.0F);
}

/// What a buffer is filled with. Never zero: zeros hide unwritten outputs, and matrix units run faster on
/// them.
struct Fill {
  enum class Kind : std::uint8_t {
    normal,   ///< mean `offset`, standard deviation `scale`
    uniform,  ///< from offset - scale to offset + scale
    sign,     ///< offset + scale or offset - scale, as likely
    index,    ///< whole numbers from 0 to scale - 1
  };
  Kind kind = Kind::normal;
  float scale = 1.0F;
  float offset = 0.0F;

  TB_HOST_DEVICE float value(std::uint64_t stream, std::uint64_t element) const {
    const std::uint64_t bits = random_bits(stream, element);
    const float unit = random_unit(bits);
    switch (kind) {
      case Kind::uniform:
        return offset + scale * (2.0F * unit - 1.0F);
      case Kind::sign:
        return offset + (bits & 1U ? scale : -scale);
      case Kind::index:
        return static_cast<float>(static_cast<std::int32_t>(unit * scale));
      case Kind::normal:
        break;
    }
    // Box and Muller, "A note on the generation of random normal deviates", 1958. Both factors are never
    // zero.
    const float angle = 6.2831853F * random_unit(random_bits(~stream, element));
    return offset + scale * sqrtf(-2.0F * logf(unit)) * cosf(angle);
  }
};

}  // namespace trainbudget::microbench
