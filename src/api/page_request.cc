// Validates the query parameters limit and cursor.
#include "api/page_request.h"

#include "base/text.h"
#include "base/uuid.h"

namespace merlon::api {

Result<PageRequest> PageRequest::of(const wire::Query& query) {
    PageRequest page;
    if (const std::string* limit = query.find("limit")) {
        const auto number = text::parse_number<std::int64_t>(*limit);
        if (!number || *number < 1 || *number > limit_max) {
            return fail(Kind::Invalid, "query.malformed", "limit is 1 to 100");
        }
        page.limit = *number;
    }
    if (const std::string* cursor = query.find("cursor")) {
        const auto id = text::from_base64url(*cursor);
        if (!id || !Uuid::parse(*id)) return fail(Kind::Invalid, "query.malformed", "no cursor");
        page.after = *id;
    }
    return page;
}

std::string cursor_after(std::string_view id) { return text::to_base64url(id); }

}  // namespace merlon::api
