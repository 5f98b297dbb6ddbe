// Tests of files that change: what is whole is taken once, what is not leaves the old in force.
#include "http/file_watch.h"

#include <gtest/gtest.h>

#include <map>

#include "http/tls_test_kit.h"

namespace merlon::http {
namespace {

class FakeFiles final : public FileStamps {
public:
    FileStamp stamp(const std::string& path) const override {
        const auto found = all.find(path);
        return found == all.end() ? FileStamp{} : found->second;
    }
    void write(const std::string& path) { all[path].modified_ns = ++times; }
    std::map<std::string, FileStamp> all;
    std::int64_t times = 0;
};

struct Watched {
    FakeFiles files;
    int renewals = 0;
    std::string broken;  // why renewing fails
    std::vector<std::string> lines;
    FileWatch watch;

    Watched()
        : watch((files.write("a.crt"), files.write("a.key"),
                 std::vector<std::string>{"a.crt", "a.key"}),
                files,
                [this]() -> Result<> {
                    if (!broken.empty()) return fail(Kind::Invalid, "tls.key", broken);
                    ++renewals;
                    return {};
                },
                [this](const std::string& line) { lines.push_back(line); }) {}

    int renewals_after(int ticks) {
        for (int i = 0; i < ticks; ++i) watch.tick();
        return renewals;
    }
};

TEST(FileWatch, ReadsChangedFilesOnceWhenTheyStandStill) {
    Watched watched;
    EXPECT_EQ(watched.renewals_after(5), 0);
    watched.files.write("a.key");
    EXPECT_EQ(watched.renewals_after(1), 0) << "the other file may follow";
    watched.files.write("a.crt");
    EXPECT_EQ(watched.renewals_after(1), 0);
    EXPECT_EQ(watched.renewals_after(1), 1);
    EXPECT_EQ(watched.renewals_after(5), 1);
    EXPECT_EQ(watched.lines.size(), 1U);
    // Any member of the stamp is a change; a mounted secret has another inode and the same times.
    watched.files.all["a.crt"].inode = 7;
    EXPECT_EQ(watched.renewals_after(2), 2);
    watched.files.all.erase("a.crt");
    EXPECT_EQ(watched.renewals_after(2), 3) << "whether a file may be absent is its reader's";
}

TEST(FileWatch, KeepsTheOldWhileTheNewDoesNotFitAndSaysSoOnce) {
    Watched watched;
    watched.broken = "a.key is not the key of a.crt";
    watched.files.write("a.key");
    EXPECT_EQ(watched.renewals_after(10), 0);
    ASSERT_EQ(watched.lines.size(), 1U);
    EXPECT_NE(watched.lines[0].find(watched.broken), std::string::npos);
    watched.broken = "a.crt: no start line";  // another reason is another line
    EXPECT_EQ(watched.renewals_after(10), 0);
    EXPECT_EQ(watched.lines.size(), 2U);
    watched.broken.clear();  // also when no file tells of it, such as a permission
    EXPECT_EQ(watched.renewals_after(1), 1);
    EXPECT_EQ(watched.renewals_after(5), 1);
    EXPECT_EQ(watched.lines.size(), 3U);
}

TEST(FileWatch, OfWhatComesBackAsItWasDoesNothing) {
    Watched watched;
    const auto before = watched.files.all;
    watched.files.write("a.key");
    watched.watch.tick();
    watched.files.all = before;
    EXPECT_EQ(watched.renewals_after(5), 0);
}

// With real files, contexts and connections: a renewed certificate is shown to whoever comes, a
// pair that does not fit to nobody, and who was there before stays.
TEST(FileWatch, OfCertificatesRenewsThemUnderARunningServer) {
    using namespace testing;
    const WallTime now = SystemClock().wall();
    SystemEntropy entropy;
    const auto ca = crypto::CertificateAuthority::make("cluster.local", now, entropy).value();
    const PemFolder files;
    const auto pair_named = [&](const std::string& name) {
        crypto::CertificateForm form = crypto::testing::leaf_form(now);
        form.uris = {"spiffe://cluster.local/ns/shop/sa/" + name};
        return crypto::testing::sign_anything(ca, form);
    };
    const std::string ca_path = files.write("ca.crt", ca.certificate().pem());
    const TlsSettings settings = files.write("server", pair_named("first"));
    const auto load = [&] { return TlsServerContext::make({settings}); };
    const DiskFileStamps disk;
    WhoServer* running = nullptr;
    FileWatch watch(
        {settings.certificate_path, settings.key_path}, disk,
        [&]() -> Result<> {
            std::shared_ptr<const TlsServerContext> fresh = MERLON_TRY(load());
            running->thread.run([&] { running->server->replace_tls(fresh); });
            return {};
        },
        [](const std::string&) {});
    WhoServer server(*load());
    running = &server;
    const auto is_shown = [&](const std::string& name) {
        const auto id = crypto::SpiffeId::parse("spiffe://cluster.local/ns/shop/sa/" + name);
        return answer_to(server.port, *TlsClientContext::make({ca_path, {}, {}, {*id}})) ==
               "nobody";
    };
    const auto ticks = [&] {
        watch.tick();
        watch.tick();
    };
    EXPECT_TRUE(is_shown("first"));
    const SslContext raw(SSL_CTX_new(TLS_client_method()));
    const Wire wire = Wire::connect(server.port);
    const std::unique_ptr<SSL, SslDeleter> early(SSL_new(raw.get()));
    SSL_set_fd(early.get(), wire.native());
    ASSERT_EQ(SSL_connect(early.get()), 1);

    const PemPair second = pair_named("second");
    files.write("server.key", second.key.reveal());
    ticks();
    EXPECT_TRUE(is_shown("first")) << "half of a pair";
    files.write("server.crt", second.certificate.substr(0, 100));
    ticks();
    EXPECT_TRUE(is_shown("first")) << "half of a file";
    files.write("server.crt", second.certificate);
    ticks();
    EXPECT_TRUE(is_shown("second"));
    EXPECT_FALSE(is_shown("first"));

    constexpr std::string_view request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    SSL_write(early.get(), request.data(), static_cast<int>(request.size()));
    char answer[1'000];
    EXPECT_GT(SSL_read(early.get(), answer, sizeof answer), 0) << "who was there before stays";
}

}  // namespace
}  // namespace merlon::http
