// What the Connection fields of a message list (RFC 9110 section 7.6.1): options of this
// connection, and the names of fields that go no further.
#pragma once

#include <boost/container/small_vector.hpp>
#include <string_view>
#include <vector>

#include "wire/head.h"

namespace merlon::wire {

// Views into the message's fields. Value.
class ConnectionOptions {
public:
    // Members of all Connection fields together, empty ones too. Every field of a message is
    // compared with each: 31 KB of commas beside 95 fields cost 18 ms, in a development build.
    static constexpr std::size_t members_max = 32;

    // Takes one more Connection field. False: there are more members than may be.
    bool take(std::string_view list);
    static ConnectionOptions of(const std::vector<Field>& fields);

    bool closes() const { return closes_; }
    bool keeps_alive() const { return keeps_alive_; }
    bool upgrades() const { return upgrades_; }
    // Whether a field of this name is for this connection only.
    bool names(std::string_view field_name) const;

private:
    void add(std::string_view member);

    boost::container::small_vector<std::string_view, 4> field_names_;
    std::size_t members_ = 0;
    bool closes_ = false;
    bool keeps_alive_ = false;
    bool upgrades_ = false;
};

}  // namespace merlon::wire
