// Implements Exchange over an HTTP/1.1 connection.
#pragma once

#include "http/body_reader.h"
#include "http/connection.h"
#include "http/upload_pace.h"

namespace merlon::http {

// Lives for one request inside Connection::serve_one.
class Http1Exchange final : public Exchange, private net::PeerWatch {
public:
    Http1Exchange(Connection& connection, const wire::Admitted& admitted);
    ~Http1Exchange() override { connection_.stream_.watch_peer(nullptr); }
    Http1Exchange(const Http1Exchange&) = delete;

    const wire::RequestHead& head() const override { return connection_.head_; }
    const wire::Admitted& admitted() const override { return admitted_; }
    const Peer& peer() const override { return connection_.peer_; }

    void limit_body(std::uint64_t bytes_max) override { body_.limit(bytes_max); }
    void allow_upload_time(std::chrono::milliseconds total) override { pace_.allow(total); }
    void keep_body_secret() override { body_.keep_secret(); }
    Task<std::string_view> read_body() override;
    bool body_is_done() const override { return body_.is_done(); }
    bool body_is_received() const override { return body_.is_received(); }
    Task<> send_continue() override;
    void cancel_read() override { connection_.stream_.cancel_read(); }
    bool client_has_left() override;
    void watch_client(ClientWatch* watch) override;

    Task<> send(int status, const FieldLines& fields, std::string_view body) override;
    Task<> begin(int status, const FieldLines& fields, wire::Framing body) override;
    Task<> write(std::string_view piece) override;
    Task<> finish() override;
    bool has_begun() const override { return state_ != State::Waiting; }
    std::uint64_t body_bytes_read() const override { return body_.bytes_read(); }
    std::uint64_t body_bytes_sent() const override { return body_bytes_sent_; }

    Task<> switch_protocols(const FieldLines& fields, std::string& early) override;
    net::Stream& stream() override { return connection_.stream_; }

    // After the handler: skips the rest of the request's body. False when the connection cannot
    // serve another request.
    Task<bool> settle();

private:
    enum class State : std::uint8_t { Waiting, Streaming, Sent, Switched };

    // Whether the connection serves another request after this one, decided when the head goes out.
    bool decide_keep_alive();
    // Writes the whole head of the response into the connection's output.
    void make_head(int status, const FieldLines& fields, wire::Framing body);
    bool sends_body(int status) const;
    std::chrono::milliseconds since(std::uint64_t tick) const;
    void peer_ended() override;

    Connection& connection_;
    const wire::Admitted admitted_;
    BodyReader body_;
    UploadPace pace_;
    std::optional<std::uint64_t> upload_began_tick_;
    ClientWatch* client_watch_ = nullptr;
    State state_ = State::Waiting;
    bool keep_alive_ = false;
    bool continue_sent_ = false;
    bool chunked_ = false;
    bool discards_body_ = false;  // HEAD, 204, 304
    std::uint64_t body_bytes_sent_ = 0;
};

}  // namespace merlon::http
