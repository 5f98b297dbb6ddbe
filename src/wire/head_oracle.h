// A second reader of heads, for tests: Boost.Beast's. Two readers that disagree about one message
// are what request smuggling lives on, so whatever ours accepts, Beast must read the same way.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "wire/head.h"

namespace merlon::wire {

// Stops the process when Beast refuses `bytes`, or reads other fields in them than `fields`.
template <bool is_request>
void expect_beast_agrees(std::string_view bytes, const std::vector<Field>& fields) {
    namespace beast = boost::beast::http;
    beast::parser<is_request, beast::empty_body> parser;
    parser.header_limit(1U << 20);
    boost::system::error_code error;
    parser.put(boost::asio::buffer(bytes), error);
    // Beast judges framing, too: that is admission's part here, and a refusal is none of a head.
    const bool is_framing = error == beast::error::bad_content_length ||
                            error == beast::error::multiple_content_length ||
                            error == beast::error::bad_transfer_encoding ||
                            error == beast::error::bad_value || error == beast::error::body_limit ||
                            error == beast::error::unexpected_body;
    if (is_framing) return;
    MERLON_ASSERT(parser.is_header_done());
    auto ours = fields.begin();
    for (const auto& field : parser.get()) {
        MERLON_ASSERT(ours != fields.end());
        MERLON_ASSERT(field.name_string() == ours->name && field.value() == ours->value);
        ++ours;
    }
    MERLON_ASSERT(ours == fields.end());
}

}  // namespace merlon::wire
