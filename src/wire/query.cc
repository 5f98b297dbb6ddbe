// Splits a query into parameters and decodes them.
#include "wire/query.h"

#include <utf8proc.h>

#include <algorithm>

#include "base/text.h"

namespace merlon::wire {
namespace {

std::unexpected<Error> refuse() { return fail(Kind::Invalid, "query.malformed"); }

// UTF-8 without control characters (utf8proc refuses overlong forms and surrogates).
bool is_plain_text(std::string_view text) {
    while (!text.empty()) {
        utf8proc_int32_t point = 0;
        const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                             static_cast<utf8proc_ssize_t>(text.size()), &point);
        if (length <= 0 || point < 0x20 || (point >= 0x7f && point < 0xa0)) return false;
        text.remove_prefix(static_cast<std::size_t>(length));
    }
    return true;
}

Result<std::string> decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i] == '+' ? ' ' : text[i];
            continue;
        }
        const auto byte = text::from_hex(text.substr(i + 1, 2));
        if (!byte || byte->size() != 1) return refuse();
        out += *byte;
        i += 2;
    }
    if (!is_plain_text(out)) return refuse();
    return out;
}

}  // namespace

Result<Query> Query::parse(std::string_view text) {
    Query query;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('&'), text.size());
        const std::string_view parameter = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (parameter.empty()) continue;  // a=1&&b=2
        const std::size_t equals = std::min(parameter.find('='), parameter.size());
        std::string name = MERLON_TRY(decode(parameter.substr(0, equals)));
        std::string value =
            MERLON_TRY(decode(parameter.substr(std::min(equals + 1, parameter.size()))));
        const bool is_full = query.parameters_.size() == parameters_max;
        if (name.empty() || is_full || query.find(name) != nullptr) return refuse();
        query.parameters_.emplace_back(std::move(name), std::move(value));
    }
    return query;
}

const std::string* Query::find(std::string_view name) const {
    const auto found = std::ranges::find(
        parameters_, name, [](const auto& one) { return std::string_view(one.first); });
    return found != parameters_.end() ? &found->second : nullptr;
}

}  // namespace merlon::wire
