// The definition of a role, over which configuration, migrations, listeners, the gateway and the
// commands iterate. A new role is its folder and one line in roles/roles.cc.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "api/local_service.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "rpc/method.h"
#include "rpc/ports.h"
#include "sealing/key_store.h"
#include "storage/migrations.h"

namespace merlon::rpc {

// Background work of a role, in every process that runs it. Runs do not overlap; a failure is
// reported, and the next interval retries.
struct PeriodicTask {
    std::string_view name;  // for messages; static
    std::chrono::seconds interval;
    std::function<Task<>()> run;
};

// A role in this process. Safe from every thread; its requests and tasks run on several loops.
class Role : public api::LocalService {
public:
    // The methods that roles in other processes may call.
    virtual std::vector<OfferedMethod> methods() { return {}; }
    // Adds the ports that roles of this process may call.
    virtual void add_ports(Ports&) {}
    // Among them what resumes work after a crash.
    virtual std::vector<PeriodicTask> periodic_tasks() { return {}; }
};

// What a role works with. Borrowed for its life; all safe from every thread.
struct RoleEnvironment {
    storage::Database& database;
    sealing::KeyStore* keys;  // null where the role holds no personal data
    const Clock& clock;
    Entropy& entropy;
    const Ports& ports;  // of the roles that it calls
};

// A column that holds what belongs to a person: sealed under that person's key, so that destroying
// the key makes it unreadable in every backup.
struct PersonalColumn {
    std::string_view table;
    std::string_view column;
};

// All of it is static.
struct RoleDefinition {
    std::string_view name;  // of its tables, its certificate, its section of merlon.yaml
    std::uint16_t port;     // of its own listener, unless fleet says another
    // The roles whose ports it uses: it cannot be enabled without them.
    std::span<const std::string_view> calls;
    const api::RoleTable& (*table)();
    std::span<const storage::Migration> (*migrations)();
    std::span<const PersonalColumn> personal_data;
    // Opens it in this process, after the roles that it calls. Null: server/ opens it, since it
    // needs what all roles share (auth).
    Task<std::unique_ptr<Role>> (*open)(RoleEnvironment environment);
    // Adds clients of its ports, where it runs in other processes. Null: it has no ports. `client`
    // outlives them.
    void (*connect)(Client& client, Ports& ports);

    // services.NAME may leave it out or put another service in its place.
    bool is_optional() const { return open != nullptr; }
};

}  // namespace merlon::rpc
