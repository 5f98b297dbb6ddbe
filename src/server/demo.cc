// Creates the demo's products, users and orders. Read Demo::fill() first, then fill_demo().
#include "server/demo.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>

#include "base/text.h"
#include "base/wait.h"
#include "config/values.h"
#include "identity/store/schema.h"
#include "operations/progress.h"
#include "operations/run_command.h"
#include "orders/orders.h"
#include "products/products.h"
#include "server/demo_products.h"
#include "wire/json.h"
#include "wire/json_text.h"

namespace merlon::server {
namespace {

// The demo fills the store before anything listens: there is no caller to authorize.
access::Pass own_pass() { return access::Policy::authorize(nullptr, access::Rule::open()).value(); }

constexpr std::size_t order_count = 60;
constexpr std::size_t lines_max = 3;  // of an order

struct Person {
    std::string_view email;
    std::string_view first_name;
    std::string_view last_name;
    std::string_view role;
};
constexpr Person people[] = {
    {"ada@example.com", "Ada", "Lovelace", "user"},
    {"grace@example.com", "Grace", "Hopper", "moderator"},
    {"alan@example.com", "Alan", "Turing", "user"},
};

// A clock in the past, for the time stamps of what the demo creates. One thread at a time.
class PastClock final : public Clock {
public:
    explicit PastClock(const Clock& present) : present_(present), wall_(present.wall()) {}
    WallTime wall() const override { return wall_; }
    SteadyTime steady() const override { return present_.steady(); }
    void set(WallTime wall) { wall_ = wall; }
    void advance(std::chrono::milliseconds step) { wall_ += step; }

private:
    const Clock& present_;
    WallTime wall_;
};

// The identifier in a role's response.
Result<std::string> id_in(const http::Response& response) {
    const auto value = MERLON_TRY(wire::parse_json(response.body));
    return std::string(value.at("data").at("id").as_string());
}

// The operator command that makes a person's account.
std::string create_command(const Person& person, const std::string& password,
                           const std::string& role) {
    return boost::json::serialize(boost::json::object{{"command", "user.create"},
                                                      {"email", person.email},
                                                      {"password", password},
                                                      {"firstName", person.first_name},
                                                      {"lastName", person.last_name},
                                                      {"role", role}});
}

class Demo final {
public:
    Demo(const DemoEnvironment& environment, const config::Settings& settings)
        : environment_(environment),
          settings_(settings),
          now_(environment.clock.wall()),
          clock_(environment.clock),
          refusals_(clock_, environment.events, metrics_) {}

    // Creates products, then users, then orders.
    Result<> fill() {
        clock_.set(now_ - std::chrono::hours{2});
        MERLON_TRY(open_roles());
        MERLON_TRY(make_catalogue());
        clock_.advance(std::chrono::minutes{30});
        MERLON_TRY(make_people());
        return make_orders();
    }

private:
    struct Shelf {
        std::string product_id;
        std::int64_t price;
        std::int64_t left;
    };

    // Opens instances of the roles on the demo's clock.
    Result<> open_roles();
    Result<> make_catalogue();
    Result<> make_people();
    Result<> make_orders();
    // One line of an order, already deducted from the shelf.
    struct Line {
        Shelf* shelf;
        std::int64_t quantity;
    };
    std::vector<Line> choose();
    Result<std::string> place(const std::vector<Line>& lines, std::string user_id);
    Result<> cancel(const std::vector<Line>& lines, const std::string& order_id);
    std::size_t below(std::size_t end);

