// The time of a WKV recurrence from measured points. A recurrence walks a sequence token by token in one
// block per head, so its time follows from how many heads run at once (B·H against what the GPU holds, in
// waves) and from T, not from its FLOPs.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget {

struct WkvPoint {
  double heads = 0.0;     ///< independent recurrences, B·H; B·C for RWKV-4
  double sequence = 0.0;  ///< tokens of each, T
  double seconds = 0.0;   ///< of one launch
};

/// Measured times of one kernel at one head size on one kind of accelerator.
struct WkvTable {
  std::string kernel;       ///< "wkv7_backward"
  std::string accelerator;  ///< profile name
  double head_size = 0.0;
  double resident_heads = 0.0;  ///< that the whole GPU works on at once; zero where it is not known
  std::vector<WkvPoint> points;
};

struct WkvTime {
  double seconds = 0.0;
  double waves = 0.0;  ///< rounds in which the GPU works through the heads; zero where it is not known
  /// Why this is not an interpolation: "B·H 4096 is beyond the measured 32 to 1024". Empty inside the
  /// measured range on the accelerator that was measured; whoever uses the time must show it.
  std::string beyond;
};

/// ⌈heads ÷ resident_heads⌉; zero where that is not known.
double wkv_waves(const WkvTable& table, double heads);

/// The time at B·H = `heads` and T = `sequence` on `accelerator`.
/// Along B·H: linear between points of the same number of waves; across the edge of a wave linear in waves,
/// which is the step that the hardware makes. Along T: linear. Outside the points: the nearest of them,
/// scaled in proportion to T and, above the largest B·H, to waves (to B·H where they are not known); below
/// the smallest B·H it stays, as a recurrence is not faster for having fewer neighbours. `table` must hold a
/// point.
WkvTime wkv_time(const WkvTable& table, double heads, double sequence, std::string_view accelerator);

/// The points of `table` brought to T = `sequence`, by B·H; what wkv_time() says for each on its own
/// accelerator.
std::vector<WkvPoint> wkv_curve(const WkvTable& table, double sequence);

/// As wkv_time() along B·H, over the points of a curve; no allocation. `curve` must hold a point.
double wkv_seconds(std::span<const WkvPoint> curve, double resident_heads, double heads);

/// The measured point with the most heads · tokens per second.
WkvPoint sweet_spot(const WkvTable& table);

}  // namespace trainbudget
