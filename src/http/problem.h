// Maps errors to responses: one table from rule names to status, code and message.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace merlon::http {

struct Problem {
    int status;
    std::string_view code;     // stable, for programs (contract.md, "Envelope")
    std::string_view message;  // for people; reveals nothing internal
};

// The row of the error's rule, or where it has none, of its kind.
Problem problem_of(const Error& error);

// {"success":false,"error":{…}}, with details or required permissions where the error has them.
std::string envelope_json(const Problem& problem, const Error& error);
// The same as RFC 9457 problem details.
std::string problem_json(const Problem& problem, const Error& error);

}  // namespace merlon::http
