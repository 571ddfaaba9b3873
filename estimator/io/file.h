// Whole files in, bounded; whole files out, or not at all.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace trainbudget::io {

/// The bytes of the file `path` ("-" is standard input), which may hold at most `largest` bytes. Folders,
/// devices and named pipes are refused (a pipe of the shell, `<(command)`, is fine), and no more than
/// `largest` + 1 bytes are ever read. Throws InputError; a missing file names the nearest name in the same
/// folder.
std::string read_file(const std::string& path, std::size_t largest);

/// Hands the bytes of the file `path` to `take`, chunk by chunk, whatever their number. Refuses what
/// read_file refuses.
void read_chunks(const std::string& path, const std::function<void(std::string_view)>& take);

/// What errors call the file `path`: "<stdin>" for "-".
std::string file_name_for_errors(const std::string& path);

/// Replaces the file `path` by `content`: written beside it, then renamed, so that no reader and no crash
/// ever sees half a file. An existing file keeps its permissions and, when it may not be written to, its
/// content; symbolic links are followed; devices and pipes are written directly. Throws InputError.
void write_file(const std::string& path, std::string_view content);

}  // namespace trainbudget::io
