#include "event_source.h"

#include <unistd.h>

#include <string>

#include <gtest/gtest.h>

#include "engine.h"
#include "options.h"
#include "test_channels.h"

namespace sensor {
namespace {

bool fits_schema(const Event& event) {
  const auto schema = schema_of(event.kind);
  if (event.fields.size() != schema.size()) return false;
  for (std::size_t i = 0; i < schema.size(); ++i) {
    const bool text = std::holds_alternative<std::string>(event.fields[i]);
    if (text != (schema[i].type == FieldType::kString)) return false;
  }
  return true;
}

TEST(SyntheticEvents, FitTheSchemaAndDependOnTheSeedAlone) {
  SyntheticEvents one(42);
  SyntheticEvents same(42);
  SyntheticEvents other(43);
  int different = 0;
  for (int i = 0; i < 1000; ++i) {
    const Event event = one.next();
    EXPECT_TRUE(fits_schema(event));
    EXPECT_EQ(event.fields, same.next().fields);
    different += event.fields == other.next().fields ? 0 : 1;
  }
  EXPECT_GT(different, 900);
}

TEST(SyntheticEvents, BringTheBeaconWithinASecondAtTheDefaultRate) {
  const Options defaults;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Engine engine(channel_of(shipped_rules(291)));
    SyntheticEvents events(seed);
    bool beacon = false;
    for (std::uint32_t i = 0; i < defaults.rate; ++i) {
      for (const Rule* rule : engine.scan(events.next()))
        beacon = beacon || rule->name == "beacon_pipe";
    }
    EXPECT_TRUE(beacon) << "seed " << seed;
  }
}

TEST(EventLine, GivesAnEventOrTheReason) {
  const auto good = parse_event_line("file\twrite\t/tmp/x\tsh\t7\troot\t-1");
  ASSERT_TRUE(std::holds_alternative<Event>(good));
  EXPECT_TRUE(fits_schema(std::get<Event>(good)));
  const struct {
    const char* line;
    const char* reason;
  } cases[] = {
      {"disk\tx", "no kind of event is called 'disk'"},
      {"file\twrite", "the event ends before field path"},
      {"file\twrite\t/tmp/x\tsh\tseven\troot\t1", "field pid is not an integer"},
      {"file\twrite\t/tmp/x\tsh\t7\troot\t1\tmore",
       "the event has more fields than file events have"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(std::get<Refusal>(parse_event_line(c.line)).reason, c.reason);
}

TEST(LineEvents, YieldWholeLinesThenWaitThenEnd) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(pipe(ends), 0);
  LineEvents events(ends[0]);
  const auto say = [&](const std::string& text) {
    ASSERT_EQ(write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  };
  const auto pull = [&] { return events.next(std::chrono::steady_clock::now()); };
  say("# comment\nfile\twrite\t/a\tsh\t7\troot\t1\nfile\twrite");
  EXPECT_TRUE(std::holds_alternative<Quiet>(pull()));
  EXPECT_TRUE(std::holds_alternative<Event>(pull()));
  EXPECT_TRUE(std::holds_alternative<Quiet>(pull()));
  say("\t/b\tsh\t7\troot\t1");
  close(ends[1]);
  EXPECT_TRUE(std::holds_alternative<Event>(pull()));
  EXPECT_TRUE(std::holds_alternative<Ended>(pull()));
}

}  // namespace
}  // namespace sensor
