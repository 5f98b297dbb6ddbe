// From the text of a schema to its nodes. Everything that would not be enforced is refused.
#include <algorithm>

#include "wire/json_canonical.h"
#include "wire/json_schema.h"
#include "wire/json_schema_keywords.h"
#include "wire/json_schema_node.h"

namespace merlon::wire {
namespace {

using boost::json::value;
using Node = SchemaNode;
using schema::find;
using schema::Name;

std::unexpected<Error> invalid(const std::string& pointer, std::string why) {
    return fail(Kind::Invalid, schema_invalid_rule,
                (pointer.empty() ? "/" : pointer) + ": " + std::move(why));
}

// RFC 6901 section 3.
std::string join(const std::string& pointer, std::string_view name) {
    std::string out = pointer + "/";
    for (const char c : name) {
        if (c == '~') {
            out += "~0";
        } else if (c == '/') {
            out += "~1";
        } else {
            out += c;
        }
    }
    return out;
}

// Compiles one schema object, keyword by keyword.
class Compiler {
public:
    Compiler(const boost::json::object& schema, std::string pointer)
        : schema_(schema), pointer_(std::move(pointer)) {}

    Result<std::unique_ptr<const Node>> compile() {
        MERLON_TRY(read_types());
        for (const auto& member : schema_) {
            const Name* keyword = find(schema::keywords, member.key());
            const std::string at = join(pointer_, member.key());
            if (keyword == nullptr) return invalid(at, "this keyword is not supported");
            if (keyword->bits != schema::any && (keyword->bits & node_->types) == 0) {
                return invalid(at, "says nothing of this type");
            }
        }
        MERLON_TRY(read_choices());
        if (node_->types == 0 && node_->choices.empty()) {
            return invalid(pointer_, "a schema names its type or its enum");
        }
        MERLON_TRY(read_string());
        MERLON_TRY(read_number("minimum", node_->minimum));
        MERLON_TRY(read_number("maximum", node_->maximum));
        MERLON_TRY(read_array());
        MERLON_TRY(read_object());
        return std::unique_ptr<const Node>(std::move(node_));
    }

private:
    Result<> read_types() {
        const value* type = schema_.if_contains("type");
        if (type == nullptr) return {};
        const std::string at = join(pointer_, "type");
        const auto add = [&](const value& name) -> Result<> {
            const Name* known = name.is_string() ? find(schema::types, name.get_string()) : nullptr;
            if (known == nullptr) return invalid(at, "no such type");
            node_->types |= known->bits;
            return {};
        };
        if (!type->is_array()) return add(*type);
        for (const value& name : type->get_array()) MERLON_TRY(add(name));
        if (node_->types == 0) return invalid(at, "names no type");
        return {};
    }

    Result<> read_choices() {
        const value* choices = schema_.if_contains("enum");
        if (choices == nullptr) return {};
        if (!choices->is_array() || choices->get_array().empty()) {
            return invalid(join(pointer_, "enum"), "must be a list of values");
        }
        node_->choices = choices->get_array();
        for (const value& choice : node_->choices) {
            if (!node_->choices_text.empty()) node_->choices_text += ", ";
            if (choice.is_string()) {
                node_->choices_text += std::string_view(choice.get_string());
            } else {
                append_canonical_json(node_->choices_text, choice);
            }
        }
        return {};
    }

    Result<> read_count(std::string_view keyword, std::size_t& out) {
        const value* count = schema_.if_contains(keyword);
        if (count == nullptr) return {};
        if (!count->is_int64() || count->get_int64() < 0) {
            return invalid(join(pointer_, keyword), "must be a whole number, 0 or more");
        }
        out = static_cast<std::size_t>(count->get_int64());
        return {};
    }

    Result<> read_number(std::string_view keyword, std::optional<double>& out) {
        const value* bound = schema_.if_contains(keyword);
        if (bound == nullptr) return {};
        if (!bound->is_number()) return invalid(join(pointer_, keyword), "must be a number");
        out = bound->to_number<double>();
        return {};
    }

