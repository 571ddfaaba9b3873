#include "io/measured_accelerator.h"

#include "core/measured_efficiency.h"
#include "io/accelerator_file.h"

#include <utility>

namespace trainbudget::io {

std::vector<Accelerator> accelerators_meant(const ProfileFolder& profiles, const Measurement& measurement) {
  std::vector<Accelerator> meant;
  for (const std::string& name : profiles.names(accelerator_profiles)) {
    Accelerator accelerator = read_accelerator_file(profiles.file(accelerator_profiles, name));
    // Drivers name the form factor of cards; a module has none in its name.
    bool other_form = false;
    for (const auto& [profile_word, device_word] : {std::pair{"-pcie-", "PCIe"}, {"-nvl-", "NVL"}}) {
      other_form = other_form || (name.find(profile_word) != std::string::npos &&
                                  measurement.device.name.find(device_word) == std::string::npos);
    }
    if (!other_form && mismatch(measurement, accelerator).empty()) meant.push_back(std::move(accelerator));
  }
  return meant;
}

}  // namespace trainbudget::io
