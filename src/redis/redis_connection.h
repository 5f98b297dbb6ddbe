// One connection to Redis on one loop: what is asked in one turn of the loop goes out in one write,
// answers are matched in order.
#pragma once

#include <array>
#include <coroutine>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "http/input_buffer.h"
#include "redis/redis_server.h"
#include "wire/resp.h"

namespace merlon::redis {

// A Lua script whose answer is a few integers, by its text. The text outlives all clients.
struct RedisScript {
    std::string_view text;
    unsigned keys;        // how many of its words are keys
    std::size_t numbers;  // how many it answers, at most RedisCall::numbers_max
};

// A script under way; lives in the frame of who waits for it, longer than its answer takes.
struct RedisCall {
    static constexpr std::size_t numbers_max = 4;
    enum class Outcome : std::uint8_t {
        Waiting,
        Answered,
        Unknown,  // the server has forgotten the script; it has been told again meanwhile
        Refused,  // the script failed, and changed what it changed before
        Lost,     // nobody knows whether it ran
    };

    Outcome outcome = Outcome::Waiting;
    std::array<std::int64_t, numbers_max> numbers{};
    std::coroutine_handle<> waiter;  // goes on when the outcome is known; null: nobody waits yet
};

// Resource; one thread, its loop's. Shared by its owner and the writes under way.
class RedisConnection final : public std::enable_shared_from_this<RedisConnection> {
public:
    // Connects, logs in, loads the scripts and runs `probe`, which is one of them with its words:
    // a server that cannot write says so before anybody relies on it. All pointers are borrowed
    // for life. Errors (Unavailable): "state.away", the detail says why.
    struct Probe {
        std::size_t script;
        std::array<std::string_view, 2> words;
    };
    static Task<std::shared_ptr<RedisConnection>> open(RedisServer* server,
                                                       net::Deadlines* deadlines,
                                                       const Clock* clock,
                                                       std::span<const RedisScript> scripts,
                                                       Probe probe);

    // Room for one more?
    bool has_room() const { return waiting_.size() < server_.settings().waiting_max; }
    // Runs a script of the list at the end of this turn. `call` may be null: nobody wants to know.
    void ask(std::size_t script, std::span<const std::string_view> words, RedisCall* call);

    // Takes answers until the connection breaks; gives why. Once, at once.
    Task<> serve();
    // Since when the oldest command waits; never, when none does.
    SteadyTime waits_since() const {
        return waiting_.empty() ? SteadyTime::max() : waiting_.front().since;
    }
    // Makes serve() end with this reason.
    void break_off(std::string why);
    // After serve(): all that still wait learn that they are lost.
    void lose_all();

private:
    struct Waiting {
        RedisCall* call;  // null: of SCRIPT LOAD, or nobody wants to know
        std::size_t script;
        SteadyTime since;
    };

    RedisConnection(RedisServer& server, const Clock& clock, std::span<const RedisScript> scripts,
                    std::unique_ptr<http::ClientConnection> connection, Executor executor)
        : server_(server),
          clock_(clock),
          scripts_(scripts),
          connection_(std::move(connection)),
          executor_(executor) {}

    Task<> log_in();
    Task<> prepare(Probe probe);
    Task<> take_digests();
    // During the log-in: sends what was written and reads one reply.
    Task<> next_reply();
    std::string_view text(const wire::RespItem& item) const {
        return wire::RespReader::text(item, input_.view());
    }
    const wire::RespItem& reply() const { return reader_.items().front(); }
    // The server does not know the script (any more): it has run nothing.
    bool is_forgotten() const {
        return reply().is_error() && text(reply()).starts_with("NOSCRIPT");
    }
    void drop_reply();
    Result<bool> settle_next();
    Result<RedisCall::Outcome> outcome_of(RedisCall& call, std::size_t script);
    void load_scripts();
    void flush_later();
    void flush();
    void append(std::initializer_list<std::string_view> words);
    void append(const Probe& probe);
    void append_scripts();

    RedisServer& server_;
    const Clock& clock_;
    const std::span<const RedisScript> scripts_;
    std::unique_ptr<http::ClientConnection> connection_;
    Executor executor_;
    std::vector<std::string> digests_;  // of the scripts, as the server names them
    std::deque<Waiting> waiting_;
    std::string output_;   // asked since the last write
    std::string sending_;  // being written
    bool is_flush_due_ = false;
    bool is_writing_ = false;
    bool is_loading_ = false;  // scripts that the server had forgotten
    std::string broken_;       // why; empty: it is not
    http::InputBuffer input_;
    wire::RespReader reader_;
};

}  // namespace merlon::redis