    Result<> read_string() {
        MERLON_TRY(read_count("minLength", node_->length_min));
        MERLON_TRY(read_count("maxLength", node_->length_max));
        if (const value* pattern = schema_.if_contains("pattern")) {
            const std::string at = join(pointer_, "pattern");
            if (!pattern->is_string()) return invalid(at, "must be a regular expression");
            // Linear time, and this much memory for the program and its states, whatever the text.
            re2::RE2::Options options;
            options.set_max_mem(1 << 20);
            options.set_log_errors(false);
            node_->pattern = std::make_unique<re2::RE2>(
                std::string(std::string_view(pattern->get_string())), options);
            if (!node_->pattern->ok()) return invalid(at, node_->pattern->error());
        }
        if (const value* format = schema_.if_contains("format")) {
            using enum SchemaFormat;
            const std::string_view name =
                format->is_string() ? std::string_view(format->get_string()) : "";
            if (name == "email") node_->format = Email;
            if (name == "uuid") node_->format = Uuid;
            if (name == "date-time") node_->format = DateTime;
            if (name == "password") node_->format = Password;
            if (name == "visible-text" || name == person_name_format) node_->format = Visible;
            if (node_->format == None) {
                return invalid(join(pointer_, "format"),
                               "is none of email, uuid, date-time, password, visible-text, "
                               "person-name");
            }
        }
        return {};
    }

    Result<> read_array() {
        MERLON_TRY(read_count("minItems", node_->items_min));
        MERLON_TRY(read_count("maxItems", node_->items_max));
        if (const value* items = schema_.if_contains("items")) {
            node_->items = MERLON_TRY(compile_schema(*items, join(pointer_, "items")));
        } else if ((node_->types & Node::array) != 0) {
            return invalid(pointer_, "an array says what its items are");
        }
        return {};
    }

    Result<> read_object() {
        if ((node_->types & Node::object) == 0) return {};
        if (const value* additional = schema_.if_contains("additionalProperties")) {
            if (!additional->is_bool()) {
                return invalid(join(pointer_, "additionalProperties"), "must be true or false");
            }
            node_->keeps_unknown = additional->get_bool();
        }
        const value* properties = schema_.if_contains("properties");
        if (properties == nullptr && !node_->keeps_unknown) {
            return invalid(pointer_, "an object has properties, or additionalProperties: true");
        }
        if (properties != nullptr) {
            const std::string at = join(pointer_, "properties");
            if (!properties->is_object()) return invalid(at, "must be an object");
            for (const auto& member : properties->get_object()) {
                node_->properties.push_back(
                    {std::string(std::string_view(member.key())), false,
                     MERLON_TRY(compile_schema(member.value(), join(at, member.key())))});
            }
        }
        const value* required = schema_.if_contains("required");
        if (required == nullptr) return {};
        const std::string at = join(pointer_, "required");
        if (!required->is_array()) return invalid(at, "must be a list of names");
        for (const value& name : required->get_array()) {
            if (!name.is_string()) return invalid(at, "must be a list of names");
            const auto found = std::ranges::find(
                node_->properties, std::string_view(name.get_string()), &Node::Property::name);
            if (found == node_->properties.end()) {
                return invalid(at, "names what properties do not declare");
            }
            found->is_required = true;
        }
        return {};
    }

    const boost::json::object& schema_;
    std::string pointer_;
    std::unique_ptr<Node> node_ = std::make_unique<Node>();
};

}  // namespace

Result<std::unique_ptr<const Node>> compile_schema(const value& schema,
                                                   const std::string& pointer) {
    if (!schema.is_object()) return invalid(pointer, "a schema is an object");
    return Compiler(schema.get_object(), pointer).compile();
}

}  // namespace merlon::wire
