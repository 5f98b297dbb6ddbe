// Which layer wins, what is complained of, and what show and schema say of it.
#include "config/load.h"

#include <gtest/gtest.h>

#include "config/show.h"

namespace merlon::config {
namespace {

class FakeFiles final : public Files {
public:
    explicit FakeFiles(std::map<std::string, std::string> files) : files_(std::move(files)) {}
    Result<std::string> read(const std::string& path, std::size_t) const override {
        const auto found = files_.find(path);
        if (found == files_.end()) return fail(Kind::Absent, "file.absent", "no such file");
        return found->second;
    }

private:
    std::map<std::string, std::string> files_;
};

Loaded load_text(const std::string& text, std::map<std::string, std::string> environment = {}) {
    return load({.environment = std::move(environment)}, FakeFiles({{"merlon.yaml", text}}));
}

std::string problems_of(const Loaded& loaded) {
    std::string text;
    for (const Problem& problem : loaded.problems) text += problem.text() + "\n";
    return text;
}

TEST(Load, AFlagBeatsAVariableBeatsItsFileBeatsTheSeedsNameBeatsTheFile) {
    const FakeFiles files({{"merlon.yaml", "tokens: {secret: from-the-yaml-file-0123456789abcdef}"},
                           {"/run/secret", "from-the-variables-file-0123456789abcdef\r\n"}});
    Inputs inputs;
    const auto expect = [&](std::string_view secret, std::string_view source) {
        const Loaded loaded = load(inputs, files);
        ASSERT_TRUE(loaded.settings) << problems_of(loaded);
        EXPECT_EQ(loaded.settings->tokens.secret.reveal(), secret);
        EXPECT_NE(
            show_text(loaded.keys, Sources::Shown).find("# " + std::string(source) + "\ntokens.al"),
            std::string::npos)
            << source;
    };
    expect("from-the-yaml-file-0123456789abcdef", "merlon.yaml:1:18");
    inputs.environment["JWT_SECRET"] = "from-the-seeds-name-0123456789abcdef";
    expect("from-the-seeds-name-0123456789abcdef", "JWT_SECRET");
    inputs.environment["MERLON_TOKENS__SECRET_FILE"] = "/run/secret";
    expect("from-the-variables-file-0123456789abcdef", "MERLON_TOKENS__SECRET_FILE");
    inputs.environment["MERLON_TOKENS__SECRET"] = "from-the-variable-0123456789abcdefgh";
    expect("from-the-variable-0123456789abcdefgh", "MERLON_TOKENS__SECRET");
    inputs.flags = {{"tokens.secret", "from-the-first-flag-0123456789abcdef"},
                    {"tokens.secret", "from-the-second-flag-0123456789abcdef"}};
    expect("from-the-second-flag-0123456789abcdef", "--set tokens.secret");
}

TEST(Load, WhatKubernetesSetsBesideAServiceIsIgnoredWithOneNote) {
    const Loaded loaded = load_text("version: 1\n", {{"MERLON_PORT", "tcp://10.0.0.7:8080"},
                                                     {"MERLON_PORT_8080_TCP_ADDR", "10.0.0.7"},
                                                     {"MERLON_SERVICE_HOST", "10.0.0.7"}});
    ASSERT_TRUE(loaded.settings) << problems_of(loaded);
    ASSERT_EQ(loaded.problems.size(), 1U) << problems_of(loaded);
    EXPECT_TRUE(problems_of(loaded).starts_with("MERLON_PORT: warning: ignored"));
}

TEST(Load, NamesTheVariablesThatHoldSecretsAlsoOverriddenOnes) {
    Inputs inputs;
    inputs.environment = {{"MERLON_KEYS__MASTER", std::string(64, 'a')}, {"OTHERS", "b"}};
    inputs.flags = {{"keys.master", std::string(64, 'c')}, {"state.password", "env:OTHERS"}};
    const Loaded loaded = load(inputs, FakeFiles({{"merlon.yaml", "version: 1\n"}}));
    for (const char* name : {"MERLON_KEYS__MASTER", "OTHERS", "JWT_SECRET"}) {
        EXPECT_NE(std::ranges::find(loaded.secret_variables, name), loaded.secret_variables.end())
            << name;
    }
}

TEST(Load, AVariableThatMeansNothingIsAnError) {
    const struct {
        std::string name, value, message;
    } cases[] = {
        {"MERLON_LISTEN", "x", "MERLON_LISTEN: error: unknown variable"},
        {"MERLON_PORT", "8080", "MERLON_PORT: error: unknown variable"},
        {"MERLON_SERVER__LISEN", "x", "did you mean listen?"},
        {"MERLON_SERVER__LISEN_FILE", "merlon.yaml", "did you mean listen?"},
        {"MERLON_SERVER__LISTEN_FILE", "/absent", "cannot read /absent: no such file"},
        {"MERLON_SERVER", "x", "unknown variable"},  // a whole section in one value
    };
    for (const auto& [name, value, message] : cases) {
        const Loaded loaded = load_text("version: 1\n", {{name, value}});
        EXPECT_FALSE(loaded.settings) << name;
        EXPECT_NE(problems_of(loaded).find(message), std::string::npos) << problems_of(loaded);
    }
}

TEST(Load, ReportsEveryProblemWithItsPlace) {
    const Loaded loaded = load_text(
        "server:\n  lisen: 1\n  workers: many\ncors:\n  origins: ['*']\n"
        "services:\n  a:\n    url: http://127.0.0.1:1\n    routes: {}\n");
    EXPECT_FALSE(loaded.settings);
    for (const char* line :
         {"merlon.yaml:2:3: error: server.lisen: unknown key; did you mean listen?",
          "merlon.yaml:3:12: error: server.workers: must be a whole number from 0 to 256",
          "merlon.yaml:5:12: error: cors.origins: \"*\" is no origin",
          "merlon.yaml:9:13: error: services.a.routes: must be a list"}) {
        EXPECT_NE(problems_of(loaded).find(line), std::string::npos) << problems_of(loaded);
    }
}

TEST(Load, WarnsOfPartsThatHaveNoEffectAndGoesOn) {
    const Loaded loaded = load_text(
        "federation: {google: {client_secret: do-not-show}}\n"
        "passwords: {bcrypt_cost: 6}\n");
    ASSERT_TRUE(loaded.settings) << problems_of(loaded);
    EXPECT_EQ(
        problems_of(loaded),
        "merlon.yaml:2:26: warning: passwords.bcrypt_cost: below 10 a stolen hash is quick to "
        "guess\n"
        "merlon.yaml:1:13: warning: federation: has no effect in this version\n");
    EXPECT_EQ(show_json(loaded.keys, Sources::Shown).find("do-not-show"), std::string::npos);
}

TEST(Show, MasksEverySecretHoweverItWasGiven) {
    const FakeFiles files({{"merlon.yaml",
                            "tokens: {secret: 'env:SHARED', refresh_secret: 'file:/refresh'}\n"
                            "keys: {master: 0123456789abcdef0123456789abcdef}\n"},
                           {"/refresh", "refresh-0123456789abcdef0123456789"}});
    const Loaded loaded =
        load({.environment = {{"SHARED", "shared-0123456789abcdef0123456789"}}}, files);
    ASSERT_TRUE(loaded.settings) << problems_of(loaded);
    for (const Sources sources : {Sources::Hidden, Sources::Shown}) {
        for (const std::string& shown :
             {show_text(loaded.keys, sources), show_json(loaded.keys, sources)}) {
            EXPECT_EQ(shown.find("0123456789"), std::string::npos) << shown;
            EXPECT_NE(shown.find("********"), std::string::npos) << shown;
        }
    }
}

TEST(Show, PathsLeadThroughNamesAndItems) {
    const Loaded loaded = load_text(
        "services:\n  a:\n    url: http://127.0.0.1:1\n    routes:\n"
        "      - {path: /x, methods: GET, allow: public, body: 2048, timeout: 90s}\n"
        "      - {path: /y, methods: [GET], allow: [read:x]}\n");
    ASSERT_TRUE(loaded.settings) << problems_of(loaded);
    const std::string shown = show_text(loaded.keys, Sources::Shown);
    for (const char* line : {"services.a.routes[0].body: \"2KiB\"  # merlon.yaml:5:",
                             "services.a.routes[0].timeout: \"90s\"",
                             "services.a.routes[1].allow: [\"read:x\"]  # merlon.yaml:6:",
                             "services.a.health.interval: \"5s\"  # default"}) {
        EXPECT_NE(shown.find(line), std::string::npos) << shown;
    }
    EXPECT_EQ(shown.find("routes[1].body"), std::string::npos) << "what nobody said has no line";
}

void expect_described(const Key& key, const std::string& path) {
    if (!key.name.empty() && !key.name.starts_with('[')) {
        EXPECT_FALSE(key.description.empty()) << path;
    }
    EXPECT_EQ(key.kind == Key::Kind::Value, !key.shape.empty()) << path;
    for (const Key& below : key.keys) expect_described(below, path + "." + below.name);
}

TEST(Describe, KnowsEveryKeyAlsoBelowNamesThatAnOperatorChooses) {
    const Key keys = describe();
    expect_described(keys, "");
    const std::string schema = show_schema(keys);
    for (const char* name : {"\"access_ttl\"", "\"behind_tls_proxy\"", "\"upgrade\"",
                             "\"skip_successful\"", "\"jwks\"", "\"certificate\""}) {
        EXPECT_NE(schema.find(name), std::string::npos) << name;
    }
}

}  // namespace
}  // namespace merlon::config
