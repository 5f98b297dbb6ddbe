// What the tests of databases share: a folder that goes away, and waiting for a task.
#pragma once

#include <stdlib.h>

#include <boost/asio/co_spawn.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "storage/database.h"

namespace merlon::storage {

class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "merlon-XXXXXX").string();
        MERLON_ASSERT(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
    const std::filesystem::path& path() const { return path_; }

    // The bytes of all files in it, journals too: what a thief of the disk would search.
    std::string all_bytes() const {
        std::string bytes;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
            std::ifstream file(entry.path(), std::ios::binary);
            bytes.append(std::istreambuf_iterator<char>(file), {});
        }
        return bytes;
    }

private:
    std::filesystem::path path_;
};

// Runs a task on a loop of its own until it is over.
template <class T>
Result<T> wait(Task<T> task) {
    asio::io_context loop(1);
    std::optional<Result<T>> result;
    asio::co_spawn(loop, std::move(task), [&](std::exception_ptr thrown, Result<T> done) {
        MERLON_ASSERT(!thrown);
        result = std::move(done);
    });
    loop.run();
    MERLON_ASSERT(result.has_value());
    return *std::move(result);
}

}  // namespace merlon::storage
