// The client of every row of the bench, and with --upstream-port the service behind the gateway, in
// one thread that never sleeps: a server that sends to a process asleep pays for waking it, which
// would charge a slower server for the idle time of its peers.
//
// A fixed number of kept connections, a different token for each request, answers counted by
// status.
//
// Closed loop (no --rate): each connection asks again as soon as it is answered; what counts is the
// CPU time of the measured processes, read from /proc when warm and at the end.
// Open loop (--rate): requests fall due at random moments (Poisson) whatever the server does, and
// latency counts from that moment, so that a stall is felt by everyone who would have come.
//
// One line of JSON on standard output.
#include <openssl/ssl.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <sstream>
#include <utility>
#include <vector>

#include "latencies.h"
#include "load_options.h"
#include "slow.h"
#include "socket.h"
#include "upstream.h"

using namespace merlon::bench;
using Clock = std::chrono::steady_clock;

namespace {

// CPU time of the processes with all their threads, in clock ticks (proc(5): utime and stime).
long cpu_ticks(const std::vector<std::string>& pids) {
    long sum = 0;
    for (const std::string& pid : pids) {
        std::ifstream file("/proc/" + pid + "/stat");
        std::string text;
        std::getline(file, text);
        std::istringstream fields(text.substr(text.rfind(')') + 1));
        std::string field;
        for (int number = 3; number <= 15 && fields >> field; ++number) {
            if (number >= 14) sum += std::atol(field.c_str());
        }
    }
    return sum;
}

struct Connection final : Watched {
    explicit Connection(int made) : socket(made) {}
    void happened() override;

    class Load* load = nullptr;
    int socket;
    SSL* ssl = nullptr;
    std::string input;
    Clock::time_point due;
};

class Load {
public:
    explicit Load(Options options) : options_(std::move(options)) {}

    void run() {
        open();
        began_ = Clock::now();
        slow_->start(began_);
        if (options_.warm_up == 0) start_measuring();
        if (options_.rate > 0) {
            run_at_rate();
        } else {
            for (auto& connection : connections_) ask(*connection, Clock::now());
            while (!is_over()) turn();
        }
        report();
    }

private:
    void open() {
        if (options_.upstream_port != 0) upstream_.emplace(options_.upstream_port, epoll_);
        slow_.emplace(options_.slow_port, options_.slow,
                      options_.is_tls ? SlowClients::Kind::Handshakes : SlowClients::Kind::Mixed);
        SSL_CTX* context = options_.is_tls ? SSL_CTX_new(TLS_client_method()) : nullptr;
        if (context != nullptr) SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
        for (int i = 0; i < options_.connections; ++i) {
            auto connection = std::make_unique<Connection>(connect_to(options_.port));
            connection->load = this;
            if (context != nullptr) shake_hands(*connection, context);
            watch(epoll_, connection->socket, connection.get());
            idle_.push_back(connection.get());
            connections_.push_back(std::move(connection));
        }
    }

    static void shake_hands(Connection& connection, SSL_CTX* context) {
        connection.ssl = SSL_new(context);
        SSL_set_fd(connection.ssl, connection.socket);
        ::fcntl(connection.socket, F_SETFL, 0);
        if (SSL_connect(connection.ssl) != 1) stop("TLS handshake");
        ::fcntl(connection.socket, F_SETFL, O_NONBLOCK);
    }

    void ask(Connection& connection, Clock::time_point due) {
        connection.due = due;
        request_.assign(options_.method).append(" ");
        request_.append(options_.paths[asked_ % options_.paths.size()]);
        request_.append(" HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\n");
        if (!options_.tokens.empty()) {
            request_.append("Authorization: Bearer ");
            request_.append(options_.tokens[asked_ % options_.tokens.size()]).append("\r\n");
        }
        if (options_.sends_keys) {
            request_.append("Idempotency-Key: ").append(unique()).append("\r\n");
        }
        if (!options_.bodies.empty()) {
            const std::string body = next_body();
            request_.append("Content-Type: application/json\r\nContent-Length: ");
            request_.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
        } else {
            request_.append("\r\n");
        }
        ++asked_;
        if (connection.ssl == nullptr) return send_all(connection.socket, request_);
        if (SSL_write(connection.ssl, request_.data(), static_cast<int>(request_.size())) <= 0) {
            stop("TLS write");
        }
    }

    // What no other request has, of this run or of another.
    std::string unique() const { return run_ + "-" + std::to_string(asked_); }

    std::string next_body() const {
        constexpr std::string_view place = "{unique}";
        std::string body = options_.bodies[asked_ % options_.bodies.size()];
        if (const std::size_t at = body.find(place); at != std::string::npos) {
            body.replace(at, place.size(), unique());
        }
        return body;
    }

