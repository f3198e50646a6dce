#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "bundle/index.h"
#include "policy/key_rotation.h"

namespace fb::bundle {
namespace {

std::string file_text() {
  std::ifstream in(std::string(FB_SOURCE_DIR) + "/test/data/golden/bundle.json", std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

Index sample() {
  const Digest release = *Digest::from_hex(std::string(64, 'a'));
  const Digest hash = *Digest::from_hex(std::string(64, 'b'));
  return {
      "log.example/firebreak\n3\nq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=\n\n— …\n",
      {{2, {hash}}, {3, {}}},
      {{release,
        *ComponentId::parse("sensor.channel"),
        release::Kind::content,
        "291",
        1,
        R"({"index":1,"kind":"release"})",
        {hash, release},
        {{std::string(statement::kPersonType), "{}", {{std::string(64, '0'), "signature"}}}}}},
      {{*TenantId::parse("acme"),
        {{std::string(policy::kPolicyKeyType), "{}", {{std::string(64, '0'), "signature"}}}},
        statement::Envelope{
            std::string(statement::kPolicyType), "{}", {{std::string(64, '0'), "signature"}}}}}};
}

TEST(GoldenBundle, IsWhatOurEncoderSays) { EXPECT_EQ(encode(sample()), file_text()); }

TEST(GoldenBundle, SurvivesDecodingAndEncoding) {
  const auto index = decode_index(file_text());
  ASSERT_TRUE(index.ok()) << index.error().detail;
  EXPECT_EQ(encode(*index), file_text());
}

TEST(GoldenBundle, RefusesUnknownAndMissingFields) {
  const auto value = json::parse(file_text());
  ASSERT_TRUE(value.ok());
  for (const char* list : {"", "releases", "continues", "tenants"}) {
    json::Value more = *value;
    json::Value& object = *list == '\0' ? more : more[list][0];
    object["surprise"] = 1;
    EXPECT_FALSE(decode_index(json::pretty(more)).ok()) << list;
    object.erase("surprise");
    const json::Value whole = object;
    for (const auto& [key, each] : whole.items()) {
      object.erase(key);
      EXPECT_FALSE(decode_index(json::pretty(more)).ok()) << list << " without " << key;
      object[key] = each;
    }
    EXPECT_TRUE(decode_index(json::pretty(more)).ok()) << list;
  }
}

}  // namespace
}  // namespace fb::bundle
