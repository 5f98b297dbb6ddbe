// Encodes and decodes values in network byte order, type by type.
#include "storage/postgres/postgres_values.h"

#include <array>
#include <boost/endian/conversion.hpp>

#include "base/text.h"

namespace merlon::storage {
namespace {

// pg_type.dat: these never change.
constexpr Oid bool_type = 16;
constexpr Oid bytea_type = 17;
constexpr Oid int8_type = 20;
constexpr Oid int2_type = 21;
constexpr Oid int4_type = 23;
constexpr Oid text_type = 25;
constexpr Oid unknown_type = 705;
constexpr Oid varchar_type = 1043;
constexpr Oid numeric_type = 1700;
constexpr Oid void_type = 2278;

template <class T>
T load(const char* bytes) {
    return boost::endian::endian_load<T, sizeof(T), boost::endian::order::big>(
        reinterpret_cast<const unsigned char*>(bytes));
}

// Digits to the base of 10,000, the first of weight 10,000^weight (backend/utils/adt/numeric.c).
std::int64_t whole_numeric(const char* bytes) {
    const auto digits = load<std::int16_t>(bytes);
    const auto weight = load<std::int16_t>(bytes + 2);
    const auto sign = load<std::uint16_t>(bytes + 4);
    MERLON_ASSERT(weight <= 4 && digits <= weight + 1 && (sign == 0 || sign == 0x4000));
    std::int64_t value = 0;
    for (std::int16_t i = 0; i <= weight; ++i) {
        const std::int64_t digit = i < digits ? load<std::int16_t>(bytes + 8 + 2 * i) : 0;
        MERLON_ASSERT(!__builtin_mul_overflow(value, 10'000, &value) &&
                      !__builtin_add_overflow(value, digit, &value));
    }
    return sign == 0 ? value : -value;
}

Value value_of(const PGresult* result, int row, int column) {
    if (PQgetisnull(result, row, column) != 0) return {};
    const char* bytes = PQgetvalue(result, row, column);
    const auto size = static_cast<std::size_t>(PQgetlength(result, row, column));
    switch (PQftype(result, column)) {
        case int8_type:
            return load<std::int64_t>(bytes);
        case int4_type:
            return std::int64_t{load<std::int32_t>(bytes)};
        case int2_type:
            return std::int64_t{load<std::int16_t>(bytes)};
        case bool_type:
            return std::int64_t{bytes[0]};
        case numeric_type:
            return whole_numeric(bytes);
        case bytea_type:
            return Blob{std::string(bytes, size)};
        case void_type:  // of a function that is called for what it does
            return {};
        case text_type:
        case varchar_type:
        case unknown_type:
            return std::string(bytes, size);
        default:
            assertion_failed("a column has one of our types", __FILE__, __LINE__);
    }
}

char letter_of(const Value& value) {
    constexpr std::array letters = {'n', 'i', 't', 'b'};
    return letters[value.index()];
}

}  // namespace

PostgresParameters::PostgresParameters(const Parameters& parameters) {
    integers_.reserve(parameters.size());
    for (const Value& value : parameters) {
        Oid type = 0;
        const char* bytes = nullptr;
        std::size_t length = 0;
        if (const auto* number = std::get_if<std::int64_t>(&value)) {
            type = int8_type;
            auto& stored = integers_.emplace_back();
            boost::endian::endian_store<std::int64_t, 8, boost::endian::order::big>(
                reinterpret_cast<unsigned char*>(stored.data()), *number);
            bytes = stored.data();
            length = stored.size();
        } else if (const auto* text = std::get_if<std::string>(&value)) {
            type = text_type;
            bytes = text->data();
            length = text->size();
        } else if (const auto* blob = std::get_if<Blob>(&value)) {
            type = bytea_type;
            bytes = blob->bytes.data();
            length = blob->bytes.size();
        }
        types_.push_back(type);
        values_.push_back(bytes);
        lengths_.push_back(static_cast<int>(length));
        formats_.push_back(1);
    }
}

std::string signature_of(const Parameters& parameters) {
    std::string letters;
    for (const Value& value : parameters) letters += letter_of(value);
    return letters;
}

Rows rows_of(const PGresult* result) {
    const int rows = PQntuples(result);
    const int columns = PQnfields(result);
    std::vector<Value> cells;
    cells.reserve(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
    for (int row = 0; row < rows; ++row) {
        for (int column = 0; column < columns; ++column) {
            cells.push_back(value_of(result, row, column));
        }
    }
    // Of a SELECT it says how many rows were read, which is no change.
    const bool is_change =
        std::string_view(PQcmdStatus(const_cast<PGresult*>(result))).starts_with("SELECT") == false;
    const auto affected =
        is_change ? text::parse_number<std::int64_t>(PQcmdTuples(const_cast<PGresult*>(result)))
                  : std::nullopt;
    return Rows(std::move(cells), static_cast<std::size_t>(columns), affected.value_or(0));
}

}  // namespace merlon::storage
