// Logging in, asking and answering. Read open(), then ask() and serve().
#include "redis/redis_connection.h"

#include <fmt/format.h>

#include "base/spawn.h"

namespace merlon::redis {
namespace {

using wire::RespItem;
using wire::RespType;

std::unexpected<Error> away(std::string why) {
    return fail(Kind::Unavailable, "state.away", std::move(why));
}

// In the place of a script: its answer is SCRIPT LOAD's.
constexpr std::size_t loading = SIZE_MAX;

// A server's words in one line of a log: what a stranger in its place says stays short and plain.
std::string quoted(std::string_view text) {
    constexpr std::size_t bytes_max = 200;
    std::string plain(text.substr(0, bytes_max));
    for (char& c : plain) {
        if (c < ' ' || c > '~') c = '?';
    }
    return plain;
}

// The command is wrong, or its key is somebody else's: what any other command gets is open. Every
// other word (LOADING, READONLY, OOM, NOPERM, …) is said to all.
bool concerns_one_command(std::string_view error) {
    return error.starts_with("ERR ") || error.starts_with("WRONGTYPE ");
}

}  // namespace

Task<std::shared_ptr<RedisConnection>> RedisConnection::open(RedisServer* server,
                                                             net::Deadlines* deadlines,
                                                             const Clock* clock,
                                                             std::span<const RedisScript> scripts,
                                                             Probe probe) {
    const auto patience = server->settings().connect_max;
    auto connected =
        co_await http::ClientConnection::connect(server->address(), *deadlines, patience);
    if (!connected) {
        const Error& error = connected.error();
        co_return away(error.detail.empty() ? "no connection in time" : error.detail);
    }
    std::shared_ptr<RedisConnection> made(new RedisConnection(
        *server, *clock, scripts, *std::move(connected), co_await current_executor()));
    made->connection_->stream().set_deadline(patience);
    MERLON_CO_TRY(co_await made->log_in());
    MERLON_CO_TRY(co_await made->prepare(probe));
    made->connection_->stream().clear_deadline();
    co_return made;
}

void RedisConnection::append(std::initializer_list<std::string_view> words) {
    wire::append_command(output_, std::span(words.begin(), words.size()));
}

void RedisConnection::drop_reply() {
    input_.consume(reader_.bytes());
    reader_.reset();
}

Task<> RedisConnection::next_reply() {
    if (!output_.empty()) {
        net::Gather gather;
        gather.add(output_);
        const auto sent = co_await connection_->stream().write(std::move(gather));
        wipe(output_);  // the password may be in it
        if (!sent) co_return away(std::string(sent.error().rule));
    }
    while (true) {
        if (!input_.empty()) {
            const auto whole = reader_.read(input_.view());
            if (!whole) co_return away("not Redis: " + std::string(whole.error().rule));
            if (*whole && reply().type != RespType::Push) co_return Result<>{};
            if (*whole) drop_reply();
            if (*whole) continue;
        }
        const auto got = co_await connection_->stream().read_some(input_.space());
        if (!got) {
            co_return away(got.error().rule == net::stream_timeout_rule
                               ? "no answer to the log-in"
                               : std::string(got.error().rule));
        }
        input_.received(*got);
    }
}

// HELLO with everything in it costs one trip; servers before 6.0 do not know it, and only they are
// asked in the old way.
Task<> RedisConnection::log_in() {
    const RedisSettings& settings = server_.settings();
    std::string_view user = settings.user;
    if (user.empty()) user = "default";
    if (settings.password.empty()) {
        append({"HELLO", "3", "SETNAME", "merlon"});
    } else {
        append({"HELLO", "3", "AUTH", user, settings.password.reveal(), "SETNAME", "merlon"});
    }
    MERLON_CO_TRY(co_await next_reply());
    const bool is_refused = reply().is_error();
    const std::string why = is_refused ? quoted(text(reply())) : "";
    drop_reply();
    if (!is_refused) co_return Result<>{};
    if (!why.starts_with("ERR unknown command") && !why.starts_with("NOPROTO")) {
        co_return away(why);
    }
    if (!settings.password.empty()) {
        if (settings.user.empty()) {
            append({"AUTH", settings.password.reveal()});
        } else {
            append({"AUTH", user, settings.password.reveal()});
        }
        MERLON_CO_TRY(co_await next_reply());
        if (reply().is_error()) co_return away(quoted(text(reply())));
        drop_reply();
    }
    append({"CLIENT", "SETNAME", "merlon"});
    MERLON_CO_TRY(co_await next_reply());  // a name is a courtesy: refused is fine
    drop_reply();
    co_return Result<>{};
}

// All in one trip but the probe, which needs the names of the scripts. A server that forgets them
// in between (SCRIPT FLUSH while gateways start) is there all the same: it is told once more.
Task<> RedisConnection::prepare(Probe probe) {
    const unsigned database = server_.settings().database;
    if (database != 0) append({"SELECT", std::to_string(database)});
    append_scripts();
    if (database != 0) {
        MERLON_CO_TRY(co_await next_reply());
        if (reply().is_error()) co_return away(quoted(text(reply())));
        drop_reply();
    }
    MERLON_CO_TRY(co_await take_digests());
    append(probe);
    MERLON_CO_TRY(co_await next_reply());
    if (is_forgotten()) {
        drop_reply();
        append_scripts();
        append(probe);
        MERLON_CO_TRY(co_await take_digests());
        MERLON_CO_TRY(co_await next_reply());
    }
    if (reply().type != RespType::Array) co_return away(quoted(text(reply())));
    drop_reply();
    co_return Result<>{};
}

void RedisConnection::append_scripts() {
    for (const RedisScript& script : scripts_) append({"SCRIPT", "LOAD", script.text});
}

void RedisConnection::append(const Probe& probe) {
    append({"EVALSHA", digests_[probe.script], std::to_string(scripts_[probe.script].keys),
            probe.words[0], probe.words[1]});
}

Task<> RedisConnection::take_digests() {
    std::vector<std::string> digests;
    for (std::size_t i = 0; i < scripts_.size(); ++i) {
        MERLON_CO_TRY(co_await next_reply());
        if (reply().type != RespType::BulkString) co_return away(quoted(text(reply())));
        digests.emplace_back(text(reply()));
        drop_reply();
    }
    digests_ = std::move(digests);
    co_return Result<>{};
}

void RedisConnection::ask(std::size_t script, std::span<const std::string_view> words,
                          RedisCall* call) {
    constexpr std::size_t words_max = 12;
    MERLON_ASSERT(words.size() + 3 <= words_max);
    std::array<std::string_view, words_max> all;
    const char keys = static_cast<char>('0' + scripts_[script].keys);
    all[0] = "EVALSHA";
    all[1] = digests_[script];
    all[2] = {&keys, 1};
    std::ranges::copy(words, all.begin() + 3);
    wire::append_command(output_, std::span(all.data(), words.size() + 3));
    waiting_.push_back({call, script, clock_.steady()});
    flush_later();
}

void RedisConnection::flush_later() {
    if (std::exchange(is_flush_due_, true)) return;
    // Behind all that this turn of the loop has still to do: their commands go along.
    asio::post(executor_, [self = shared_from_this()] {
        self->is_flush_due_ = false;
        self->flush();
    });
}

void RedisConnection::flush() {
    if (is_writing_ || output_.empty() || !broken_.empty()) return;
    std::swap(output_, sending_);
    net::Gather gather;
    gather.add(sending_);
    Task<> write = connection_->stream().write(std::move(gather));
    const auto written = [self = shared_from_this()](const Result<>& done) {
        self->sending_.clear();
        self->is_writing_ = false;
        if (!done) return self->break_off(std::string(done.error().rule));
        self->flush();
    };
    is_writing_ = true;
    if (write.await_ready()) return written(write.await_resume());
    spawn(executor_, std::move(write), written);
}

// Who asks again behind this is understood. Once for all whose answers were on their way.
void RedisConnection::load_scripts() {
    if (std::exchange(is_loading_, true)) return;
    append_scripts();
    waiting_.insert(waiting_.end(), scripts_.size(), {nullptr, loading, clock_.steady()});
    flush_later();
}

void RedisConnection::break_off(std::string why) {
    if (!broken_.empty()) return;
    broken_ = std::move(why);
    connection_->stream().cancel_read();
}

Task<> RedisConnection::serve() {
    while (broken_.empty()) {
        while (!input_.empty()) {
            const Result<bool> settled = settle_next();
            if (!settled) co_return away(settled.error().detail);
            if (!*settled) break;
        }
        if (!broken_.empty()) break;
        const auto got = co_await connection_->stream().read_some(input_.space());
        if (!got && broken_.empty()) {
            co_return away(got.error().rule == net::stream_end_rule
                               ? "it has closed the connection"
                               : std::string(got.error().rule));
        }
        if (got) input_.received(*got);
    }
    co_return away(broken_);
}

// False: the next reply is not whole. Who waits goes on in this call.
Result<bool> RedisConnection::settle_next() {
    const auto whole = reader_.read(input_.view());
    if (!whole) return away("not Redis: " + std::string(whole.error().rule));
    if (!*whole) return false;
    if (reply().type == RespType::Push) {
        drop_reply();
        return true;
    }
    if (waiting_.empty()) return away("an answer that nobody asked for");
    RedisCall nobody;
    RedisCall* call = waiting_.front().call;
    const std::size_t script = waiting_.front().script;
    RedisCall& settled = call != nullptr ? *call : nobody;
    const RedisCall::Outcome outcome = MERLON_TRY(outcome_of(settled, script));
    waiting_.pop_front();
    drop_reply();
    settled.outcome = outcome;
    if (settled.waiter) settled.waiter.resume();
    return true;
}

Result<RedisCall::Outcome> RedisConnection::outcome_of(RedisCall& call, std::size_t script) {
    using Outcome = RedisCall::Outcome;
    const RespItem& first = reply();
    if (first.is_error()) {
        if (is_forgotten()) {
            load_scripts();
            return Outcome::Unknown;
        }
        const std::string_view error = text(first);
        if (!concerns_one_command(error)) return away(quoted(error));
        server_.refused(quoted(error));
        return Outcome::Refused;
    }
    if (script == loading) {
        is_loading_ = false;
        return Outcome::Answered;
    }
    const auto numbers = reader_.items().subspan(1);
    if (first.type != RespType::Array || numbers.size() != scripts_[script].numbers) {
        return away("an answer of another kind");
    }
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (numbers[i].type != RespType::Integer) return away("an answer of another kind");
        call.numbers[i] = numbers[i].number;
    }
    return Outcome::Answered;
}

void RedisConnection::lose_all() {
    if (broken_.empty()) broken_ = "closed";
    connection_->stream().close();
    // Those who go on may not ask here again: the owner has let go of this.
    for (std::deque<Waiting> lost = std::exchange(waiting_, {}); const Waiting& one : lost) {
        if (one.call == nullptr) continue;
        one.call->outcome = RedisCall::Outcome::Lost;
        if (one.call->waiter) one.call->waiter.resume();
    }
}

}  // namespace merlon::redis
