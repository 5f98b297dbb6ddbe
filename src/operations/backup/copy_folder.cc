// Writes and reads a manifest's file, and checks what it names.
#include "operations/backup/copy_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "crypto/file_digest.h"
#include "operations/progress.h"
#include "operations/whole_file.h"

namespace merlon::operations {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> damaged(std::string detail) {
    return fail(Kind::Corrupt, damaged_rule, std::move(detail));
}

// Up to the limit and one byte more, by which it shows.
Result<std::string> read_text(const fs::path& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0) {
        return fail(Kind::Absent, "backup.absent",
                    fmt::format("no copy is there: {}: {}. Name the folder of one copy, such as "
                                "merlon-data-20260101T000000Z-0123456789abcdef",
                                path.string(), std::strerror(errno)));
    }
    std::string text(manifest_bytes_max + 1, '\0');
    std::size_t size = 0;
    ssize_t got = 1;
    while (got > 0 && size < text.size()) {
        got = ::read(file, text.data() + size, text.size() - size);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            size += static_cast<std::size_t>(got);
    }
    ::close(file);
    if (got < 0) return damaged(path.string() + " cannot be read");
    text.resize(size);
    return text;
}

}  // namespace

Result<> write_manifest(const fs::path& folder, const Manifest& manifest, Entropy& entropy) {
    return create_whole_file(folder / manifest_name, to_json(manifest), mode_private, entropy);
}

Result<Manifest> read_copy(const fs::path& folder, Part part) {
    const fs::path path = folder / manifest_name;
    const std::string text = MERLON_TRY(read_text(path));
    auto manifest = parse_manifest(text);
    if (!manifest) return damaged(path.string() + ": " + manifest.error().detail);
    if (manifest->part != part) {
        return damaged(
            fmt::format("{} is a copy of the {}, not of the {}: --data and --keys are "
                        "the wrong way round",
                        folder.string(), name_of(manifest->part), name_of(part)));
    }
    Progress progress("checking files", manifest->files.size());
    for (const CopyFile& file : manifest->files) {
        const auto found = crypto::digest_file(folder / file.name);
        if (!found) return damaged(found.error().detail);
        if (found->bytes != file.bytes) {
            return damaged(
                fmt::format("{} has {} bytes, and the manifest says {}: it was cut off "
                            "or added to",
                            (folder / file.name).string(), found->bytes, file.bytes));
        }
        if (found->sha256 != file.sha256) {
            return damaged((folder / file.name).string() + ": its bytes have changed (SHA-256)");
        }
        progress.step();
    }
    return manifest;
}

}  // namespace merlon::operations
