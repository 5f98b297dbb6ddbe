// A JSON value as text, one way only.
#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace merlon::wire {

// Without white space, members in their order, numbers in the shortest form that reads back the
// same. The value holds finite numbers only.
void append_canonical_json(std::string& out, const boost::json::value& value);

}  // namespace merlon::wire
