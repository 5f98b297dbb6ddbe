// E-mail addresses as an account has them: one spelling to write to, one to be unique by.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace merlon::wire {

// Value. Two addresses belong to one account exactly when their canonical forms are equal; mail
// goes only to the form that was typed and stored, never to one that merely folds to the same
// (CVE-2019-19844: "mıke@" asked for the password of "mike@").
class Email {
public:
    // The rules of Joi's email(): one @; at most 254 UTF-16 units; a local part of dot-separated
    // atoms in at most 64 bytes of UTF-8; a domain of two labels or more (RFC 5890). Departures:
    // any top-level domain that is well formed passes, and a local part is refused that holds
    // spaces or controls beyond ASCII, or that normalization would turn into another structure
    // (U+FF20 becomes @). Error (Invalid): "email.malformed".
    static Result<Email> parse(std::string_view text);

    // As it was typed, in NFC.
    const std::string& as_typed() const { return as_typed_; }
    // NFKC and case-folded; the domain in ASCII.
    const std::string& canonical() const { return canonical_; }

private:
    Email(std::string as_typed, std::string canonical)
        : as_typed_(std::move(as_typed)), canonical_(std::move(canonical)) {}

    std::string as_typed_;
    std::string canonical_;
};

}  // namespace merlon::wire
