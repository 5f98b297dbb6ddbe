// The failures of one operation, by status. An operation may have several of one status, such as
// two conflicts: then one response describes all of them, with the examples of each.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace merlon::api {

class FailureResponses final {
public:
    // One that many operations share.
    void add_shared(int status);
    // One of the operation's own, which is a response to the first of the errors: the status is
    // that error's. Its examples are the responses to all of them.
    void add(std::string_view description, std::vector<Error> errors);

    // Adds a response for each status.
    void write(boost::json::object& responses) const;

private:
    struct Failure {
        std::string_view shared;  // its name; empty: the operation's own
        std::string_view description;
        std::vector<Error> errors;
    };
    std::map<int, std::vector<Failure>> of_status_;
};

// What write() refers to.
boost::json::object shared_responses();

}  // namespace merlon::api
