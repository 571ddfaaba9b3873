// libnvidia-ml.so.1 of the software GPU: it is busy with nothing else, and neither warm nor held back. After
// NVIDIA's "NVML API Reference Guide"; handles are pointers, 0 is success.
#include <cstdio>
#include <cstring>

namespace {

int device;
constexpr unsigned watts = 350'000, not_found = 6;

}  // namespace

extern "C" {

int nvmlInit_v2() {
  return 0;
}
int nvmlShutdown() {
  return 0;
}
int nvmlDeviceGetHandleByPciBusId_v2(const char* address, void** handle) {
  if (std::strcmp(address, "0000:00:00.0") != 0) return not_found;
  *handle = &device;
  return 0;
}
int nvmlDeviceGetClockInfo(void*, unsigned which, unsigned* megahertz) {
  *megahertz = which == 2 ? 2619 : 1755;
  return 0;
}
int nvmlDeviceGetPowerUsage(void*, unsigned* milliwatts) {
  *milliwatts = watts;
  return 0;
}
int nvmlDeviceGetEnforcedPowerLimit(void*, unsigned* milliwatts) {
  *milliwatts = 2 * watts;
  return 0;
}
int nvmlDeviceGetTemperature(void*, unsigned, unsigned* celsius) {
  *celsius = 45;
  return 0;
}
int nvmlDeviceGetCurrentClocksEventReasons(void*, unsigned long long* reasons) {
  *reasons = 0;
  return 0;
}
int nvmlDeviceGetPersistenceMode(void*, unsigned* on) {
  *on = 1;
  return 0;
}
int nvmlSystemGetDriverVersion(char* version, unsigned length) {
  std::snprintf(version, length, "0.0 (software GPU)");
  return 0;
}

}  // extern "C"
