// One canonical form of a request's path, for matching and for forwarding. Whoever judges a path
// must judge what the upstream will see: every spelling that a second decoder could read
// differently is refused rather than repaired.
#pragma once

#include <string>
#include <string_view>

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

// The path with its percent-encoding undone; for values of {parameters}.
std::string decode_segment(std::string_view segment);

}  // namespace merlon::wire
