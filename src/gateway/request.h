// What is known of a request so far; the stages of the request path fill it.
#pragma once

#include "api/route_table.h"
#include "gateway/active.h"
#include "gateway/limits/limit_gate.h"

namespace merlon::gateway {

// Texts for the time of one request. Shares their owner: a stopped loop destroys its waiting
// requests after the path that served them.
class BorrowedTexts {
public:
    explicit BorrowedTexts(std::shared_ptr<Active> active) : active_(std::move(active)) {
        auto& spare = active_->spare_texts;
        if (spare.empty()) spare.push_back(std::make_unique<RequestTexts>());
        texts_ = std::move(spare.back());
        spare.pop_back();
        texts_->fields.clear();
    }
    ~BorrowedTexts() {
        // A few KiB each; more than these are a burst's.
        constexpr std::size_t spare_max = 128;
        auto& spare = active_->spare_texts;
        if (spare.size() < spare_max) spare.push_back(std::move(texts_));
    }
    BorrowedTexts(const BorrowedTexts&) = delete;
    BorrowedTexts& operator=(const BorrowedTexts&) = delete;
    RequestTexts* get() const { return texts_.get(); }

private:
    std::shared_ptr<Active> active_;
    std::unique_ptr<RequestTexts> texts_;
};

// Lives in the frame of RequestPath::serve().
struct Request {
    std::shared_ptr<Active> active;
    const Snapshot* snapshot = nullptr;  // of active
    WallTime came;
    SteadyTime began;
    RequestTexts* texts = nullptr;
    std::string client;
    std::string_view scheme;  // the client's: "http" or "https"
    wire::Target target;
    api::Match<Route> match;
    LimitTicket limits;
    tokens::TokenCache::Kept token;
    std::optional<std::string> body;  // judged; goes on instead of the one that came
    bool is_preflight = false;
    tokens::KeptAssertion assertion;  // empty where none is sent
    bool is_authenticated = false;    // token is good, also after asking for revocations
    std::string_view forwarded_to;    // a service's name; empty: we answered

    static constexpr std::string_view no_route = "unmatched";
    std::string_view route_name() const {
        return match.route != nullptr ? std::string_view(match.route->pattern) : no_route;
    }
};

}  // namespace merlon::gateway
