// Looks up the ports of a process by type. Each is implemented by a role of this process, or by a
// client of a role in another process; its user does not know which.
#pragma once

#include <memory>
#include <typeindex>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace merlon::rpc {

class Client;

// Filled while the roles are opened, read-only from then on.
class Ports final {
public:
    // `port` is borrowed for life. One of each type.
    template <class Port>
    void add(Port& port) {
        const bool is_new = ports_.emplace(typeid(Port), static_cast<void*>(&port)).second;
        MERLON_ASSERT(is_new);
    }
    template <class Port>
    void add(std::unique_ptr<Port> port) {
        add<Port>(*port);
        owned_.push_back(std::move(port));
    }
    // Present for every role that RoleDefinition::calls names.
    template <class Port>
    Port& require() const {
        const auto found = ports_.find(typeid(Port));
        MERLON_ASSERT(found != ports_.end());
        return *static_cast<Port*>(found->second);
    }
    template <class Port>
    Port* find() const {
        const auto found = ports_.find(typeid(Port));
        return found == ports_.end() ? nullptr : static_cast<Port*>(found->second);
    }

private:
    std::unordered_map<std::type_index, void*> ports_;
    std::vector<std::shared_ptr<void>> owned_;  // of any type: shared_ptr remembers how to destroy
};

}  // namespace merlon::rpc
