// Who changes an account: an operator of the machine, or a signed-in user.
#pragma once

#include <string>
#include <variant>

#include "base/result.h"

namespace merlon::operations {
class OperatorCommands;
}

namespace merlon::access {

// Somebody who has the machine: may do anything, and has neither an identifier nor a role. Proof
// that a command came by the operator socket or from the command line: nothing else can make one,
// so no message from another process turns into an operator. A value.
class Operator final {
private:
    friend class operations::OperatorCommands;
    Operator() = default;
};

// A signed-in user, as a verified token names them. A value; the identifier is never empty.
class User final {
public:
    // `client` is the address they act from; empty for a Unix socket. Error: "access.anonymous"
    // (Unknown): no identifier.
    static Result<User> make(std::string id, std::string role, std::string client) {
        if (id.empty()) return fail(Kind::Unknown, "access.anonymous");
        return User(std::move(id), std::move(role), std::move(client));
    }

    const std::string& id() const { return id_; }
    const std::string& role() const { return role_; }
    const std::string& client() const { return client_; }

private:
    User(std::string id, std::string role, std::string client)
        : id_(std::move(id)), role_(std::move(role)), client_(std::move(client)) {}

    std::string id_;
    std::string role_;
    std::string client_;
};

using Actor = std::variant<Operator, User>;

}  // namespace merlon::access
