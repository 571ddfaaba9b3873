// A shared library opened at run time, so that the program starts without it.
#pragma once

#include <string>

#include <dlfcn.h>

namespace trainbudget::microbench {

class SharedLibrary {
 public:
  SharedLibrary() = default;
  /// Opens `name`; opened() tells whether that worked, error() why not.
  explicit SharedLibrary(const std::string& name) : handle_(dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr) error_ = dlerror();
  }
  SharedLibrary(SharedLibrary&& other) noexcept : handle_(other.handle_), error_(std::move(other.error_)) {
    other.handle_ = nullptr;
  }
  SharedLibrary& operator=(SharedLibrary&&) = delete;
  ~SharedLibrary() {
    if (handle_ != nullptr) dlclose(handle_);
  }

  bool opened() const { return handle_ != nullptr; }
  const std::string& error() const { return error_; }

  /// The symbol as a function pointer; null where the library has none of that name.
  template <class Function>
  Function* find(const char* symbol) const {
    return reinterpret_cast<Function*>(dlsym(handle_, symbol));
  }

 private:
  void* handle_ = nullptr;
  std::string error_;
};

}  // namespace trainbudget::microbench