    // What has come; 0 when nothing has.
    static ssize_t receive(Connection& connection, char* bytes, std::size_t size) {
        if (connection.ssl == nullptr) {
            const ssize_t got = ::recv(connection.socket, bytes, size, 0);
            if (got < 0 && errno == EAGAIN) return 0;
            if (got <= 0) stop("the server closed a connection");
            return got;
        }
        const int got = SSL_read(connection.ssl, bytes, static_cast<int>(size));
        if (got > 0) return got;
        if (SSL_get_error(connection.ssl, got) != SSL_ERROR_WANT_READ) stop("TLS read");
        return 0;
    }

    void turn() {
        epoll_event events[256];
        const int ready = ::epoll_wait(epoll_, events, 256, options_.may_sleep ? 100 : 0);
        for (int i = 0; i < ready; ++i) static_cast<Watched*>(events[i].data.ptr)->happened();
        const Clock::time_point now = Clock::now();
        slow_->turn(now);
        while (!pausing_.empty() && pausing_.front().first <= now) {
            ask(*pausing_.front().second, now);
            pausing_.pop_front();
        }
    }

public:
    void readable(Connection& connection) {
        char bytes[16'384];
        while (const ssize_t got = receive(connection, bytes, sizeof bytes)) {
            connection.input.append(bytes, static_cast<std::size_t>(got));
            if (connection.ssl == nullptr) break;
        }
        if (whole_message(connection.input) > 0) answered(connection);
    }

private:
    void answered(Connection& connection) {
        const Clock::time_point now = Clock::now();
        ++answers_;
        if (answers_ == options_.warm_up) start_measuring();
        if (is_measuring_) {
            ++statuses_[std::atoi(connection.input.c_str() + 9)];
            latencies_.add(now - began_, now - connection.due);
        }
        const bool is_refused = connection.input.compare(9, 1, "2") != 0;
        connection.input.clear();
        if (options_.rate == 0 && is_refused && options_.pause_s > 0) {
            pausing_.emplace_back(now + std::chrono::milliseconds(long(options_.pause_s * 1e3)),
                                  &connection);
            return;
        }
        if (options_.rate == 0) return ask(connection, now);
        if (overdue_.empty()) return idle_.push_back(&connection);
        ask(connection, overdue_.front());
        overdue_.pop_front();
    }

    void run_at_rate() {
        constexpr unsigned seed = 7;  // the same moments in every run
        std::mt19937_64 engine(seed);
        std::exponential_distribution<double> gap_s(options_.rate);
        Clock::time_point next = Clock::now();
        while (!is_over()) {
            const Clock::time_point now = Clock::now();
            for (; next <= now; next += std::chrono::nanoseconds(long(gap_s(engine) * 1e9))) {
                if (idle_.empty()) {
                    overdue_.push_back(next);
                } else {
                    Connection* connection = idle_.back();
                    idle_.pop_back();
                    ask(*connection, next);
                }
            }
            turn();
        }
    }

    void start_measuring() {
        is_measuring_ = true;
        began_ = Clock::now();
        ticks_before_ = cpu_ticks(options_.pids);
    }

    bool is_over() {
        if (!is_measuring_) return false;
        seconds_ = std::chrono::duration<double>(Clock::now() - began_).count();
        if (seconds_ < options_.seconds) return false;
        ticks_ = cpu_ticks(options_.pids) - ticks_before_;
        return ticks_ >= options_.ticks;
    }

    void report() {
        std::printf(
            "{\"requests\":%zu,\"seconds\":%.3f,\"cpu_ticks\":%ld,\"p50_us\":%.1f,"
            "\"p99_us\":%.1f,\"steady_p99_us\":%.1f,\"max_us\":%.1f,\"overdue\":%zu,"
            "\"statuses\":{",
            latencies_.size(), seconds_, ticks_, latencies_.percentile_us(0.5),
            latencies_.percentile_us(0.99), latencies_.steady_p99_us(),
            latencies_.percentile_us(1.0), overdue_.size());
        const char* comma = "";
        for (const auto& [status, answers] : statuses_) {
            std::printf("%s\"%d\":%zu", std::exchange(comma, ","), status, answers);
        }
        std::printf("}}\n");
    }

    const Options options_;
    const int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    std::optional<Upstream> upstream_;
    std::optional<SlowClients> slow_;
    std::deque<std::pair<Clock::time_point, Connection*>> pausing_;
    std::vector<std::unique_ptr<Connection>> connections_;
    std::vector<Connection*> idle_;
    std::deque<Clock::time_point> overdue_;
    std::string request_;
    const std::string run_ =
        std::to_string(std::chrono::system_clock::now().time_since_epoch().count());
    std::size_t asked_ = 0;
    std::size_t answers_ = 0;
    bool is_measuring_ = false;
    Clock::time_point began_;
    double seconds_ = 0;
    long ticks_before_ = 0;
    long ticks_ = 0;
    Latencies latencies_;
    std::map<int, std::size_t> statuses_;
};

void Connection::happened() { load->readable(*this); }

}  // namespace

int main(int count, char** arguments) { Load(parse(count, arguments)).run(); }
