// The engine as built for 7.12; what 7.11 does differently kills the process and is shown in
// programs_test.cc.
#include "engine.h"

#include <string>

#include <gtest/gtest.h>

#include "event_source.h"
#include "supply.h"
#include "test_channels.h"

namespace sensor {
namespace {

std::string ipc_type(std::size_t fields) {
  std::string text = "channel 1\ntype ipc\n";
  const auto schema = schema_of(EventKind::kIpc);
  for (std::size_t i = 0; i < fields; ++i) {
    const bool integer = i < schema.size() && schema[i].type == FieldType::kInteger;
    text += integer ? " integer f\n" : " string f\n";
  }
  return text;
}

std::string reason_of(const std::string& text) {
  const auto refusal = refusal_of(channel_of(text));
  return refusal ? refusal->reason : "runs";
}

Event an_event() {
  return {.kind = EventKind::kFile,
          .fields = {"write", "/etc/x", "sh", std::int64_t{7}, "u", std::int64_t{9}}};
}

TEST(Engine, FindsTheRulesWhoseTestsAllPass) {
  const std::string type =
      "channel 1\ntype file\n string o\n string p\n string i\n integer d\n string u\n integer s\n";
  Engine engine(channel_of(type +
                           "rule exact over file\n 1 exact \"write\"\n"
                           "rule prefix over file\n 1 prefix \"wr\"\n 2 prefix \"/etc\"\n"
                           "rule contains over file\n 2 contains \"tc\"\n"
                           "rule like over file\n 3 like \"^[a-s]h$\"\n"
                           "rule range over file\n 4 range 7 7\n 6 range -1 9\n"
                           "rule no_exact over file\n 1 exact \"writ\"\n"
                           "rule no_prefix over file\n 2 prefix \"etc\"\n"
                           "rule no_contains over file\n 2 contains \"var\"\n"
                           "rule no_like over file\n 3 like \"^h\"\n"
                           "rule no_range over file\n 4 range 8 9\n"
                           "rule no_second over file\n 1 exact \"write\"\n 5 exact \"v\"\n"));
  std::string names;
  for (const Rule* rule : engine.scan(an_event())) names += rule->name + " ";
  EXPECT_EQ(names, "exact prefix contains like range ");
}

TEST(Engine, RefusesRulesThatReadMoreThanIsSupplied) {
  EXPECT_EQ(reason_of(ipc_type(22) + "rule r over ipc\n 21 exact \"x\"\n 22 any\n"), "runs");
  EXPECT_EQ(reason_of(ipc_type(22) + "rule r over ipc\n 22 exact \"x\"\n"),
            "rule r reads field 22 of ipc, build 7.12 supplies 21");
}

TEST(Engine, RefusesInputsThatItDoesNotHaveAndTypesThatDiffer) {
  EXPECT_EQ(reason_of("channel 1\ntype disk\n string f\nrule r over disk\n 1 exact \"x\"\n"),
            "rule r is over disk, which is no input of this engine");
  EXPECT_EQ(reason_of("channel 1\ntype file\n integer f\nrule r over file\n 1 range 1 2\n"),
            "type file declares field 1 as integer, build 7.12 supplies string");
}

TEST(InputBlock, AnswersNullPastTheLastInput) {
  const Event event = an_event();
  InputBlock inputs;
  EXPECT_EQ(inputs.at(0), nullptr);
  inputs.supply(event);
  for (std::size_t field = 0; field < event.fields.size(); ++field)
    EXPECT_EQ(inputs.at(field), &event.fields[field]);
  EXPECT_EQ(inputs.at(event.fields.size()), nullptr);
}

}  // namespace
}  // namespace sensor
