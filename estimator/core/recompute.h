// What the backward pass computes a second time instead of keeping it: whole layers, or pieces of them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget {

/// Korthikanti et al., arXiv 2205.05198, §5.
enum class Recompute : std::uint8_t {
  none,
  selective,  ///< pieces of a layer
  full,       ///< whole layers: only their inputs are kept
};
inline constexpr std::array<std::string_view, 3> recompute_words{"none", "selective", "full"};

/// A part of a layer that can be computed again by itself. Pieces do not overlap.
enum class Piece : std::uint8_t {
  none,
  attention_core,     ///< scores and softmax; nothing where they are fused, which recomputes anyway
  norm,               ///< the norm before a sublayer: its output, which the sublayer's first products read
  latent_up,          ///< from the latents of latent attention to queries, keys and values
  mlp,                ///< a dense feed-forward, all but its input
  expert_activation,  ///< of routed experts: the input of their last product
  expert,             ///< all else of a mixture of experts, with the exchange of tokens, all but its input
  shared_expert,      ///< all but its input
};
inline constexpr std::size_t piece_count = 8;

/// A set of pieces.
class Pieces {
 public:
  constexpr Pieces() = default;
  template <class... P>
  constexpr Pieces(Piece first, P... more)  // NOLINT(google-explicit-constructor): a piece is a set of one
      : bits_(static_cast<std::uint8_t>((bit(first) | ... | bit(more)))) {}

  constexpr bool contains(Piece piece) const { return (bits_ & bit(piece)) != 0; }
  constexpr bool contains(Pieces all) const { return (bits_ & all.bits_) == all.bits_; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool overlaps(Pieces some) const { return (bits_ & some.bits_) != 0; }
  constexpr Pieces& operator|=(Pieces more) {
    bits_ |= more.bits_;
    return *this;
  }
  friend constexpr Pieces operator&(Pieces a, Pieces b) {
    a.bits_ &= b.bits_;
    return a;
  }
  friend constexpr bool operator==(const Pieces&, const Pieces&) = default;
  friend constexpr auto operator<=>(const Pieces&, const Pieces&) = default;

 private:
  static constexpr std::uint8_t bit(Piece piece) {
    return static_cast<std::uint8_t>(piece == Piece::none ? 0 : 1U << static_cast<unsigned>(piece));
  }

  std::uint8_t bits_ = 0;
};

/// What software lets its users choose, by the names of Megatron-Core's --recompute-modules. One that holds
/// others comes before them.
struct RecomputeModule {
  std::string_view name;
  Pieces pieces;
};
inline constexpr std::array<RecomputeModule, 7> recompute_modules{{
    {"core_attn", Piece::attention_core},
    {"layernorm", Piece::norm},
    {"mla_up_proj", Piece::latent_up},
    {"mlp", Piece::mlp},
    {"moe", {Piece::expert_activation, Piece::expert, Piece::shared_expert}},
    {"moe_act", Piece::expert_activation},
    {"shared_experts", Piece::shared_expert},
}};

/// What costs little beside the memory that it frees.
inline constexpr Pieces light_pieces{Piece::norm, Piece::latent_up, Piece::expert_activation};

/// The modules that make up `pieces`, none inside another.
std::vector<RecomputeModule> chosen_modules(Pieces pieces);

/// Their names, joined by +.
std::string modules_text(Pieces pieces);

}  // namespace trainbudget
