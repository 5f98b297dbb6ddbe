// How far long work is, for somebody who waits at a terminal.
#pragma once

#include <cstddef>
#include <string>

namespace merlon::operations {

// One line of standard error that is written over as the work goes on and is gone when this is
// destroyed; nothing where standard error is no terminal. One thread.
class Progress final {
public:
    // `what` is being done in `total` steps; 0: nobody knows how many.
    Progress(std::string what, std::size_t total);
    ~Progress();
    Progress(const Progress&) = delete;

    // More steps are done.
    void step(std::size_t steps = 1);
    // Prints a line that stays, terminal or not.
    void print(const std::string& line);

private:
    void show() const;
    void erase() const;

    std::string what_;
    std::size_t total_;
    std::size_t done_ = 0;
    bool is_terminal_;
};

}  // namespace merlon::operations
