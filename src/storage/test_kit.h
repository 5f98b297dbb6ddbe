// What the tests of databases share: a folder that goes away, a script, a count.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/wait.h"
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

inline Database::Work script(Sql text) {
    return [text](Transaction& transaction) { return transaction.run_script(text); };
}

// The rows of the table `items`, which the tests of SQLite make.
inline std::int64_t count(Database& database) {
    return wait(database.query("SELECT count(*) FROM items")).value()[0].integer(0);
}

}  // namespace merlon::storage
