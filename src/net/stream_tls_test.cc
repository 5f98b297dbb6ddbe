// Streams under TLS: what goes into a record, and a peer whose records say nothing.
#include <openssl/bio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "net/stream_test_kit.h"
#include "net/tls_test_kit.h"

namespace merlon::net {
namespace {

using namespace testing;
using crypto::testing::leaf_form;
using crypto::testing::sign_anything;

struct Server {
    PemFolder files;
    std::unique_ptr<TlsServerContext> context;

    Server() {
        SystemEntropy entropy;
        const auto authority =
            crypto::CertificateAuthority::make("cluster.local", crypto::testing::now, entropy);
        context = TlsServerContext::make(
                      {files.write("server", sign_anything(authority.value(), leaf_form()))})
                      .value();
    }
};

// OpenSSL on a socket of its own that blocks; takes whatever certificate there is.
class Client {
public:
    explicit Client(int socket) : context_(SSL_CTX_new(TLS_client_method())), socket_(socket) {
        ssl_.reset(SSL_new(context_.get()));
        SSL_set_fd(ssl_.get(), socket);
    }
    ~Client() { ::close(socket_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    bool connect() { return SSL_connect(ssl_.get()) == 1; }
    // One record's text.
    std::string read() {
        std::string text(SSL3_RT_MAX_PLAIN_LENGTH, '\0');
        const int got = SSL_read(ssl_.get(), text.data(), static_cast<int>(text.size()));
        return text.substr(0, std::max(got, 0));
    }
    // Records that change the key `times`, then one with `text`: not sent.
    std::string key_updates(int times, std::string_view text) {
        BIO* memory = BIO_new(BIO_s_mem());
        SSL_set0_wbio(ssl_.get(), memory);
        for (int i = 0; i < times; ++i) {
            EXPECT_EQ(SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED), 1);
            EXPECT_EQ(SSL_do_handshake(ssl_.get()), 1);
        }
        EXPECT_GT(SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())), 0);
        char* bytes = nullptr;
        const long count = BIO_get_mem_data(memory, &bytes);
        return {bytes, static_cast<std::size_t>(count)};
    }

private:
    SslContext context_;
    std::unique_ptr<SSL, SslDeleter> ssl_;
    int socket_;
};

class StreamTlsTest : public StreamTest {
protected:
    StreamTlsTest() {
        int both[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, both), 0);
        ours = both[0];
        peer = both[1];
        client = std::make_unique<Client>(peer);
        stream = thread.run([&] {
            return std::make_unique<Stream>(
                Socket(thread.executor(), asio::generic::stream_protocol(AF_UNIX, 0), ours),
                thread.deadlines(), server.context->new_session());
        });
        auto shaken = start(stream->handshake());
        EXPECT_TRUE(client->connect());
        EXPECT_TRUE(result_of(std::move(shaken)));
    }
    ~StreamTlsTest() override { destroy(stream); }

    int ours = -1;
    int peer = -1;
    Server server;
    std::unique_ptr<Client> client;
    std::unique_ptr<Stream> stream;
};

Task<> write(Stream* stream, std::vector<std::string> pieces) {
    Gather gather;
    for (const std::string& piece : pieces) gather.add(piece);
    co_return co_await stream->write(gather);
}

TEST_F(StreamTlsTest, WhatFitsIntoOneRecordGoesIntoOne) {
    const std::string record(SSL3_RT_MAX_PLAIN_LENGTH, 'x');
    const std::vector<std::string> cases[] = {{"one piece"},
                                              {"a head", "", " and a body"},
                                              {"8", "7", "6", "5", "4", "3", "2", "1"},
                                              {record},
                                              {record.substr(1), "y"}};
    for (const auto& pieces : cases) {
        std::string all;
        for (const std::string& piece : pieces) all += piece;
        auto written = start(write(stream.get(), pieces));
        EXPECT_EQ(client->read(), all);
        EXPECT_TRUE(result_of(std::move(written)));
    }
}

TEST_F(StreamTlsTest, WhatIsLongerGoesIntoSeveral) {
    std::string all = std::string(40'000, 'a') + std::string(30'000, 'b');
    auto written = start(write(stream.get(), {all.substr(0, 40'000), all.substr(40'000)}));
    std::string got;
    while (got.size() < all.size()) {
        const std::string some = client->read();
        ASSERT_FALSE(some.empty());
        got += some;
    }
    EXPECT_EQ(got, all);
    EXPECT_TRUE(result_of(std::move(written)));
}

// 27 bytes each, and each costs us two derivations of keys.
TEST_F(StreamTlsTest, APeerThatOnlyChangesItsKeyDoesNotKeepTheLoopToItself) {
    // A read takes 32 KiB at most, and eight of them are a turn.
    const std::string records = client->key_updates(11'000, "here");
    ASSERT_GT(records.size(), 280U << 10);
    const int room = 1 << 20;
    ::setsockopt(peer, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    ASSERT_EQ(::send(peer, records.data(), records.size(), MSG_DONTWAIT),
              static_cast<ssize_t>(records.size()));
    std::promise<int> unread;
    auto heard = std::make_shared<std::promise<Heard>>();
    thread.run([&] {
        spawn(thread.executor(), listen_to(stream.get(), 100, 4),
              [heard](Result<Heard> got) { heard->set_value(*std::move(got)); });
        asio::post(thread.executor(), [&] {
            int bytes = 0;
            ::ioctl(ours, FIONREAD, &bytes);
            unread.set_value(bytes);
        });
    });
    EXPECT_GT(unread.get_future().get(), 0) << "others had their turn only after all was read";
    EXPECT_EQ(heard->get_future().get().text, "here");
}

}  // namespace
}  // namespace merlon::net
