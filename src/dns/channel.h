// A c-ares channel: sends questions, and takes what comes back.
#pragma once

#include <ares.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "dns/followed_name.h"

namespace merlon::dns {

// Resource; one thread.
class Channel final {
public:
    struct Found {
        Addresses addresses;
        std::chrono::seconds ttl;  // the least
        bool is_of_hosts_file;
    };
    // Called while ask() or work() is; errors are "name.unknown", the detail saying why.
    using Done = std::function<void(Result<Found> found)>;

    // `servers`: as of ResolverSettings. Errors: "name.servers".
    static Result<std::unique_ptr<Channel>> make(const std::vector<std::string>& servers);
    // Ends every question; their `done` are called.
    ~Channel();
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    // Where only one family of addresses is answered for and `known` has some of the other, that
    // one is asked for once more, alone; those that are known stay while its look-up fails.
    void ask(const std::string& host, const Addresses& known, Done done);
    // Waits until something comes back, a question takes too long, `other` can be read, or
    // `patience` is over, and has the questions that ended call back.
    void work(int other, std::chrono::milliseconds patience);

private:
    struct Question;

    explicit Channel(ares_channel channel) : channel_(channel) {}
    static void end(void* question, int status, int timeouts, ares_addrinfo* answer);
    static void end_rest(void* question, int status, int timeouts, ares_addrinfo* answer);
    // Gets `question` back in the call of `done`, once.
    void send(const std::string& host, int family, ares_addrinfo_callback done,
              std::unique_ptr<Question> question);
    bool is_in_hosts_file(const std::string& host) const;

    ares_channel channel_;
};

}  // namespace merlon::dns
