// The words of PTX: what they are made of and what they mean by themselves.
#pragma once

#include "ptx.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace software_gpu {

/// The words of a text, without its comments.
std::vector<std::string> words_of(std::string_view text);

bool is_number(std::string_view word);
/// A number, or the bits of a floating-point one, which PTX writes in hexadecimal. Throws PtxError.
std::uint64_t number(const std::string& word);

std::optional<Type> type_named(std::string_view name);
std::optional<Space> space_named(std::string_view name);
bool is_special_register(std::string_view name);

/// What the word of an instruction says, as ld.global.v4.f32. Throws PtxError for what is not known.
void describe(const std::string& word, Instruction& made);

}  // namespace software_gpu
