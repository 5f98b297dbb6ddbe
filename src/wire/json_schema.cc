// Judging a value by a compiled schema.
#include "wire/json_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/secret.h"
#include "wire/email.h"
#include "wire/json_canonical.h"
#include "wire/json_place.h"
#include "wire/json_schema_node.h"
#include "wire/text_format.h"
#include "wire/unicode.h"

namespace merlon::wire {
namespace {

using boost::json::value;
using Node = SchemaNode;
using Place = JsonPlace;

// The largest whole number that every reader of JSON knows exactly (RFC 8259 section 6).
constexpr double safe_number_max = 9'007'199'254'740'991;

// 1 and 1.0 are one number (RFC 8259 section 6), though not to Boost.JSON.
bool is_same(const value& a, const value& b) {
    if (a.is_number() && b.is_number()) return a.to_number<double>() == b.to_number<double>();
    return a == b;
}

class Checker {
public:
    void check(const Node& node, value& subject, const Place& place) {
        if (is_full()) return;
        if (!node.choices.empty()) {
            if (std::ranges::none_of(node.choices,
                                     [&](const value& one) { return is_same(one, subject); })) {
                add(place, fmt::format("must be one of [{}]", node.choices_text));
            }
            return;
        }
        if ((node.types & type_of(subject)) == 0)
            return add(place, type_message(node.types, subject));
        if (subject.is_string()) check_string(node, subject.get_string(), place);
        if (subject.is_number()) check_number(node, subject, place);
        if (subject.is_array()) check_array(node, subject.get_array(), place);
        if (subject.is_object()) check_object(node, subject.get_object(), place);
    }
    FieldErrors& violations() { return violations_; }

private:
    bool is_full() const { return violations_.size() >= JsonSchema::violations_max; }

    void add(const Place& place, std::string_view text) {
        const std::string label = place.label();
        add_text(place, fmt::format("\"{}\" {}", label.empty() ? "value" : label, text));
    }

    void add_text(const Place& place, std::string text) {
        if (!is_full()) violations_.push_back({place.field(), std::move(text)});
    }

    static unsigned type_of(const value& subject) {
        switch (subject.kind()) {
            case boost::json::kind::null:
                return Node::null_type;
            case boost::json::kind::bool_:
                return Node::boolean;
            case boost::json::kind::int64:
            case boost::json::kind::uint64:
                return Node::integer | Node::number;
            case boost::json::kind::double_: {
                const double number = subject.get_double();
                return std::trunc(number) == number ? Node::integer | Node::number : Node::number;
            }
            case boost::json::kind::string:
                return Node::string;
            case boost::json::kind::array:
                return Node::array;
            case boost::json::kind::object:
                return Node::object;
        }
        return 0;
    }

    static std::string_view type_message(unsigned types, const value& subject) {
        if ((types & Node::string) != 0) return "must be a string";
        if ((types & Node::number) != 0) return "must be a number";
        if ((types & Node::integer) != 0) {
            return subject.is_number() ? "must be an integer" : "must be a number";
        }
        if ((types & Node::boolean) != 0) return "must be a boolean";
        if ((types & Node::array) != 0) return "must be an array";
        if ((types & Node::object) != 0) return "must be of type object";
        return "must be null";
    }

    // Joi's message of a pattern shows the value; ours does not, it may be a password.
    void check_string(const Node& node, std::string_view text, const Place& place) {
        if (text.empty() && node.length_min > 0) return add(place, "is not allowed to be empty");
        const std::size_t length = code_points(text);
        if (length < node.length_min) {
            add(place, fmt::format("length must be at least {} characters long", node.length_min));
        }
        if (length > node.length_max) {
            add(place, fmt::format("length must be less than or equal to {} characters long",
                                   node.length_max));
        }
        if (node.pattern && !re2::RE2::PartialMatch(text, *node.pattern)) {
            add(place,
                fmt::format("fails to match the required pattern: /{}/", node.pattern->pattern()));
        }
        if (node.format == SchemaFormat::Email && !Email::parse(text)) {
            add(place, "must be a valid email");
        }
        if (node.format == SchemaFormat::Uuid && !is_uuid_text(text)) {
            add(place, "must be a valid GUID");
        }
        if (node.format == SchemaFormat::DateTime && !is_date_time(text)) {
            add(place, "must be in ISO 8601 date format");
        }
        if (node.format == SchemaFormat::Visible && !shows_something(text)) {
            add(place, "must contain a visible character");
        }
        if (node.format == SchemaFormat::Password && !is_strong_password(text)) {
            add_text(place,
                     "Password must contain uppercase, lowercase, number, and special character");
        }
    }

    void check_number(const Node& node, const value& subject, const Place& place) {
        const double number = subject.to_number<double>();
        if (std::abs(number) > safe_number_max) return add(place, "must be a safe number");
        if (node.minimum && number < *node.minimum) {
            add(place, fmt::format("must be greater than or equal to {}", *node.minimum));
        }
        if (node.maximum && number > *node.maximum) {
            add(place, fmt::format("must be less than or equal to {}", *node.maximum));
        }
    }

    void check_array(const Node& node, boost::json::array& array, const Place& place) {
        if (array.size() < node.items_min) {
            add(place, fmt::format("must contain at least {} items", node.items_min));
        }
        if (array.size() > node.items_max) {
            add(place, fmt::format("must contain less than or equal to {} items", node.items_max));
        }
        if (!node.items) return;
        for (std::size_t i = 0; i < array.size() && !is_full(); ++i) {
            check(*node.items, array[i], {&place, {}, i});
        }
    }

    void check_object(const Node& node, boost::json::object& object, const Place& place) {
        boost::json::object declared(object.storage());
        for (const Node::Property& property : node.properties) {
            const Place member_place{&place, property.name, 0};
            value* member = object.if_contains(property.name);
            if (member == nullptr) {
                if (property.is_required) add(member_place, "is required");
                continue;
            }
            check(*property.node, *member, member_place);
            if (!node.keeps_unknown) declared.emplace(property.name, std::move(*member));
        }
        if (!node.keeps_unknown) object = std::move(declared);
    }

    FieldErrors violations_;
};

}  // namespace

JsonSchema::JsonSchema(std::unique_ptr<const SchemaNode> root) : root_(std::move(root)) {}
JsonSchema::JsonSchema(JsonSchema&&) noexcept = default;
JsonSchema& JsonSchema::operator=(JsonSchema&&) noexcept = default;
JsonSchema::~JsonSchema() = default;

Result<JsonSchema> JsonSchema::compile(std::string_view text) {
    const value schema = MERLON_TRY(parse_json(text));
    return JsonSchema(MERLON_TRY(compile_schema(schema, "")));
}

Result<> JsonSchema::check(value& subject) const {
    Checker checker;
    checker.check(*root_, subject, {});
    if (checker.violations().empty()) return {};
    return fail(Kind::Invalid, schema_violation_rule, {}, std::move(checker.violations()));
}

Result<std::string> JsonSchema::filter(std::string_view body, const JsonLimits& limits) const {
    value subject = MERLON_TRY(parse_json(body, limits));
    const Result<> checked = check(subject);
    std::string out;
    out.reserve(body.size());
    if (checked) append_canonical_json(out, subject);
    wipe_stack();  // short texts have passed over it
    MERLON_TRY(Result<>(checked));
    return out;
}

}  // namespace merlon::wire
