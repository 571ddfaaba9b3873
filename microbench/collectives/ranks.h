// The processes that measure together.
#pragma once

#include <cstddef>
#include <memory>

namespace trainbudget::microbench {

class Ranks {
 public:
  Ranks() = default;
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;
  virtual ~Ranks() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;
  /// Most ranks of this group on one node.
  virtual int per_node() const = 0;
  /// The largest of what all of them pass. All call it together, as the two below.
  virtual double largest(double mine) = 0;
  /// Gives all the bytes that rank 0 has.
  virtual void from_first(void* data, std::size_t bytes) = 0;
  /// Those of this group on this process's node.
  virtual std::unique_ptr<Ranks> on_this_node() = 0;
};

}  // namespace trainbudget::microbench
