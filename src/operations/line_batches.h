// Reads a file of lines, some hundred at a time: memory does not grow with the file, nor with a
// line of it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/result.h"

namespace merlon::operations {

// Resource; one thread. Borrows the open file, which may be a pipe.
class LineBatches final {
public:
    struct Limits {
        std::size_t line_bytes;  // of a longer line one byte more than this comes
        std::size_t lines;       // of a batch
        std::size_t bytes;       // after which no further line joins the batch
    };

    struct Batch {
        std::size_t first_line = 0;  // 1: the first of the file
        std::size_t count = 0;
        std::string lines;           // separated by line feeds
        std::size_t bytes_read = 0;  // of the file, for this batch
    };

    LineBatches(int file, Limits limits) : file_(file), limits_(limits) {}

    // Nothing at the end of the file, whose last line may have no line feed. A byte order mark at
    // its beginning is none of the first line's bytes. Error: "import.read" (Unavailable).
    Result<std::optional<Batch>> next();

private:
    Result<std::optional<std::string>> next_line();
    Result<bool> fill();

    const int file_;
    const Limits limits_;
    std::string buffer_;
    std::size_t used_ = 0;  // of the buffer
    std::size_t lines_read_ = 0;
    std::size_t bytes_read_ = 0;
};

}  // namespace merlon::operations
