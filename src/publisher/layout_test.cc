#include "publisher/layout.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "publisher/desk_sim_test.h"
#include "publisher/trust.h"

namespace fb::publisher {
namespace {

using testing::HasSubstr;

LayoutOrder order_of(Profile profile) {
  return {profile,
          {*TenantId::parse("acme"), *TenantId::parse("hospital")},
          "127.0.0.1:8440",
          {},
          Instant{1'900'000'000'000}};
}

std::string file(const std::vector<LayoutFile>& files, const std::string& path) {
  const auto found = std::find_if(files.begin(), files.end(),
                                  [&](const LayoutFile& each) { return each.path == path; });
  return found == files.end() ? "missing: " + path : found->bytes;
}

TEST(Layout, is_trusted_by_the_workflow_that_devices_run) {
  TestDesk test;
  Desk desk = test.desk();
  const auto trusted = refresh_trust(desk);
  ASSERT_TRUE(trusted.ok()) << trusted.error().detail;
  for (const char* role : {"core", "content", "flags"})
    EXPECT_NE(trusted->targets(role), nullptr) << role;
  EXPECT_TRUE(trusted_file(desk, *trusted, statement::kPeoplePath).ok());
}

TEST(Layout, lowers_no_quorum_in_the_lab) {
  TestDesk test;
  Desk desk = test.desk();
  const auto trusted = refresh_trust(desk);
  ASSERT_TRUE(trusted.ok());
  for (const char* role : {"root", "targets", "core", "content", "flags"}) {
    EXPECT_EQ(trusted->role_keys(role)->threshold, 2) << role;
  }
  EXPECT_EQ(trusted->role_keys("root")->keyids.size(), 3U);
}

TEST(Layout, encrypts_offline_keys_but_for_the_lab) {
  TestKeys lab_keys, standard_keys;
  sim::SeededEntropy entropy(1);
  ASSERT_TRUE(compose_layout(order_of(Profile::lab), lab_keys, entropy).ok());
  ASSERT_TRUE(compose_layout(order_of(Profile::standard), standard_keys, entropy).ok());
  const auto plain = [](const TestKeys& keys) {
    return std::count(keys.made.begin(), keys.made.end(), Protection::plain);
  };
  EXPECT_EQ(plain(lab_keys), static_cast<std::ptrdiff_t>(lab_keys.made.size()));
  EXPECT_EQ(plain(standard_keys), 4);  // rollouts, snapshot, timestamp and log start unattended
}

TEST(Layout, tells_the_server_the_hash_of_each_enrolment_token_and_never_the_token) {
  TestKeys keys;
  sim::SeededEntropy entropy(1);
  const auto files = compose_layout(order_of(Profile::lab), keys, entropy);
  ASSERT_TRUE(files.ok());
  const std::string configuration = file(*files, "server/firebreakd.toml");
  for (const char* tenant : {"acme", "hospital"}) {
    const std::string token = file(*files, std::string("tenants/") + tenant + "/enrolment.token");
    EXPECT_THAT(configuration, HasSubstr("\"" + crypto::sha256(token).text() + "\""));
    EXPECT_THAT(configuration, testing::Not(HasSubstr(token)));
  }
}

TEST(Layout, writes_the_file_that_makes_a_home_last) {
  TestKeys keys;
  sim::SeededEntropy entropy(1);
  const auto files = compose_layout(order_of(Profile::lab), keys, entropy);
  ASSERT_TRUE(files.ok());
  EXPECT_EQ(files->back().path, kConfiguration);
}

TEST(Layout, never_overwrites_a_home) {
  TestDesk test;
  const auto before = test.home.everything();
  const auto again = write_layout(test.home, {{"root.json", "other"}});
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::already_exists);
  EXPECT_EQ(test.home.everything(), before);
}

TEST(Layout, seats_the_people_it_is_given_and_makes_them_no_keys) {
  LayoutOrder order = order_of(Profile::standard);
  const crypto::PublicKey key = tuf::TestSigner("ada").key();
  order.people = statement::People{
      {{*PersonId::parse("ada"), {statement::Role::reviewer}, {{key.id(), key}}}}};
  TestKeys keys;
  sim::SeededEntropy entropy(1);
  const auto files = compose_layout(order, keys, entropy);
  ASSERT_TRUE(files.ok());
  EXPECT_THAT(file(*files, "people/author.pem"), HasSubstr("missing"));
  const bool listed = std::any_of(files->begin(), files->end(), [](const LayoutFile& each) {
    return each.path.ends_with("people.json") && each.bytes.find("\"ada\"") != std::string::npos;
  });
  EXPECT_TRUE(listed);
}

TEST(Layout, refuses_an_address_that_is_none) {
  for (const char* listen : {"8440", "host:", ":8440", "host:99999", "a\"b:80", "host:8a"}) {
    LayoutOrder order = order_of(Profile::lab);
    order.listen = listen;
    TestKeys keys;
    sim::SeededEntropy entropy(1);
    const auto files = compose_layout(order, keys, entropy);
    ASSERT_FALSE(files.ok()) << listen;
    EXPECT_EQ(files.error().code, ErrorCode::bad_usage) << listen;
  }
}

TEST(SpeedLimits, let_nobody_have_content_at_once_outside_the_lab) {
  for (const auto& [kind_word, kind] : release::kind_words()) {
    for (const auto& [class_word, cls] : release::class_words()) {
      const statement::SpeedLimits standard = speed_limits(Profile::standard);
      const statement::SpeedLimits lab = speed_limits(Profile::lab);
      const auto* rule = standard.find(kind, cls);
      ASSERT_NE(rule, nullptr) << kind_word << " " << class_word;
      EXPECT_LE(rule->steps.front().per_million, 20'000) << kind_word << " " << class_word;
      EXPECT_EQ(rule->steps.back().per_million, 1'000'000) << kind_word << " " << class_word;
      EXPECT_EQ(lab.find(kind, cls)->steps.front().per_million, 1'000'000);
    }
  }
  EXPECT_TRUE(statement::decode_limits(statement::encode(speed_limits(Profile::standard))).ok());
}

}  // namespace
}  // namespace fb::publisher
