// A file that grows and keeps what it has, whatever happens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace trainbudget::sweep {

class AppendedFile {
 public:
  /// Opens or makes `path` and cuts it to its first `kept` bytes. Throws InputError, as append() and close().
  AppendedFile(std::string path, std::uint64_t kept);
  ~AppendedFile();
  AppendedFile(const AppendedFile&) = delete;
  AppendedFile& operator=(const AppendedFile&) = delete;

  /// Where it cannot be written, what was written stays.
  void append(std::string_view text);
  std::uint64_t size() const { return size_; }
  void close();

 private:
  std::string path_;
  int file_;
  std::uint64_t size_;
};

}  // namespace trainbudget::sweep
