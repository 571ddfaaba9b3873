// What a candidate is worth: bounds in nanoseconds, values through io::read_scenario and estimate, as for any
// scenario.
#pragma once

#include "planner/space.h"

#include <limits>
#include <map>
#include <mutex>
#include <tuple>
#include <vector>

namespace trainbudget::planner {

/// What a way must stay within to be of interest, in `tokens` or more.
struct Ceiling {
  double tokens = 0.0;
  double usd = std::numeric_limits<double>::infinity();
  double seconds = std::numeric_limits<double>::infinity();
};

class Evaluator {
 public:
  Evaluator(const Request& request, const Space& space, const io::ProfileFolder& profiles);

  /// The candidate, estimated; with open tokens, on as many as the limits allow. Remembered. Safe to call
  /// from several threads.
  const Way& operator()(std::size_t candidate) { return *within(candidate, {}); }
  /// The same; null where no layout is fast enough for `ceiling`.
  const Way* within(std::size_t candidate, const Ceiling& ceiling);

  /// Least seconds and dollars of `tokens` on a candidate, whatever its layout.
  double least_seconds(const Candidate& candidate, double tokens) const;
  double least_usd(const Candidate& candidate, double tokens) const;
  /// No more tokens than these keep to the limits; 0 for none.
  double most_tokens(const Candidate& candidate) const;
  /// The tokens that the document gives.
  double given_tokens() const { return given_tokens_; }

  /// The complete scenario of a way that was found.
  io::YamlNode document(std::size_t candidate, const Way& way) const;

 private:
  struct FoundLayout {
    double searched_to =
        0.0;  ///< seconds of a step up to which there is none, where `text` and `problem` are empty
    std::string problem;
    std::string text;
  };
  std::optional<Way> evaluate(std::size_t candidate, const Ceiling& ceiling);
  io::YamlNode start(const Candidate& candidate, double batch) const;
  double batch_of(const Candidate& candidate) const;
  /// The fastest layout that fits, where a step takes no longer than `slowest`.
  FoundLayout layout_of(const Candidate& candidate, double batch, double slowest);
  /// Seconds of a step in some layout that fits: one that was found for another candidate, on this one.
  /// Infinite where none does.
  double known_to_do(const Candidate& candidate, double batch);
  double serving_usd(const Candidate& candidate, double cost, double tokens) const;
  /// The largest of what of the limits is used; nothing where the cost is asked about and not known.
  std::optional<double> share_of_limits(const Candidate& candidate, const Estimate& estimate,
                                        double tokens) const;
  /// Why an estimate of one step is beyond the limits.
  std::string why_not_one_step(const Estimate& step) const;
  double gpu_seconds_per_token(const Candidate& candidate) const;

  const Request& request_;
  const Space& space_;
  const io::ProfileFolder& profiles_;
  double given_tokens_ = 0.0;
  std::vector<std::vector<double>>
      least_gpu_seconds_;  ///< per token, by hardware and size; where steps are computed
  std::mutex mutex_;
  std::map<std::tuple<std::size_t, std::uint32_t, double>, FoundLayout>
      layouts_;                ///< by hardware, size, accelerators
  std::vector<Layout> found_;  ///< distinct layouts of `layouts_`, the latest last
  std::map<std::size_t, Way> ways_;
};

}  // namespace trainbudget::planner
