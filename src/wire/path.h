// One canonical form of a request's path, for matching and for forwarding. Whoever judges a path
// must judge what the upstream will see: every spelling that a second decoder could read
// differently is refused rather than repaired.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/eight_bytes.h"
#include "base/result.h"

namespace merlon::wire {

// A target in canonical form. `path` starts with '/', holds no empty, "." or ".." segment, and
// percent-encodes (upper case) exactly the bytes that are not unreserved, sub-delims, ':' or '@'.
struct Target {
    std::string_view path;
    std::string_view query;  // raw, without '?'; no controls, 8-bit bytes or '#'
    bool has_query = false;
};

// `target` is the request target that admission accepted: origin form, absolute form or "*".
// `storage` holds the path when it has to be rewritten; untouched, and nothing allocated, when the
// path is canonical as it stands. The views live as long as both.
// Errors (Invalid): "path.encoding", "path.forbidden_byte", "path.dot_segment",
// "path.empty_segment", "path.double_encoding", "path.parameter", "path.trailing".
Result<Target> canonicalize(std::string_view target, std::string& storage);

// What upstreams ignore in a path: the case of letters (ASP.NET, IIS), one slash at the end
// (Rails), or both (Express). Canonical paths hold no ";parameters" that could be ignored, too.
enum class Folding : std::uint8_t { Case, Slash, Both };

// Whether no folding changes a canonical path. Capitals of escapes count: it may be wrong about
// those, never about others.
inline bool is_folded(std::string_view path) {
    const bool has_capital = any_of_eight_bytes(path, '/', [](std::uint64_t bytes) {
        return bytes_at_least(bytes, 'A') & ~bytes_at_least(bytes, 'Z' + 1);
    });
    return !has_capital && (path.size() <= 1 || path.back() != '/');
}
// A canonical path, or a pattern of routes, as an upstream with such a folding reads it: its own
// letters only, neither those of escapes nor the names of {parameters}.
std::string fold(std::string_view path, Folding folding);

// The path with its percent-encoding undone; for values of {parameters}.
std::string decode_segment(std::string_view segment);

}  // namespace merlon::wire
