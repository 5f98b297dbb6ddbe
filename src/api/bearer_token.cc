// Parses the field Authorization: Bearer.
#include "api/bearer_token.h"

#include "base/text.h"

namespace merlon::api {

std::string_view bearer_token(const wire::RequestHead& head) {
    constexpr std::string_view scheme = "bearer ";
    const wire::Field* field = head.find(wire::FieldId::Authorization);
    if (field == nullptr ||
        !text::equals_ignoring_case(field->value.substr(0, scheme.size()), scheme)) {
        return {};
    }
    return field->value.substr(scheme.size());
}

}  // namespace merlon::api
