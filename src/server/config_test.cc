#include "server/config.h"

#include <gtest/gtest.h>

#include "crypto/sha256.h"

namespace fb::server {
namespace {

const std::string kGood = R"(listen = "127.0.0.1:8441"
state_dir = "/var/lib/firebreakd"
repository = "/srv/repository"
threads = 4
profile = "lab"
[keys]
rollouts = "rollouts.pem"
log = "log.pem"
[timing]
heartbeat_ms = 2000
freshness_ms = 60000
[rollout]
horizons_ms = [1000, 5000]
budget = 25
[[tenant]]
id = "acme"
enrolment_token_sha256 = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
[[tenant]]
id = "hospital"
enrolment_token_sha256 = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)";

TEST(ServerConfig, ReadsWhatTheOperatorWrote) {
  const auto config = parse_config(kGood);
  ASSERT_TRUE(config.ok()) << config.error().detail;
  EXPECT_EQ(config->host, "127.0.0.1");
  EXPECT_EQ(config->port, 8441);
  EXPECT_EQ(config->threads, 4U);
  EXPECT_EQ(config->profile, rollout::Profile::lab);
  EXPECT_EQ(config->keys.log, "log.pem");
  EXPECT_EQ(config->keys.rollouts, std::vector<std::string>{"rollouts.pem"});
  EXPECT_EQ(config->heartbeat_interval(), seconds(2));
  EXPECT_EQ(config->freshness_interval(), seconds(60));
  EXPECT_EQ(config->every_kind.horizons, (std::vector<Millis>{seconds(1), seconds(5)}));
  EXPECT_EQ(config->every_kind.budget, 25);
  ASSERT_NE(config->tenant(*TenantId::parse("hospital")), nullptr);
  EXPECT_EQ(config->tenant(*TenantId::parse("hospital"))->enrolment_token.brief(), "bbbbbbbbbbbb");
  EXPECT_EQ(config->tenant(*TenantId::parse("nobody")), nullptr);
}

TEST(ServerConfig, NamesSeveralKeysForARoleThatIsToChangeOver) {
  std::string text = kGood;
  const std::string one = "rollouts = \"rollouts.pem\"";
  text.replace(text.find(one), one.size(), R"(rollouts = ["rollouts.pem", "rollouts-2.pem"])");
  const auto config = parse_config(text);
  ASSERT_TRUE(config.ok()) << config.error().detail;
  EXPECT_EQ(config->keys.rollouts, (std::vector<std::string>{"rollouts.pem", "rollouts-2.pem"}));
}

TEST(ServerConfig, IsOnLoopbackWhenNothingIsSaid) {
  const auto config = parse_config("");
  ASSERT_TRUE(config.ok()) << config.error().detail;
  EXPECT_EQ(config->host, "127.0.0.1");
  EXPECT_FALSE(config->behind_tls_proxy);
  EXPECT_EQ(config->profile, rollout::Profile::production);
  EXPECT_EQ(config->freshness_interval(), seconds(60));
}

struct Mistake {
  const char* from;
  const char* to;
  const char* told;
};

TEST(ServerConfig, NamesEachMistakeAndWhatWouldBeRight) {
  const Mistake cases[] = {
      {"state_dir", "statedir", "line 2: statedir is not a known key; did you mean 'state_dir'?"},
      {"threads = 4", "weather = 4", "line 4: weather is not a known key"},
      {"heartbeat_ms", "hartbeat_ms",
       "line 10: timing.hartbeat_ms is not a known key; did you mean 'heartbeat_ms'?"},
      {"log = ", "lock = ", "line 8: keys.lock is not a known key; did you mean 'log'?"},
      {"budget", "budgets", "line 14: rollout.budgets is not a known key; did you mean 'budget'?"},
      {"id = \"acme\"", "id = \"acme\"\nname = \"x\"", "tenant.name is not a known key"},
      {"threads = 4", "threads = \"4\"", "line 4: threads is of the wrong type"},
      {"threads = 4", "threads = 0", "threads must be 1 to 64"},
      {"threads = 4", "threads = 65", "threads must be 1 to 64"},
      {"threads = 4", "threads = ", "line 4: "},
      {"\"lab\"", "\"labs\"", "profile must be \"standard\" or \"lab\""},
      {"60000", "60001", "timing.freshness_ms must be at most 60000"},
      {"60000", "0", "timing.freshness_ms must be at least 1"},
      {"2000", "-5", "timing.heartbeat_ms must be at least 1"},
      {"[1000, 5000]", "[1000, \"x\"]", "rollout.horizons_ms must be a list of milliseconds"},
      {"[1000, 5000]", "1000", "rollout.horizons_ms must be a list"},
      {"budget = 25", "budget = 0", "rollout.budget must be at least 1"},
      {"budget = 25", "[rollout.cor]", "line 14: rollout.cor is not a known key"},
      {"budget = 25", "[rollout.core]\nbudgets = 1",
       "line 15: rollout.core.budgets is not a known key; did you mean 'budget'?"},
      {"127.0.0.1:8441", "127.0.0.1", "listen must be host:port"},
      {"127.0.0.1:8441", "127.0.0.1:", "listen must be host:port"},
      {"127.0.0.1:8441", "127.0.0.1:65536", "listen must be host:port"},
      {"127.0.0.1:8441", "127.0.0.1:x", "listen must be host:port"},
      {"\"hospital\"", "\"acme\"", "tenant.id 'acme' stands twice"},
      {"\"hospital\"", "\"Hospital\"", "tenant.id 'Hospital' is not a tenant"},
      {"sha256:bbbb", "bbbb", "tenant.enrolment_token_sha256 'bbbb"},
      {"threads = 4", "threads = 4\nthreads = 5", "line 5: "},
      {"[[tenant]]\nid = \"acme\"", "[tenant]\nid = \"acme\"", "line "},
      {"[keys]", "[[keys]]", "line 6: keys must be a table"},
      {"rollouts = \"rollouts.pem\"", "rollouts = [\"a.pem\", 2]",
       "line 7: keys.rollouts must be a text or a list of texts"},
  };
  for (const auto& [from, to, told] : cases) {
    std::string text = kGood;
    text.replace(text.find(from), std::string(from).size(), to);
    const auto config = parse_config(text);
    ASSERT_FALSE(config.ok()) << to;
    EXPECT_EQ(config.error().code, ErrorCode::bad_usage) << to;
    EXPECT_NE(config.error().detail.find(told), std::string::npos) << config.error().detail;
  }
}

TEST(ServerConfig, AKindMayHaveSettingsOfItsOwn) {
  const auto config = parse_config(R"([rollout]
budget = 60
[rollout.core]
horizons_ms = [900000, 3600000, 86400000]
budget = 30
[rollout.flags]
holdback_bake_ms = 3600000
)");
  ASSERT_TRUE(config.ok()) << config.error().detail;
  ASSERT_TRUE(config->common_parameters().ok()) << config->common_parameters().error().detail;
  const auto of = [&](release::Kind kind) {
    return config->parameters(kind, rollout::Lane::standard, 20'000).value();
  };
  EXPECT_EQ(of(release::Kind::core).budget(), 30);
  EXPECT_EQ(of(release::Kind::core).horizons.back().age, days(1));
  EXPECT_EQ(of(release::Kind::flags).budget(), 60);
  EXPECT_EQ(of(release::Kind::flags).holdback_bake, hours(1));
  EXPECT_EQ(of(release::Kind::content).horizons.back().age, hours(4));
  EXPECT_EQ(of(release::Kind::content).holdback_bake, minutes(30));
}

TEST(ServerConfig, SlowHeartbeatsRaiseTheUsualHorizons) {
  const auto config = parse_config("[timing]\nheartbeat_ms = 1800000\nsilence_ms = 4320000");
  ASSERT_TRUE(config.ok()) << config.error().detail;
  const auto raised = config->common_parameters();
  ASSERT_TRUE(raised.ok()) << raised.error().detail;
  EXPECT_EQ(raised->horizons[0].age, minutes(90));
  EXPECT_GT(raised->horizons[1].age, minutes(90));
  EXPECT_EQ(raised->horizons[2].age, hours(4));
}

TEST(ServerConfig, ARestartIsAllowedForInTheDeadlineAndRaisesTheHorizons) {
  const auto config = parse_config("[timing]\nreboot_allowance_ms = 300000");
  ASSERT_TRUE(config.ok()) << config.error().detail;
  const auto raised = config->common_parameters();
  ASSERT_TRUE(raised.ok()) << raised.error().detail;
  EXPECT_EQ(raised->silence_deadline(), minutes(17));
  EXPECT_EQ(raised->horizons[0].age, minutes(20));
  EXPECT_TRUE(parse_config("[timing]\nreboot_allowance_ms = 0")->common_parameters().ok());
  const auto refused = parse_config("[timing]\nreboot_allowance_ms = 300001")->common_parameters();
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().detail.find("a restart must fit between two heartbeats"),
            std::string::npos)
      << refused.error().detail;
}

// Nobody finds out in the night of the start that a kind cannot be started.
TEST(ServerConfig, BelowAFloorOfAnyKindIsRefusedAtTheServersStart) {
  struct Row {
    const char* text;
    const char* told;
  };
  const Row rows[] = {
      {"[rollout]\nhorizons_ms = [900000, 3600000, 18000000]",
       "[rollout] or [rollout.core]: horizons[2].age_ms = 18000000 is not allowed for core in the "
       "standard lane: the smallest legal one is 28800000 (8 h)"},
      {"[rollout.content]\nhorizons_ms = [900000, 1800000]",
       "[rollout] or [rollout.content]: horizons[1].age_ms = 1800000 is not allowed for content in "
       "the fast lane: the smallest legal one is 3600000 (1 h)"},
      {"[timing]\nheartbeat_ms = 1000\nsilence_ms = 5000\ntick_ms = 1000\n"
       "[rollout]\nhorizons_ms = [6000]",
       "horizons[0].age_ms = 6000 is not allowed for core in the standard lane: the smallest legal "
       "one is 900000 (15 min)"},
      {"[rollout]\nbudget = 101", "budget = 101 is not allowed for core"},
      {"[rollout.content]\nbudget = 1001", "budget = 1001 is not allowed for content"},
  };
  for (const Row& row : rows) {
    const auto config = parse_config(row.text);
    ASSERT_TRUE(config.ok()) << config.error().detail;
    const auto refused = config->common_parameters();
    ASSERT_FALSE(refused.ok()) << row.text;
    EXPECT_EQ(refused.error().code, ErrorCode::bad_usage);
    EXPECT_NE(refused.error().detail.find(row.told), std::string::npos) << refused.error().detail;
    const auto lab = parse_config("profile = \"lab\"\n" + std::string(row.text));
    EXPECT_TRUE(lab->common_parameters().ok()) << lab->common_parameters().error().detail;
  }
}

TEST(ServerConfig, RefusesATenantThatIsNoTable) {
  for (const char* text : {"tenant = [1]", "tenant = [\"acme\"]", "tenant = \"acme\""}) {
    EXPECT_FALSE(parse_config(text).ok()) << text;
  }
}

TEST(ServerConfig, LeavesLoopbackOnlyBehindATlsProxy) {
  for (const char* host : {"127.0.0.1", "127.0.0.2", "localhost", "::1"}) {
    const auto config = parse_config("listen = \"" + std::string(host) + ":1\"");
    ASSERT_TRUE(config.ok()) << host << ": " << config.error().detail;
    EXPECT_EQ(config->host, host);
  }
  for (const char* host : {"0.0.0.0", "::", "10.0.0.1", "example.org", "", "127.example.org",
                           "127.0.0.1.example.org"}) {
    const std::string listen = "listen = \"" + std::string(host) + ":1\"\n";
    const auto config = parse_config(listen);
    ASSERT_FALSE(config.ok()) << host;
    EXPECT_EQ(config.error().code, ErrorCode::bad_usage);
    EXPECT_NE(config.error().detail.find("behind_tls_proxy = true"), std::string::npos) << host;
    EXPECT_TRUE(parse_config(listen + "behind_tls_proxy = true").ok()) << host;
  }
}

TEST(ServerConfig, ReadsATenantsPolicyKey) {
  const std::string tenant = "[[tenant]]\nid = \"acme\"\nenrolment_token_sha256 = \"" +
                             Digest{}.text() + "\"\npolicy_key = '";
  const auto key = crypto::ed25519_key(std::string(32, 'k'));
  const auto config = parse_config(tenant + json::compact(key.document) + "'");
  ASSERT_TRUE(config.ok()) << config.error().detail;
  EXPECT_EQ(config->tenants.at(0).policy_key->id(), key.id());
  for (const char* bad : {"not json", "{}", R"({"keytype":"dsa","scheme":"x","keyval":{}})"}) {
    const auto refused = parse_config(tenant + bad + "'");
    ASSERT_FALSE(refused.ok()) << bad;
    EXPECT_NE(refused.error().detail.find("tenant.policy_key"), std::string::npos);
  }
}

}  // namespace
}  // namespace fb::server
