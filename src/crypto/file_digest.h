// SHA-256 of a whole file, as sha256sum prints it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace merlon::crypto {

struct FileDigest {
    std::int64_t bytes = 0;
    std::string sha256;  // 64 hexadecimal digits
};

// Follows no link. Error: "file.unreadable" (Unavailable), also of what is no regular file.
Result<FileDigest> digest_file(const std::filesystem::path& path);

}  // namespace merlon::crypto
