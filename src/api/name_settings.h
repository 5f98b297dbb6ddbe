// Settings of people's names. Filled by config/.
#pragma once

namespace merlon::api {

struct NameSettings {
    int length_min = 2;  // characters; in some scripts a name is one letter

    bool operator==(const NameSettings&) const = default;
};

}  // namespace merlon::api
