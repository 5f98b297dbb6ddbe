// One transfer on one handle: no connection, name or session of an earlier one is used again.
#include "fetch/curl_fetcher.h"

#include <curl/curl.h>
#include <unistd.h>

#include <memory>

#include "fetch/public_address.h"

namespace merlon::fetch {
namespace {

// What libcurl's callbacks know of the transfer.
struct Transfer {
    const Request& request;
    std::stop_token stop;
    std::string body;
    bool is_https = false;
    bool is_refused = false;
    bool is_too_large = false;
};

bool may_reach(const Transfer& transfer, const sockaddr& address) {
    // In the clear a document can be changed on its way: only inside.
    if (is_public(address)) return transfer.is_https;
    return transfer.request.network == Network::Private;
}

// Asked for each address that the name resolved to, right before connecting to that one: a name
// that is public when looked at and private when used finds no gap.
curl_socket_t open_socket(void* context, curlsocktype, curl_sockaddr* address) {
    auto& transfer = *static_cast<Transfer*>(context);
    if (!may_reach(transfer, address->addr)) {
        transfer.is_refused = true;
        return CURL_SOCKET_BAD;
    }
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::size_t take_body(char* data, std::size_t, std::size_t bytes, void* context) {
    auto& transfer = *static_cast<Transfer*>(context);
    if (transfer.body.size() + bytes > document_bytes_max) {
        transfer.is_too_large = true;
        return CURL_WRITEFUNC_ERROR;
    }
    transfer.body.append(data, bytes);
    return bytes;
}

int go_on(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Transfer*>(context)->stop.stop_requested() ? 1 : 0;
}

struct Cleanup {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};

// An option that libcurl does not know would be a protection that is not there.
template <class T>
void set(CURL* handle, CURLoption option, T value) {
    MERLON_ASSERT(curl_easy_setopt(handle, option, value) == CURLE_OK);
}

void prepare(CURL* handle, Transfer& transfer) {
    set(handle, CURLOPT_URL, transfer.request.url.c_str());
    set(handle, CURLOPT_PROTOCOLS_STR, transfer.is_https ? "https" : "http");
    set(handle, CURLOPT_FOLLOWLOCATION, 0L);
    set(handle, CURLOPT_PROXY, "");  // a proxy of the environment would resolve names for us
    set(handle, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!transfer.request.ca_path.empty()) {
        set(handle, CURLOPT_CAINFO, transfer.request.ca_path.c_str());
    }
    set(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(std::chrono::milliseconds(time_max).count()));
    set(handle, CURLOPT_NOSIGNAL, 1L);
    set(handle, CURLOPT_OPENSOCKETFUNCTION, &open_socket);
    set(handle, CURLOPT_OPENSOCKETDATA, &transfer);
    set(handle, CURLOPT_WRITEFUNCTION, &take_body);
    set(handle, CURLOPT_WRITEDATA, &transfer);
    set(handle, CURLOPT_NOPROGRESS, 0L);
    set(handle, CURLOPT_XFERINFOFUNCTION, &go_on);
    set(handle, CURLOPT_XFERINFODATA, &transfer);
    set(handle, CURLOPT_USERAGENT, "merlon");
}

}  // namespace

CurlFetcher::CurlFetcher() { MERLON_ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); }
CurlFetcher::~CurlFetcher() { curl_global_cleanup(); }

Result<std::string> CurlFetcher::get(const Request& request, std::stop_token stop) {
    Transfer transfer{request, std::move(stop), {}};
    transfer.is_https = request.url.starts_with("https://");
    if (!transfer.is_https && !request.url.starts_with("http://")) {
        return fail(Kind::Invalid, "fetch.url", "must begin with https://");
    }
    const std::unique_ptr<CURL, Cleanup> handle(curl_easy_init());
    MERLON_ASSERT(handle != nullptr);
    prepare(handle.get(), transfer);
    const CURLcode code = curl_easy_perform(handle.get());
    if (transfer.is_too_large) {
        return fail(Kind::Unavailable, "fetch.too_large", "more than 1 MiB");
    }
    if (code == CURLE_URL_MALFORMAT) return fail(Kind::Invalid, "fetch.url", "no URL");
    if (code != CURLE_OK && transfer.is_refused) {
        return fail(Kind::Denied, "fetch.address",
                    transfer.is_https ? "a private address: private_network: true would allow it"
                                      : "http: reaches private addresses only, with "
                                        "private_network: true");
    }
    if (code != CURLE_OK) {
        return fail(Kind::Unavailable, "fetch.unreachable", curl_easy_strerror(code));
    }
    long status = 0;
    curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) {
        return fail(Kind::Unavailable, "fetch.status", "answered " + std::to_string(status));
    }
    return std::move(transfer.body);
}

}  // namespace merlon::fetch