    const DemoEnvironment& environment_;
    const config::Settings& settings_;
    WallTime now_;
    PastClock clock_;
    metrics::Registry metrics_;  // not exported
    tokens::Revocations revocations_{clock_};
    events::Refusals refusals_;
    std::unique_ptr<identity::Identity> identity_;
    rpc::Ports ports_;
    std::unique_ptr<rpc::Role> products_;
    std::unique_ptr<rpc::Role> orders_;
    std::vector<Shelf> shelves_;
    std::vector<std::string> customers_;
    operations::Progress progress_{"filling the demo",
                                   std::size(demo_products) + std::size(people) + order_count};
};

Result<> Demo::open_roles() {
    installation::Stores& stores = environment_.stores;
    identity_ = MERLON_TRY(wait(identity::Identity::open(
        {stores.database_of(identity::auth_role), *stores.keys(), revocations_, refusals_,
         environment_.events, metrics_, clock_, environment_.entropy},
        settings_.tokens, settings_.passwords, settings_.roles)));
    const auto environment_of = [&](std::string_view role) {
        return rpc::RoleEnvironment{stores.database_of(role), stores.keys(), clock_,
                                    environment_.entropy, ports_};
    };
    products_ = MERLON_TRY(wait(products::Products::open(environment_of(products::products_role))));
    products_->add_ports(ports_);
    orders_ = MERLON_TRY(wait(orders::Orders::open(environment_of(orders::orders_role))));
    return {};
}

Result<> Demo::make_catalogue() {
    for (const DemoProduct& product : demo_products) {
        std::string body = R"({"name":)";
        wire::append_json_string(body, product.name);
        body += R"(,"description":)";
        wire::append_json_string(body, product.description);
        body += fmt::format(R"(,"price":{},"currency":"EUR","stock":{}}})", product.price,
                            product.stock);
        const auto response = MERLON_TRY(wait(products_->call({.pass = own_pass(),
                                                               .method = wire::Method::Post,
                                                               .route = "/api/products",
                                                               .path = "/api/products",
                                                               .body = Secret(std::move(body))})));
        shelves_.push_back({MERLON_TRY(id_in(response)), product.price, product.stock});
        progress_.step();
    }
    return {};
}

// Each with a random password.
Result<> Demo::make_people() {
    for (const Person& person : people) {
        const std::string password = "Aa1@" + text::to_base64url(environment_.entropy.bytes(15));
        // An installation may have other roles than ours.
        const std::string role =
            settings_.roles.has_role(person.role) ? std::string(person.role) : "user";
        const std::string account = MERLON_TRY(wait(operations::run_command(
            {identity_.get(), {}}, Secret(create_command(person, password, role)))));
        if (person.role == "user") {  // a moderator cannot order
            customers_.emplace_back(MERLON_TRY(wire::parse_json(account)).at("id").as_string());
        }
        progress_.print(
            fmt::format("merlon: demo user, shown once: {} {} ({})", person.email, password, role));
        progress_.step();
    }
    return {};
}

// One in each minute of the past hour; every ninth is cancelled within the minute after.
Result<> Demo::make_orders() {
    constexpr std::size_t minute_ms = 60'000;
    for (std::size_t minute = 0; minute < order_count; ++minute) {
        clock_.set(now_ - std::chrono::minutes{order_count - minute} +
                   std::chrono::milliseconds{below(minute_ms)});
        const std::vector<Line> lines = choose();
        const std::string id = MERLON_TRY(place(lines, customers_[below(customers_.size())]));
        if (minute % 9 == 4) {
            clock_.advance(std::chrono::milliseconds{below(minute_ms)});
            MERLON_TRY(cancel(lines, id));
        }
        progress_.step();
    }
    return {};
}

std::vector<Demo::Line> Demo::choose() {
    std::vector<Line> lines;
    const std::size_t count = 1 + below(lines_max);
    while (lines.size() < count) {
        Shelf& shelf = shelves_[below(shelves_.size())];
        // People buy several pens, and one desk.
        const auto quantity = static_cast<std::int64_t>(1 + below(shelf.price < 2'000 ? 4 : 1));
        const bool is_chosen = std::ranges::find(lines, &shelf, &Line::shelf) != lines.end();
        if (is_chosen || shelf.left < quantity) continue;
        shelf.left -= quantity;
        lines.push_back({&shelf, quantity});
    }
    return lines;
}

Result<std::string> Demo::place(const std::vector<Line>& lines, std::string user_id) {
    std::string body;
    for (const Line& line : lines) {
        body += body.empty() ? R"({"items":[)" : ",";
        body += fmt::format(R"({{"productId":"{}","quantity":{}}})", line.shelf->product_id,
                            line.quantity);
    }
    return id_in(MERLON_TRY(wait(orders_->call({.pass = own_pass(),
                                                .method = wire::Method::Post,
                                                .route = "/api/orders",
                                                .path = "/api/orders",
                                                .body = Secret(body + "]}"),
                                                .user_id = std::move(user_id)}))));
}

Result<> Demo::cancel(const std::vector<Line>& lines, const std::string& order_id) {
    MERLON_TRY(wait(orders_->call({.pass = own_pass(),
                                   .method = wire::Method::Post,
                                   .route = "/api/orders/{id}/cancel",
                                   .path = "/api/orders/" + order_id + "/cancel",
                                   .role = "admin"})));
    for (const Line& line : lines) line.shelf->left += line.quantity;
    return {};
}

// Any number less than `end`; a demo does not mind that the low ones are a little likelier.
std::size_t Demo::below(std::size_t end) {
    std::uint64_t number = 0;
    environment_.entropy.fill(std::as_writable_bytes(std::span(&number, 1)));
    return number % end;
}

// Whether one of the demo's users has an account.
Result<bool> has_demo_users(identity::Identity& identity) {
    for (const Person& person : people) {
        const wire::Email email = MERLON_TRY(wire::Email::parse(person.email));
        if (MERLON_TRY(wait(identity.account_lookup().find_id(email)))) return true;
    }
    return false;
}

enum class StoreState : std::uint8_t { Empty, Filled, InUse };

Result<StoreState> inspect_store(const DemoEnvironment& environment) {
    const auto products = MERLON_TRY(wait(products::product_store::list(
        environment.stores.database_of(products::products_role), {.limit = 1}, {})));
    const auto orders = MERLON_TRY(wait(orders::order_store::list(
        environment.stores.database_of(orders::orders_role), {.limit = 1}, {})));
    const auto accounts = MERLON_TRY(wait(environment.identity.account_lookup().list({}, 1)));
    if (products.total == 0 && orders.total == 0 && accounts.total <= 1) return StoreState::Empty;
    // The orders come last, and are never deleted.
    const bool is_whole = std::cmp_greater_equal(orders.total, order_count);
    return is_whole && MERLON_TRY(has_demo_users(environment.identity)) ? StoreState::Filled
                                                                        : StoreState::InUse;
}

void warn_if_public(const http::ServerSettings& server) {
    if (std::ranges::all_of(server.listen, config::is_local)) return;
    std::fprintf(stderr,
                 "merlon: WARNING: the demo listens beyond this machine: whoever reaches it can "
                 "register and order\n");
}

}  // namespace

Result<> fill_demo(DemoEnvironment environment, const config::Settings& settings) {
    const gateway::BuiltInServices& built_in = settings.gateway.built_in;
    if (!built_in.has(products::products_role) || !built_in.has(orders::orders_role)) {
        return fail(Kind::Invalid, "demo.services",
                    "--demo needs the built-in products and orders: see services in merlon.yaml");
    }
    warn_if_public(settings.server);
    switch (MERLON_TRY(inspect_store(environment))) {
        case StoreState::InUse:
            return fail(Kind::Conflict, "demo.store_in_use",
                        "--demo fills an empty store only, and " + settings.store.url +
                            " is in use: start without it, or name another store");
        case StoreState::Filled:
            std::fprintf(stderr, "merlon: the demo has been filled before, nothing was changed\n");
            return {};
        case StoreState::Empty:
            MERLON_TRY(Demo(environment, settings).fill());
            std::fprintf(stderr, "merlon: the demo has %zu products, %zu users and %zu orders\n",
                         std::size(demo_products), std::size(people), order_count);
            return {};
    }
    MERLON_ASSERT(false);
}

}  // namespace merlon::server
