// Splits the lists once.
#include "wire/connection_options.h"

#include <algorithm>

#include "base/text.h"

namespace merlon::wire {

bool ConnectionOptions::take(std::string_view list) {
    while (true) {
        if (++members_ > members_max) return false;
        const std::size_t comma = list.find(',');
        add(text::trim(list.substr(0, comma)));
        if (comma == std::string_view::npos) return true;
        list.remove_prefix(comma + 1);
    }
}

ConnectionOptions ConnectionOptions::of(const std::vector<Field>& fields) {
    ConnectionOptions options;
    for (const Field& field : fields) {
        if (field.id == FieldId::Connection && !options.take(field.value)) break;
    }
    return options;
}

void ConnectionOptions::add(std::string_view member) {
    if (text::equals_ignoring_case(member, "close")) {
        closes_ = true;
    } else if (text::equals_ignoring_case(member, "keep-alive")) {
        keeps_alive_ = true;
    } else if (text::equals_ignoring_case(member, "upgrade")) {
        upgrades_ = true;
    } else if (!member.empty()) {
        field_names_.push_back(member);
    }
}

bool ConnectionOptions::names(std::string_view field_name) const {
    return std::ranges::any_of(field_names_, [&](std::string_view name) {
        return text::equals_ignoring_case(name, field_name);
    });
}

}  // namespace merlon::wire
