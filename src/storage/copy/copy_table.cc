// Batches in the order of the primary key. Texts compare as bytes in both (postgres_dialect.h), so
// the order is the same.
#include "storage/copy/copy_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "crypto/digest.h"

namespace merlon::storage {
namespace {

Parameters row_of(const Rows& rows, std::size_t index, std::size_t columns) {
    Parameters values;
    for (std::size_t i = 0; i < columns; ++i) values.push_back(rows[index].value(i));
    return values;
}

// The place of each of the key's columns among the table's.
Parameters key_of(const Rows& rows, std::size_t index, const TableShape& shape) {
    Parameters key;
    for (const std::string& column : shape.key) {
        const auto found = std::ranges::find(shape.columns, column);
        key.push_back(rows[index].value(static_cast<std::size_t>(found - shape.columns.begin())));
    }
    return key;
}

constexpr std::string_view moved_rule = "copy.moved";

// Of a batch, what does not change while it is under way.
struct Batch {
    Sql last_key;
    Sql insert;
    std::shared_ptr<const Rows> rows;
    std::size_t columns;
    std::size_t key_columns;
    Parameters after;  // the key's place that it was read for
};

// The last statement of a run that was killed may come to its end after the next one has begun:
// then the batch is not the next one any more.
Task<> insert_all(Transaction& transaction, Batch batch) {
    const Rows last = MERLON_CO_TRY(co_await transaction.query(batch.last_key));
    const Parameters now = last.empty() ? Parameters() : row_of(last, 0, batch.key_columns);
    if (now != batch.after) {
        co_return fail(Kind::Conflict, moved_rule);
    }
    for (std::size_t i = 0; i < batch.rows->size(); ++i) {
        MERLON_CO_TRY(
            co_await transaction.query(batch.insert, row_of(*batch.rows, i, batch.columns)));
    }
    co_return Result<>{};
}

Task<Rows> batch_after(Database* database, const TableStatements* statements, Parameters key) {
    if (key.empty()) co_return co_await database->query(statements->first());
    co_return co_await database->query(statements->after(), std::move(key));
}

// Empty when there is no row.
Task<Parameters> last_key(Database* database, const TableStatements* statements) {
    const Rows last = MERLON_CO_TRY(co_await database->query(statements->last_key()));
    if (last.empty()) co_return Parameters();
    co_return row_of(last, 0, statements->shape().key.size());
}

void append(std::string& bytes, std::uint64_t number) {
    bytes.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

// Type, length and bytes of each cell: two rows that differ in anything differ here.
std::string bytes_of(const Rows& rows, std::size_t index, std::size_t columns) {
    std::string bytes;
    for (std::size_t i = 0; i < columns; ++i) {
        const Value& value = rows[index].value(i);
        bytes += static_cast<char>(value.index());
        std::string_view content;
        if (const auto* text = std::get_if<std::string>(&value)) content = *text;
        if (const auto* blob = std::get_if<Blob>(&value)) content = blob->bytes;
        if (const auto* number = std::get_if<std::int64_t>(&value)) {
            append(bytes, static_cast<std::uint64_t>(*number));
        } else {
            append(bytes, content.size());
        }
        bytes += content;
    }
    return bytes;
}

}  // namespace

std::string TableSum::text() const {
    return fmt::format("{:016x}{:016x}{:016x}{:016x}", digests[0], digests[1], digests[2],
                       digests[3]);
}

Task<std::unique_ptr<TableStatements>> plan_copy(Place from, Place to, std::string table) {
    TableShape shape = MERLON_CO_TRY(co_await describe_table(from, table));
    TableShape other = MERLON_CO_TRY(co_await describe_table(to, table));
    std::vector<std::string> columns = shape.columns;
    std::ranges::sort(columns);
    std::ranges::sort(other.columns);
    if (columns != other.columns || shape.key != other.key) {
        co_return fail(Kind::Corrupt, schema_rule, table + " is not the same in both");
    }
    co_return TableStatements::make(std::move(shape));
}

Task<> copy_table(Place from, Place to, const TableStatements* statements,
                  std::function<void()> step) {
    const TableShape& shape = statements->shape();
    Parameters key = MERLON_CO_TRY(co_await last_key(to.database, statements));
    while (true) {
        const auto rows = std::make_shared<const Rows>(
            MERLON_CO_TRY(co_await batch_after(from.database, statements, key)));
        if (rows->empty()) break;
        const Batch batch{statements->last_key(), statements->insert(), rows,
                          shape.columns.size(),   shape.key.size(),     key};
        const Result<> done = co_await to.database->transact_alone(
            [batch](Transaction& transaction) { return insert_all(transaction, batch); });
        if (!done && done.error().rule != moved_rule) co_return done;
        key = done ? key_of(*rows, rows->size() - 1, shape)
                   : MERLON_CO_TRY(co_await last_key(to.database, statements));
        step();
    }
    const auto number = MERLON_CO_TRY(co_await last_number(from, shape.name));
    if (number) MERLON_CO_TRY(co_await set_last_number(to, shape.name, *number));
    co_return Result<>{};
}

Task<TableSum> sum_table(Place place, const TableStatements* statements) {
    const TableShape& shape = statements->shape();
    crypto::Sha256Hasher hasher;
    TableSum sum;
    Parameters key;
    while (true) {
        const Rows rows =
            MERLON_CO_TRY(co_await batch_after(place.database, statements, std::move(key)));
        if (rows.empty()) co_return sum;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const crypto::Sha256 digest = hasher.hash(bytes_of(rows, i, shape.columns.size()));
            std::array<std::uint64_t, 4> words{};
            std::memcpy(words.data(), digest.data(), digest.size());
            for (std::size_t word = 0; word < words.size(); ++word) {
                sum.digests[word] += words[word];
            }
            ++sum.rows;
        }
        key = key_of(rows, rows.size() - 1, shape);
    }
}

}  // namespace merlon::storage
