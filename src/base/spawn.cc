// The tasks a loop runs, and their end with it.
#include "base/spawn.h"

#include <boost/asio/execution_context.hpp>

namespace merlon {
namespace {

// One for each loop: Asio makes it when first asked for, and calls shutdown() when the loop is
// destroyed, before anything else of the loop goes.
class SpawnedFrames final : public asio::execution_context::service {
public:
    inline static asio::execution_context::id id;

    explicit SpawnedFrames(asio::execution_context& loop) : service(loop) {}

    void add(Link& frame) { frame.enter(frames_); }

private:
    void shutdown() override {
        while (frames_.is_linked()) {
            auto& promise = static_cast<SpawnedFrame::promise_type&>(frames_.first());
            std::coroutine_handle<SpawnedFrame::promise_type>::from_promise(promise).destroy();
        }
    }

    Link frames_;
};

}  // namespace

void SpawnedFrame::begin() {
    const auto frame = std::exchange(frame_, nullptr);
    auto& loop = frame.promise().own.executor.context();
    asio::use_service<SpawnedFrames>(loop).add(frame.promise());
    frame.resume();
}

}  // namespace merlon
