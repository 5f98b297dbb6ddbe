// Finding and parsing heads, with Beast's parser behind.
#include "wire/head.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <cstring>
#include <optional>

namespace merlon::wire {
namespace {

namespace beast = boost::beast::http;
using boost::beast::error_code;

std::optional<Method> method_of(beast::verb verb) {
    switch (verb) {
        case beast::verb::get:
            return Method::Get;
        case beast::verb::head:
            return Method::Head;
        case beast::verb::post:
            return Method::Post;
        case beast::verb::put:
            return Method::Put;
        case beast::verb::patch:
            return Method::Patch;
        case beast::verb::delete_:
            return Method::Delete;
        case beast::verb::options:
            return Method::Options;
        default:
            return std::nullopt;
    }
}

// Stores what Beast finds; its own idea of bodies is not used.
template <bool is_request, class Head>
class Collector final : public beast::basic_parser<is_request> {
public:
    Collector(Head& head, const HeadLimits& limits) : head_(head), limits_(limits) {
        this->header_limit(static_cast<std::uint32_t>(limits.head_bytes + 4));
        this->body_limit(boost::none);
    }
    std::string_view broken_rule() const { return broken_rule_; }

private:
    using string_view = boost::beast::string_view;

    void refuse(std::string_view rule, error_code& error) {
        broken_rule_ = rule;
        error = beast::error::bad_field;
    }

    void on_request_impl(beast::verb verb, string_view, string_view target, int version,
                         error_code& error) override {
        if constexpr (is_request) {
            const auto method = method_of(verb);
            if (!method) return refuse("head.method", error);
            if (target.size() > limits_.target_bytes) return refuse("target.too_long", error);
            head_.method = *method;
            head_.target = target;
            head_.version_minor = version - 10;
        }
    }

    void on_response_impl(int status, string_view reason, int version, error_code&) override {
        if constexpr (!is_request) {
            head_.status = status;
            head_.reason = reason;
            head_.version_minor = version - 10;
        }
    }

    void on_field_impl(beast::field, string_view name, string_view value,
                       error_code& error) override {
        if (head_.fields.size() == limits_.fields) return refuse("head.too_many_fields", error);
        head_.fields.push_back({field_id(name), name, value});
    }

    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(string_view body, error_code&) override { return body.size(); }
    void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override {
        return body.size();
    }
    void on_finish_impl(error_code&) override {}

    Head& head_;
    const HeadLimits& limits_;
    std::string_view broken_rule_;
};

template <bool is_request, class Head>
Result<> parse_with_beast(Head& head, std::string_view bytes, const HeadLimits& limits) {
    head.fields.clear();
    Collector<is_request, Head> collector(head, limits);
    error_code error;
    collector.put(boost::asio::buffer(bytes), error);
    if (!collector.broken_rule().empty()) return fail(Kind::Invalid, collector.broken_rule());
    if (error == beast::error::bad_version) return fail(Kind::Invalid, "head.version");
    if (error || !collector.is_header_done()) {
        return fail(Kind::Invalid, "head.malformed", error.message());
    }
    return {};
}

const Field* find_in(const std::vector<Field>& fields, FieldId id) {
    for (const Field& field : fields) {
        if (field.id == id) return &field;
    }
    return nullptr;
}

}  // namespace

std::string_view name(Method method) {
    switch (method) {
        case Method::Get:
            return "GET";
        case Method::Head:
            return "HEAD";
        case Method::Post:
            return "POST";
        case Method::Put:
            return "PUT";
        case Method::Patch:
            return "PATCH";
        case Method::Delete:
            return "DELETE";
        case Method::Options:
            return "OPTIONS";
    }
    MERLON_ASSERT(false);
}

Result<std::size_t> HeadScanner::scan(std::string_view bytes, const HeadLimits& limits) {
    while (seen_ < bytes.size()) {
        const void* found = std::memchr(bytes.data() + seen_, '\n', bytes.size() - seen_);
        if (found == nullptr) {
            seen_ = bytes.size();
            break;
        }
        const auto end = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
        // A lone LF ends a line for some servers and not for others (RFC 9112 section 2.2): two
        // readers of one stream must never disagree where a head ends.
        if (end == line_begin_ || bytes[end - 1] != '\r')
            return fail(Kind::Invalid, "head.line_end");
        const bool is_first = line_begin_ == 0;
        const bool is_empty = end == line_begin_ + 1;
        if (!is_first && (bytes[line_begin_] == ' ' || bytes[line_begin_] == '\t')) {
            return fail(Kind::Invalid, "framing.obsolete_fold");
        }
        seen_ = line_begin_ = end + 1;
        if (seen_ > limits.head_bytes) break;
        if (is_empty) return seen_;
    }
    if (seen_ > limits.head_bytes) return fail(Kind::Invalid, "head.too_large");
    return 0;
}

const Field* RequestHead::find(FieldId id) const { return find_in(fields, id); }

Result<> RequestHead::parse(std::string_view head, const HeadLimits& limits) {
    return parse_with_beast<true>(*this, head, limits);
}

const Field* ResponseHead::find(FieldId id) const { return find_in(fields, id); }

Result<> ResponseHead::parse(std::string_view head, const HeadLimits& limits) {
    return parse_with_beast<false>(*this, head, limits);
}

}  // namespace merlon::wire
