// What successes and failures are both written with. Included by this folder's sources only.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

namespace merlon::api {

inline boost::json::object reference(std::string_view section, std::string_view name) {
    return {{"$ref", "#/components/" + std::string(section) + "/" + std::string(name)}};
}

inline boost::json::object header(std::string_view description) {
    return {{"description", description}, {"schema", {{"type", "integer"}}}};
}

}  // namespace merlon::api
