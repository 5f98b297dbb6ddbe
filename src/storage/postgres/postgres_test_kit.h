// A PostgreSQL server that a test process starts for itself, and a fresh database for each test.
#pragma once

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "storage/postgres/postgres_database.h"
#include "storage/test_kit.h"

namespace merlon::storage {

// On the clock and the entropy of this machine.
inline Result<std::unique_ptr<PostgresDatabase>> open_postgres(
    std::shared_ptr<const PostgresSettings> settings) {
    static const SystemClock clock;
    static SystemEntropy entropy;
    return PostgresDatabase::open(std::move(settings), clock, entropy);
}

// Resource: runs until it is destroyed.
class PostgresTestServer {
public:
    PostgresTestServer() { start(); }
    ~PostgresTestServer() { stop(); }
    PostgresTestServer(const PostgresTestServer&) = delete;
    PostgresTestServer& operator=(const PostgresTestServer&) = delete;

    std::shared_ptr<const PostgresSettings> settings(std::string database = "postgres") const {
        PostgresSettings settings;
        settings.host = path();
        settings.database = std::move(database);
        settings.user = "merlon";
        settings.tls_mode = "disable";
        return std::make_shared<const PostgresSettings>(std::move(settings));
    }

    // A database of this name that nobody has used.
    std::shared_ptr<const PostgresSettings> make_database() {
        const std::string name = "test" + std::to_string(++databases_);
        // CREATE DATABASE takes no parameter, and Sql no text that is not a literal.
        const std::string command = fmt::format(
            "psql -q -h {} -U merlon -d postgres -c 'CREATE DATABASE {}'", path(), name);
        wait_until_ready();
        MERLON_ASSERT(std::system(command.c_str()) == 0);
        return settings(name);
    }

    void wait_until_ready() const {
        constexpr int attempts = 600;
        for (int attempt = 0; attempt < attempts; ++attempt) {
            if (open_postgres(settings())) return;
            std::this_thread::sleep_for(std::chrono::milliseconds{100});
        }
        assertion_failed("the tests have a PostgreSQL server", __FILE__, __LINE__);
    }

    void start() {
        process_ = ::fork();
        MERLON_ASSERT(process_ >= 0);
        if (process_ == 0) {
            ::execl("tests/postgres/serve", "serve", path().c_str(), nullptr);
            ::_exit(127);
        }
    }
    // Without a word to its clients.
    void stop() {
        if (process_ == 0) return;
        ::kill(process_, SIGQUIT);
        ::waitpid(process_, nullptr, 0);
        process_ = 0;
    }
    // It takes no connections, but does not refuse them either.
    void pause() const { ::kill(process_, SIGSTOP); }
    void resume() const { ::kill(process_, SIGCONT); }

private:
    std::string path() const { return folder_.path().string(); }

    TemporaryFolder folder_;
    pid_t process_ = 0;
    int databases_ = 0;
};

}  // namespace merlon::storage
