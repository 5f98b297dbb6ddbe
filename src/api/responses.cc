// Renders the envelope around the data.
#include "api/responses.h"

#include <fmt/format.h>

#include "base/rfc3339.h"
#include "wire/json_text.h"

namespace merlon::api {

http::Response data_response(int status, std::string data) {
    http::Response response{status, {}, R"({"success":true,"data":)" + std::move(data) + "}"};
    response.fields.add("Content-Type", "application/json; charset=utf-8");
    response.fields.add("Cache-Control", "no-store");
    return response;
}

http::Response empty_response() {
    http::Response response{204, {}, {}};
    response.fields.add("Cache-Control", "no-store");
    return response;
}

http::Response list_response(std::string data, const PageMeta& page) {
    data += fmt::format(R"(,"meta":{{"total":{},"limit":{},"nextCursor":)", page.total, page.limit);
    if (page.next.empty()) {
        data += "null}";
    } else {
        wire::append_json_string(data, page.next);
        data += '}';
    }
    http::Response response = data_response(200, std::move(data));
    response.fields.add("X-Total-Count", page.total);
    response.fields.add("X-Page-Count", (page.total + page.limit - 1) / page.limit);
    return response;
}

std::string json_time(WallTime time) { return '"' + rfc3339(time) + '"'; }

}  // namespace merlon::api
