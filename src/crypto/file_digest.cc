// Reads a file in pieces and hashes them.
#include "crypto/file_digest.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/openssl.h"

namespace merlon::crypto {
namespace {

std::unexpected<Error> unreadable(const std::filesystem::path& path, std::string_view why) {
    return fail(Kind::Unavailable, "file.unreadable", path.string() + ": " + std::string(why));
}

Result<FileDigest> digest(int file, const std::filesystem::path& path) {
    const DigestContext context(EVP_MD_CTX_new());
    MERLON_ASSERT(context != nullptr &&
                  EVP_DigestInit_ex2(context.get(), sha256_algorithm(), nullptr) == 1);
    FileDigest found;
    std::string piece(std::size_t{1} << 18, '\0');
    while (true) {
        const ssize_t size = ::read(file, piece.data(), piece.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return unreadable(path, std::strerror(errno));
        if (size == 0) break;
        found.bytes += size;
        const auto length = static_cast<std::size_t>(size);
        MERLON_ASSERT(EVP_DigestUpdate(context.get(), piece.data(), length) == 1);
    }
    Sha256 value;
    MERLON_ASSERT(EVP_DigestFinal_ex(context.get(), octets(std::span(value)), nullptr) == 1);
    found.sha256 = text::to_hex(as_text(value));
    return found;
}

}  // namespace

Result<FileDigest> digest_file(const std::filesystem::path& path) {
    // O_NONBLOCK: a pipe in the file's place is not waited for.
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0) return unreadable(path, std::strerror(errno));
    struct stat status{};
    const bool is_regular = ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
    auto found = is_regular ? digest(file, path) : unreadable(path, "no regular file");
    ::close(file);
    return found;
}

}  // namespace merlon::crypto
