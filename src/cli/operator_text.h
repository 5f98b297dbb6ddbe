// What operators' commands answer, for people: tables and sentences instead of JSON.
#pragma once

#include <string>
#include <string_view>

namespace merlon::cli {

// Of a command's JSON answer, such as that of "user.list". Empty: the command says nothing.
std::string answer_text(std::string_view command, std::string_view answer_json);

// Of a failed command's JSON: what is wrong, and what to do about it. Lines without the program's
// name.
std::string error_text(std::string_view error_json);

}  // namespace merlon::cli
