#include "traffic.h"

#include <algorithm>
#include <cstddef>

namespace software_gpu {

namespace {

constexpr std::uint64_t sector_bytes = 32;
constexpr std::size_t banks = 32, bank_bytes = 4, bytes_of_pass = banks * bank_bytes;

/// The numbers, each once.
class Distinct {
 public:
  void add(std::uint64_t value) { values_[count_++] = value; }
  std::size_t count() {
    std::sort(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(count_));
    return static_cast<std::size_t>(
        std::unique(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(count_)) -
        values_.begin());
  }

 private:
  std::array<std::uint64_t, lanes_of_warp> values_;
  std::size_t count_ = 0;
};

/// How often the busiest bank is asked for another word.
std::size_t passes(const Addresses& addresses, Mask mask, std::size_t bytes) {
  std::array<std::array<std::uint64_t, lanes_of_warp>, banks> words;
  std::array<std::size_t, banks> count{};
  const std::size_t words_of_lane = std::max<std::size_t>(bytes / bank_bytes, 1);
  for_lanes(mask, [&](int lane) {
    const std::uint64_t first = addresses[static_cast<std::size_t>(lane)] / bank_bytes;
    for (std::uint64_t word = first; word < first + words_of_lane; ++word) {
      auto& of_bank = words[word % banks];
      std::size_t& known = count[word % banks];
      if (std::find(of_bank.begin(), of_bank.begin() + known, word) == of_bank.begin() + known)
        of_bank[known++] = word;
    }
  });
  return *std::max_element(count.begin(), count.end());
}

}  // namespace

Traffic& Traffic::operator+=(const Traffic& other) {
  instructions += other.instructions;
  global_accesses += other.global_accesses;
  sectors += other.sectors;
  least_sectors += other.least_sectors;
  shared_accesses += other.shared_accesses;
  bank_conflicts += other.bank_conflicts;
  return *this;
}

void count_global(Traffic& traffic, const Addresses& addresses, Mask mask, std::size_t bytes) {
  // Accesses are aligned to their size, so each lies in one sector.
  Distinct sectors, places;
  for_lanes(mask, [&](int lane) {
    const std::uint64_t address = addresses[static_cast<std::size_t>(lane)];
    sectors.add(address / sector_bytes);
    places.add(address);
  });
  ++traffic.global_accesses;
  traffic.sectors += sectors.count();
  traffic.least_sectors += (places.count() * bytes + sector_bytes - 1) / sector_bytes;
}

void count_shared(Traffic& traffic, const Addresses& addresses, Mask mask, std::size_t bytes) {
  ++traffic.shared_accesses;
  const std::size_t lanes = std::min<std::size_t>(lanes_of_warp, bytes_of_pass / bytes);
  for (std::size_t first = 0; first < lanes_of_warp; first += lanes) {
    const Mask group = mask & static_cast<Mask>(((std::uint64_t{1} << lanes) - 1) << first);
    if (group != 0) traffic.bank_conflicts += passes(addresses, group, bytes) - 1;
  }
}

}  // namespace software_gpu
