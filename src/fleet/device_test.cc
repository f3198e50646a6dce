#include "fleet/device.h"

#include <gtest/gtest.h>

#include "json/json.h"

namespace fb::fleet {
namespace {

const ComponentId kEngine = *ComponentId::parse("sensor.engine");

Device device() {
  Device device;
  device.id = *DeviceId::parse("0123456789abcdef0123456789abcdef");
  device.tenant = *TenantId::parse("acme");
  device.token_hash = *Digest::from_hex(std::string(64, 'a'));
  device.ring = statement::Ring::canary;
  device.os = "linux";
  device.arch = "amd64";
  device.enrolled = Instant{1'721'362'140'000};
  device.last_sequence = 12;
  device.installed = {{kEngine, {"7.11", *Digest::from_hex(std::string(64, 'b'))}}};
  return device;
}

TEST(DeviceRecords, SurviveTheRoundTrip) {
  const auto again = decode_device(encode(device()));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(encode(*again), encode(device()));
  EXPECT_EQ(again->ring, statement::Ring::canary);
  EXPECT_EQ(again->last_sequence, 12U);
  EXPECT_EQ(again->installed.at(kEngine).version, "7.11");
}

TEST(DeviceRecords, SurviveTheRoundTripWithNothingInstalled) {
  Device bare = device();
  bare.installed.clear();
  const auto again = decode_device(encode(bare));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_TRUE(again->installed.empty());
}

TEST(DeviceRecords, NameTheComponentThatIsNone) {
  json::Value value = *json::parse(encode(device()));
  value["installed"]["engine"] = value["installed"]["sensor.engine"];
  const auto decoded = decode_device(json::compact(value));
  ASSERT_FALSE(decoded.ok());
  EXPECT_NE(decoded.error().detail.find("device.installed.engine: 'engine' is not a component"),
            std::string::npos)
      << decoded.error().detail;
}

TEST(DeviceRecords, RefuseEveryMissingField) {
  const json::Value value = *json::parse(encode(device()));
  for (auto it = value.begin(); it != value.end(); ++it) {
    json::Value without = value;
    without.erase(it.key());
    EXPECT_FALSE(decode_device(json::compact(without)).ok()) << it.key();
  }
}

TEST(Strata, AreDevicesAlikeInSystemArchitectureAndCoreBuild) {
  EXPECT_EQ(stratum_name(device(), kEngine), "linux amd64 sensor.engine 7.11");
  EXPECT_EQ(stratum_name(device(), std::nullopt), "linux amd64");
  Device bare = device();
  bare.installed.clear();
  EXPECT_EQ(stratum_name(bare, kEngine), "linux amd64 sensor.engine none");
}

}  // namespace
}  // namespace fb::fleet
