// Clocks, power, temperature and the like from NVML, the driver's management library, loaded at run time.
// Everything here works without it, and then says less.
#pragma once

#include "core/measurement.h"
#include "harness/environment.h"

#include <memory>
#include <string>

namespace trainbudget::microbench {

/// A source of readings for the GPU with this PCI address ("0000:1b:00.0"); null without NVML.
std::unique_ptr<ReadingSource> make_nvml_source(const std::string& pci_address);

/// Adds driver version, power limit, persistence and MIG to `device`, as far as NVML tells.
void describe_by_nvml(const std::string& pci_address, MeasuredDevice& device);

}  // namespace trainbudget::microbench
