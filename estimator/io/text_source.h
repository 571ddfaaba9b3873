// An input text that has passed the checks which every format shares, ready to be pointed into by Locations.
#pragma once

#include "io/input_error.h"

#include <cstddef>
#include <memory>
#include <string>

namespace trainbudget::io {

/// `text` without its UTF-8 byte order mark. Throws InputError when it is larger than `largest` bytes or
/// holds NUL or control characters, a carriage return alone, or broken UTF-8. `file` is the name used in
/// errors.
std::shared_ptr<const std::string> checked_source(std::string text, const std::string& file,
                                                  std::size_t largest);

/// "4 MiB", "100 MB": a size limit for a message.
std::string size_text(std::size_t bytes);

}  // namespace trainbudget::io
