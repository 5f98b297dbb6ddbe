// Which tables go from where to where.
#include "operations/store_moves.h"

#include <gtest/gtest.h>

namespace merlon::operations {
namespace {

using Roles = std::vector<std::string_view>;

// "outbox auth users > sqlite:b.db", a line a move.
std::string text_of(const Result<std::vector<StoreMove>>& moves) {
    if (!moves) return std::string(moves.error().rule);
    std::string text;
    for (const StoreMove& move : *moves) {
        for (const installation::OwnedTables& part : move.parts) text.append(part.role).append(" ");
        text += name_of(move.from) + " > " + name_of(move.to) + "\n";
    }
    return text;
}

// The store is sqlite:a.db, the keys are sqlite:k.db; each of `apart` has a file of its own.
config::Settings settings_with(const Roles& apart) {
    config::Settings settings;
    const auto file = [](std::string_view name) {
        return storage::SqliteSettings{std::string(name) + ".db"};
    };
    settings.store.url = "sqlite:a.db";
    settings.store.database = file("a");
    settings.keys.url = "sqlite:k.db";
    settings.keys.database = file("k");
    for (const std::string_view role : apart) {
        settings.store.roles[std::string(role)].database = file(role);
    }
    return settings;
}

TEST(StoreMoves, AreOfEveryRoleToWhereItIsToBe) {
    struct Case {
        Roles apart;
        CopyOrder order;
        std::string_view moves;
    };
    const Case cases[] = {
        {{},
         {.to = "sqlite:b.db"},
         "outbox auth users products orders sqlite:a.db > sqlite:b.db\n"},
        {{},
         {.from = "sqlite:b.db", .keys_from = "sqlite:l.db"},
         "keys sqlite:l.db > sqlite:k.db\n"
         "outbox auth users products orders sqlite:b.db > sqlite:a.db\n"},
        {{"orders", "users"},
         {.from = "sqlite:b.db"},
         "outbox auth products sqlite:b.db > sqlite:a.db\n"
         "users sqlite:b.db > sqlite:users.db\n"
         "orders sqlite:b.db > sqlite:orders.db\n"},
        // Where a role stays, what happened there stays.
        {{"orders"}, {.from = "sqlite:a.db"}, "orders sqlite:a.db > sqlite:orders.db\n"},
        {{"auth"}, {.from = "sqlite:a.db"}, "auth sqlite:a.db > sqlite:auth.db\n"},
        {{"orders", "gateway"},
         {.to = "sqlite:a.db"},
         "outbox orders sqlite:orders.db > sqlite:a.db\n"
         "outbox sqlite:gateway.db > sqlite:a.db\n"},
        {{}, {}, "copy.nothing"},
        {{"orders"}, {}, "copy.nothing"},
        {{}, {.from = "sqlite:./a.db"}, "copy.nothing"},  // the same file
        {{}, {.to = "mysql://a@b/c"}, "config.url"},
    };
    for (const auto& [apart, order, moves] : cases) {
        EXPECT_EQ(text_of(store_moves(settings_with(apart), order)), moves) << moves;
    }
}

}  // namespace
}  // namespace merlon::operations
