// Reads bodies piece by piece, and filters them by a schema.
#include "api/body_gate.h"

#include "base/text.h"

namespace merlon::api {
namespace {

// application/json, with no other charset than the one JSON has (RFC 8259 section 8.1), and without
// a Content-Encoding, which validation would have to decode.
bool is_json(const wire::RequestHead& head) {
    const wire::Field* type = nullptr;
    for (const wire::Field& field : head.fields) {
        if (field.id == wire::FieldId::ContentType) {
            if (type != nullptr) return false;
            type = &field;
        }
        if (text::equals_ignoring_case(field.name, "Content-Encoding")) return false;
    }
    if (type == nullptr) return false;
    const auto parts = text::split(type->value, ';');
    if (!text::equals_ignoring_case(parts.front(), "application/json")) return false;
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const std::string parameter = text::to_lower(parts[i]);
        if (parameter.starts_with("charset=") && parameter != "charset=utf-8" &&
            parameter != "charset=\"utf-8\"") {
            return false;
        }
    }
    return true;
}

}  // namespace

bool has_validated_body(wire::Method method) {
    return method == wire::Method::Post || method == wire::Method::Put ||
           method == wire::Method::Patch;
}

Task<Secret> read_json_body(http::Exchange* exchange) {
    Secret body;
    if (exchange->admitted().body.kind == wire::BodyKind::None || exchange->body_is_done()) {
        co_return body;
    }
    while (true) {
        auto piece = co_await exchange->read_body();
        if (!piece) {
            co_return std::unexpected(http::as_client_error(std::move(piece).error()));
        }
        if (piece->empty()) break;
        body.append(*piece);
    }
    if (!body.empty() && !is_json(exchange->head())) {
        co_return fail(Kind::Invalid, "body.media_type");
    }
    co_return body;
}

Task<Secret> read_validated_body(http::Exchange* exchange, const wire::JsonSchema* schema,
                                 std::uint64_t bytes_max, BodyUse use) {
    const wire::JsonLimits limits{.bytes = bytes_max};
    if (use == BodyUse::Optional) {
        const Secret body = MERLON_CO_TRY(co_await read_json_body(exchange));
        if (body.empty()) co_return Secret();
        co_return Secret(MERLON_CO_TRY(schema->filter(body.reveal(), limits)));
    }
    if (!is_json(exchange->head())) co_return fail(Kind::Invalid, "body.media_type");
    if (exchange->body_is_received()) {
        const std::string_view whole = MERLON_CO_TRY(co_await exchange->read_body());
        co_return Secret(MERLON_CO_TRY(schema->filter(whole, limits)));
    }
    const Secret body = MERLON_CO_TRY(co_await read_json_body(exchange));
    co_return Secret(MERLON_CO_TRY(schema->filter(body.reveal(), limits)));
}

}  // namespace merlon::api
