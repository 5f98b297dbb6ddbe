// The fetcher by libcurl. Nobody else uses libcurl.
#pragma once

#include "fetch/fetcher.h"

namespace merlon::fetch {

// Safe from every thread. Make the first before other threads run: libcurl wants that.
class CurlFetcher final : public Fetcher {
public:
    CurlFetcher();
    ~CurlFetcher() override;
    CurlFetcher(const CurlFetcher&) = delete;
    CurlFetcher& operator=(const CurlFetcher&) = delete;

    Result<std::string> get(const Request& request, std::stop_token stop) override;
};

}  // namespace merlon::fetch
