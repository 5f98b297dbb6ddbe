// Serves the listeners in the clear that send everybody to https.
#pragma once

#include "gateway/request_path.h"

namespace merlon::gateway {

// One worker's. A response is 308 (RFC 9110 section 15.4.9), so that a method and its body stay
// what they are; it names a host that the configuration names, whatever the client says.
class Redirector final : public http::Handler {
public:
    // Borrows the path, with its snapshots, its metrics and its access log.
    explicit Redirector(RequestPath& path) : path_(path) {}

    Task<> serve(http::Exchange& exchange) override { return path_.redirect(exchange); }
    http::Response refuse(const http::Peer& peer, const wire::RequestHead* head,
                          const Error& error) override {
        return path_.refuse(peer, head, error);
    }
    bool is_shared(const http::Peer& peer) const override { return path_.is_shared(peer); }

private:
    RequestPath& path_;
};

}  // namespace merlon::gateway
