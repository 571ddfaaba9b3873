#include "cli/progress.h"

#include "cli/output.h"
#include "render/number_text.h"

#include <unistd.h>

namespace trainbudget::cli {

ProgressLine::ProgressLine(std::string what, std::uint64_t total, std::uint64_t done)
    : what_(std::move(what)), total_(total), before_(done), shown_(isatty(STDERR_FILENO) != 0) {}

ProgressLine::~ProgressLine() {
  if (shown_ && last_ != Clock::time_point{}) say("\r\033[K");
}

void ProgressLine::update(std::uint64_t done) {
  constexpr std::chrono::milliseconds pause(250);
  const Clock::time_point now = Clock::now();
  if (!shown_ || now - last_ < pause) return;
  last_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = static_cast<double>(done - before_) / seconds;
  std::string text = "\r\033[K" + render::grouped(static_cast<double>(done)) + " of " +
                     render::grouped(static_cast<double>(total_)) + " " + what_;
  if (rate > 0.0) {
    text += ", " + render::significant(rate, 3) + "/s, " +
            render::number_text(static_cast<double>(total_ - done) / rate, Unit::seconds) + " left";
  }
  say(text);
}

}  // namespace trainbudget::cli
