// The envelope around data.
#include "http/answers.h"

#include <fmt/chrono.h>

#include "wire/json_text.h"

namespace merlon::http {

Response data_answer(int status, std::string data) {
    Response response{status, {}, R"({"success":true,"data":)" + std::move(data) + "}"};
    response.fields.add("Content-Type", "application/json; charset=utf-8");
    response.fields.add("Cache-Control", "no-store");
    return response;
}

Response empty_answer() {
    Response response{204, {}, {}};
    response.fields.add("Cache-Control", "no-store");
    return response;
}

Response list_answer(std::string data, const Page& page) {
    data += fmt::format(R"(,"meta":{{"total":{},"limit":{},"nextCursor":)", page.total, page.limit);
    if (page.next.empty()) {
        data += "null}";
    } else {
        wire::append_json_string(data, page.next);
        data += '}';
    }
    Response response = data_answer(200, std::move(data));
    response.fields.add("X-Total-Count", page.total);
    response.fields.add("X-Page-Count", (page.total + page.limit - 1) / page.limit);
    return response;
}

std::string json_time(WallTime time) {
    const auto since = time.time_since_epoch();
    return fmt::format("\"{:%Y-%m-%dT%H:%M:%S}.{:03}Z\"",
                       fmt::gmtime(std::chrono::floor<std::chrono::seconds>(since).count()),
                       since.count() % 1'000);
}

}  // namespace merlon::http
