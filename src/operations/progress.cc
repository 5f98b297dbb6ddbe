// A progress line on standard error that overwrites itself.
#include "operations/progress.h"

#include <unistd.h>

#include <cstdio>

namespace merlon::operations {

Progress::Progress(std::string what, std::size_t total)
    : what_(std::move(what)), total_(total), is_terminal_(::isatty(STDERR_FILENO) == 1) {
    show();
}

Progress::~Progress() { erase(); }

void Progress::step(std::size_t steps) {
    done_ += steps;
    show();
}

void Progress::print(const std::string& line) {
    erase();
    std::fprintf(stderr, "%s\n", line.c_str());
    show();
}

void Progress::show() const {
    if (!is_terminal_) return;
    std::fprintf(stderr, "\rmerlon: %s: %zu", what_.c_str(), done_);
    if (total_ != 0) std::fprintf(stderr, " of %zu", total_);
}

void Progress::erase() const {
    if (is_terminal_) std::fputs("\r\033[K", stderr);  // ECMA-48: erase to the end of the line
}

}  // namespace merlon::operations
