// Looks for an entity tag in a list.
#include "wire/entity_tag.h"

#include <algorithm>

#include "base/text.h"

namespace merlon::wire {

bool if_match_allows(std::string_view if_match, std::string_view tag) {
    if (if_match.empty() || if_match == "*") return true;
    // A tag of ours holds no comma, so a comma inside somebody's quotes splits nothing that
    // matches.
    const auto tags = text::split(if_match, ',');
    return std::ranges::find(tags, tag) != tags.end();
}

}  // namespace merlon::wire
