#include "agent/config.h"

#include <gtest/gtest.h>

namespace fb::agent {
namespace {

const std::string kGood = R"(
server = "http://127.0.0.1:8440"
mirrors = ["http://cdn.example:80/targets"]
metadata_mirrors = ["http://cdn.example:80/metadata"]
tenant = "acme"
enrolment_token_file = "/etc/firebreak/token"
root = "/etc/firebreak/root.json"
policy_key = "/etc/firebreak/policy.json"
ring = "canary"
[component."sensor.engine"]
kind = "core"
[component."sensor.channel"]
kind = "content"
reader = "sensor.engine"
[workload.sensor]
arguments = ["--rate", "50"]
[air_gapped]
carry_days = 10
)";

TEST(AgentConfig, ReadsWhatLocalRootWrote) {
  const auto config = parse_config(kGood);
  ASSERT_TRUE(config.ok()) << config.error().detail;
  EXPECT_EQ(config->ring, statement::Ring::canary);
  EXPECT_EQ(config->state_dir, "/var/lib/firebreak");
  EXPECT_EQ(config->components.size(), 2U);
  EXPECT_EQ(config->core_of(*ComponentId::parse("sensor.channel")),
            *ComponentId::parse("sensor.engine"));
  EXPECT_EQ(config->workloads.at("sensor").arguments.size(), 2U);
  EXPECT_EQ(config->metadata_mirrors, std::vector<std::string>{"http://cdn.example:80/metadata"});
  EXPECT_EQ(config->air_gapped->carry, days(10));
}

// Only its own table opens air-gapped mode; only in it there may be no server.
TEST(AgentConfig, BehindAnAirGapThereMayBeNoServer) {
  const std::string gap = "[air_gapped]\ncarry_days = 10\n";
  std::string text = kGood;
  text.erase(text.find("server ="), text.find('\n', 1) - text.find("server =") + 1);
  const auto alone = parse_config(text);
  ASSERT_TRUE(alone.ok()) << alone.error().detail;
  EXPECT_EQ(alone->server, "");
  EXPECT_EQ(alone->target_bases(), alone->mirrors);
  text.replace(text.find(gap), gap.size(), "");
  EXPECT_EQ(parse_config(text).error().detail, "server: is required");
  const auto usual = parse_config(text + "[air_gapped]\n");
  ASSERT_TRUE(usual.ok()) << usual.error().detail;
  EXPECT_EQ(usual->air_gapped->carry, limits::kCarry);
}

struct Mistake {
  const char* from;
  const char* to;
  const char* told;
};

TEST(AgentConfig, NamesEachMistakeAndWhatWouldBeRight) {
  const Mistake cases[] = {
      {"tenant =", "tenent =", "tenent: is no setting of the agent; did you mean 'tenant'?"},
      {"kind = \"core\"", "knd = \"core\"",
       "component.\"sensor.engine\".knd: is no setting of the agent; did you mean 'kind'?"},
      {"\"content\"", "\"contents\"", "'contents' is none of: core, content, config, flags"},
      {"reader = \"sensor.engine\"", "reader = \"sensor.motor\"",
       "sensor.motor is no core component of this file"},
      {"http://127.0.0.1:8440", "127.0.0.1:8440", "must be http://host:port"},
      {"ring = \"canary\"", "ring = 3", "ring: a string is expected"},
      {"[\"--rate\", \"50\"]", "[\"--rate\", 50]", "arguments: a list of strings is expected"},
      {"\"acme\"", "\"Acme!\"", "tenant: 'Acme!' is not a tenant"},
      {"server =", "server", "line 2"},
      {"carry_days = 10", "carry_days = 31", "air_gapped.carry_days: a whole number from 1 to 30"},
      {"carry_days = 10", "carry_days = \"10\"", "air_gapped.carry_days: a whole number"},
      {"carry_days = 10", "carry = 10", "air_gapped.carry: is no setting of the agent"},
      {"[component.\"sensor.engine\"]", "[component.engine]", "'engine' is not a component"},
  };
  for (const auto& [from, to, told] : cases) {
    std::string text = kGood;
    text.replace(text.find(from), std::string(from).size(), to);
    const auto config = parse_config(text);
    ASSERT_FALSE(config.ok()) << to;
    EXPECT_NE(config.error().detail.find(told), std::string::npos) << config.error().detail;
    EXPECT_EQ(
        config.error().code == ErrorCode::bad_usage || config.error().code == ErrorCode::malformed,
        true);
  }
}

}  // namespace
}  // namespace fb::agent
