// The heads of HTTP/1 messages (RFC 9112), parsed in place: names and values are views into the
// bytes they came in. Strict: no lenient reading of anything, and what is accepted Boost.Beast
// reads the same way (head_oracle.h; docs/decisions/0005-head-grammar.md). Which well-formed heads
// we take is decided in admission.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/fields.h"

namespace merlon::wire {

// What a head may be at most. Bytes count the whole head with its line ends.
struct HeadLimits {
    std::size_t head_bytes = 32 << 10;
    std::size_t target_bytes = 8 << 10;
    std::size_t fields = 100;
};

struct Field {
    FieldId id;
    std::string_view name;
    std::string_view value;
};

// The methods of the IANA registry, those of WebDAV (RFC 4918, 3253, 3744, 5323, 5842) included,
// and QUERY. Not CONNECT and TRACE, which speak to the gateway itself, nor PRI, which is no
// request.
enum class Method : std::uint8_t {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
    Acl,
    BaselineControl,
    Bind,
    Checkin,
    Checkout,
    Copy,
    Label,
    Link,
    Lock,
    Merge,
    Mkactivity,
    Mkcalendar,
    Mkcol,
    Mkredirectref,
    Mkworkspace,
    Move,
    Orderpatch,
    Propfind,
    Proppatch,
    Query,
    Rebind,
    Report,
    Search,
    Unbind,
    Uncheckout,
    Unlink,
    Unlock,
    Update,
    Updateredirectref,
    VersionControl,
};
inline constexpr std::size_t method_count = static_cast<std::size_t>(Method::VersionControl) + 1;

// A set of methods, a bit each.
using MethodSet = std::uint64_t;
static_assert(method_count <= 64);
constexpr MethodSet bit_of(Method method) { return MethodSet{1} << static_cast<unsigned>(method); }

std::string_view name(Method method);
// None: no method of ours. Case matters (RFC 9110 section 9.1).
std::optional<Method> find_method(std::string_view name);
// Whether doing it twice is doing it once, for those of which every server is sure to see it so:
// RFC 9110 section 9.2.2, and the WebDAV methods that only read.
bool is_idempotent(Method method);

// Looks for the end of a head in a buffer that grows. Each byte is looked at once, however the
// bytes arrive, and what cannot become a head is refused before its end has come.
class HeadScanner {
public:
    // Length of the head with its empty line, or 0 when more bytes are needed. `bytes` begins with
    // what earlier calls saw.
    // Errors: "head.line_end" (a bare LF), "head.too_large", "framing.obsolete_fold".
    Result<std::size_t> scan(std::string_view bytes, const HeadLimits& limits);
    void reset() { *this = {}; }

private:
    std::size_t seen_ = 0;  // no line end before here
    std::size_t line_begin_ = 0;
};

// Kept by a connection and filled again for each request, so its vector is allocated once.
struct RequestHead {
    Method method = Method::Get;
    std::string_view target;
    int version_minor = 1;
    std::vector<Field> fields;

    // The first field of that identifier, or null.
    const Field* find(FieldId id) const;

    // `head` ends with its empty line; the views live as long as it. A head that is refused leaves
    // the fields that were read, and nothing else that is sure.
    // Errors: "head.malformed", "head.version", "head.method", "head.too_many_fields",
    // "target.too_long".
    Result<> parse(std::string_view head, const HeadLimits& limits);
};

struct ResponseHead {
    int status = 0;
    int version_minor = 1;
    std::string_view reason;
    std::vector<Field> fields;

    const Field* find(FieldId id) const;
    Result<> parse(std::string_view head, const HeadLimits& limits);
};

}  // namespace merlon::wire
