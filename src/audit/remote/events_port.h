// Security events of a gateway, kept by the auth role, which has the keys to seal addresses with.
#pragma once

#include <vector>

#include "events/event.h"
#include "rpc/client.h"
#include "rpc/method.h"

namespace merlon::audit {

// Made once more after a failure an event may be there twice; not at all would be worse.
Task<> send_events(rpc::Client* auth, std::vector<events::Event> batch);

// `keep` stores a batch durably.
rpc::OfferedMethod events_method(std::function<Task<>(std::vector<events::Event>)> keep);

}  // namespace merlon::audit
