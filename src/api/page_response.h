// Renders one page of a list as a response.
#pragma once

#include <utility>
#include <vector>

#include "api/page_request.h"
#include "api/responses.h"

namespace merlon::api {

// `json` is an array of `size` items, the last of which has `last_id`.
inline http::Response page_response(std::string json, std::size_t size, std::string_view last_id,
                                    std::int64_t total, const PageRequest& page) {
    // A full page that happens to be the last leads to an empty one: counting would cost more.
    const bool is_full = std::cmp_equal(size, page.limit);
    return list_response(std::move(json),
                         {static_cast<std::uint64_t>(total), static_cast<std::uint64_t>(page.limit),
                          is_full ? cursor_after(last_id) : std::string()});
}

// `Item` has an `id` and a to_json().
template <class Item>
http::Response page_response(const std::vector<Item>& items, std::int64_t total,
                             const PageRequest& page) {
    std::string json = "[";
    for (const Item& item : items) {
        if (json.size() > 1) json += ',';
        json += to_json(item);
    }
    const std::string_view last_id = items.empty() ? std::string_view() : items.back().id;
    return page_response(std::move(json) + "]", items.size(), last_id, total, page);
}

}  // namespace merlon::api
