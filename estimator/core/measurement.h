// What trainbudget-microbench measured on one machine: its measurement.json as plain values, in SI base
// units. Written by render/measurement_json, read by io/measurement_file, made use of by
// core/measured_efficiency.
#pragma once

#include "core/bus_bandwidth.h"
#include "core/hardware.h"
#include "core/samples.h"

#include <cstdint>
#include <string>
#include <vector>

namespace trainbudget {

/// Everything that decides whether a measurement holds for another machine.
struct MeasuredDevice {
  std::string name;  ///< as the driver calls it: "NVIDIA H200"
  int compute_capability_major = 0, compute_capability_minor = 0;
  int multiprocessors = 0;
  double memory_bytes = 0.0;
  double l2_bytes = 0.0;
  double highest_sm_clock = 0.0;      ///< Hz
  double highest_memory_clock = 0.0;  ///< Hz
  std::string driver_version;         ///< empty where it is not known
  int cuda_driver = 0;                ///< 13000 for CUDA 13.0
  int cuda_runtime = 0;
  std::string cublas_version;
  double power_limit = 0.0;  ///< W; zero where it is not known
  bool ecc = false;
  bool mig = false;
  bool persistence = false;
};

/// What else the GPU did during one timing.
struct MeasuredEnvironment {
  int readings = 0;  ///< zero: nothing could be read
  double lowest_sm_clock = 0.0, mean_sm_clock = 0.0, mean_memory_clock = 0.0;  ///< Hz
  double mean_power = 0.0;                                                     ///< W
  double highest_temperature = 0.0;                                            ///< °C
  std::uint64_t clock_reasons = 0;  ///< bits of NVML's clocks event reasons, seen at least once
  int other_processes = 0;          ///< most seen at once
};

/// Raw samples of one timing.
struct MeasuredTiming {
  std::vector<double> samples;  ///< seconds each, in order
  std::vector<int> throttled;   ///< indices of the samples taken while the GPU was held back
  std::string stop;             ///< "precise", "settled", "out_of_samples", "out_of_time", "interrupted"
  bool warm_up_settled = false;
  MeasuredEnvironment environment;
};

/// The samples that count, in order: those not taken under throttling; all where every one was.
std::vector<double> counted_samples(const MeasuredTiming& timing);
/// Figures over the samples that count.
SampleSummary summary_of(const MeasuredTiming& timing);

/// The sizes a kernel worked on; zero where it has no such size.
struct MeasuredShape {
  double batch = 0.0, sequence = 0.0, heads = 0.0, head_size = 0.0, channels = 0.0;
  double vocabulary = 0.0, elements = 0.0;
  friend bool operator==(const MeasuredShape&, const MeasuredShape&) = default;
};

struct MeasuredKernel {
  std::string name;    ///< "wkv7_backward B8 T4096 H32x64 repeated"
  std::string group;   ///< why it was measured: "stream", "wkv_sweep", or the model's name
  std::string kernel;  ///< "wkv7_backward"
  std::string mode;    ///< "cold", "repeated"
  MeasuredShape shape;
  double flops = 0.0, bytes = 0.0;  ///< of one launch; zero where it is not counted
  double blocks = 0.0;              ///< of the launch; zero where it is not known
  double resident_blocks = 0.0;     ///< that the whole GPU holds at once; zero where it is not known
  MeasuredTiming timing;
};

struct MeasuredGemm {
  std::string name;
  std::string group;  ///< "ceiling" or the model's name
  std::string pass;   ///< "forward", "input_gradient", "weight_gradient"
  Precision precision = Precision::bf16;
  std::string mode;  ///< "cold", "repeated"
  double tokens = 0.0, n = 0.0, k = 0.0, count = 1.0;
  double flops = 0.0, bytes = 0.0;
  int candidates = 0, chosen = 0;  ///< algorithms tried; index of the fastest
  MeasuredTiming timing;
};

/// What one more launch of an empty kernel costs.
struct MeasuredLaunch {
  std::string mode;  ///< "eager", "graph"
  MeasuredTiming timing;
};

struct MeasuredCollective {
  Collective collective = Collective::all_reduce;
  std::string library;  ///< what carried it: "NCCL 2.28.9", "Open MPI 4.1.4"
  int ranks = 0, ranks_per_node = 0;
  double bytes = 0.0;  ///< as core/bus_bandwidth.h counts
  MeasuredTiming timing;
};

/// One part of a composed step.
struct MeasuredPart {
  std::string name;  ///< "backward wkv"
  int launches = 0;
  double seconds = 0.0;            ///< measured in sequence
  double predicted_seconds = 0.0;  ///< the sum of its kernels' own timings
};

struct MeasuredStep {
  std::string model;
  int micro_batch = 0, sequence = 0;
  int layers = 0;          ///< composed
  int model_layers = 0;    ///< that the model has; more than `layers`: the rest is extrapolated
  bool recompute = false;  ///< of whole layers
  std::string mode;        ///< "eager", "graph"
  int launches = 0;
  double optimizer_fraction = 1.0;  ///< of the parameters that were updated; the rest is extrapolated
  double seconds = 0.0;             ///< of the whole model: measured, and extrapolated as said above
  double predicted_seconds = 0.0;   ///< from the single kernels
  /// By the estimator, which was calibrated with them; zero where no accelerator profile speaks for the GPU.
  double estimated_seconds = 0.0;
  std::vector<MeasuredPart> parts;
  MeasuredTiming timing;  ///< of the layers that were composed
};

struct Measurement {
  std::string version, git_revision;  ///< of the program that measured
  std::string date;                   ///< ISO 8601
  /// "gpu"; "emulated" or "host" (messages between the memories of CPUs): nothing there tells how fast a GPU
  /// is.
  std::string machine;
  std::string effort;        ///< "quick", "full"
  std::string note;          ///< what a reader must know: "synthetic", or nothing
  bool interrupted = false;  ///< somebody stopped it; what it holds is whole
  MeasuredDevice device;
  std::vector<MeasuredKernel> kernels;
  std::vector<MeasuredGemm> gemms;
  std::vector<MeasuredLaunch> launches;
  std::vector<MeasuredCollective> collectives;
  std::vector<MeasuredStep> steps;
  std::vector<std::string> failures;  ///< what could not be measured, and why
};

}  // namespace trainbudget
