#include "agent/rhythm.h"

#include <gtest/gtest.h>

namespace fb::agent {
namespace {

constexpr Millis kBeat = minutes(5);

Millis exactly(Millis pause) { return pause; }
constexpr Uptime at(Millis since) { return {since.ms}; }

// Its first beat is answered at zero: the next one is due five minutes later.
Rhythm beating(Millis heartbeat = kBeat) {
  Rhythm rhythm{Uptime()};
  rhythm.spoke(Uptime());
  rhythm.answered(Uptime(), heartbeat, exactly);
  return rhythm;
}

install::Report report(install::ReportKind kind) {
  install::Report report;
  report.kind = kind;
  return report;
}

TEST(Rhythm, BeatsAsFarApartAsTheServerSays) {
  Rhythm rhythm = beating();
  EXPECT_EQ(rhythm.due(), at(kBeat));
  EXPECT_EQ(rhythm.heartbeat(), kBeat);
  rhythm.spoke(at(kBeat));
  rhythm.answered(at(kBeat), minutes(1), exactly);
  EXPECT_EQ(rhythm.due(), at(minutes(6)));
  EXPECT_EQ(rhythm.heartbeat(), minutes(1));
}

TEST(Rhythm, TellsHarmAtOnceAndOtherNewsSoon) {
  using install::ReportKind;
  EXPECT_FALSE(haste_of({}));
  EXPECT_EQ(haste_of({report(ReportKind::healthy)}), Haste::usual);
  EXPECT_EQ(haste_of({report(ReportKind::activated), report(ReportKind::crashed)}), Haste::urgent);
  Rhythm rhythm = beating();
  rhythm.hasten(Haste::usual);
  EXPECT_EQ(rhythm.due(), at(seconds(30)));
  rhythm.hasten(Haste::urgent);
  EXPECT_EQ(rhythm.due(), at(milliseconds(100)));
  rhythm.hasten(Haste::usual);
  EXPECT_EQ(rhythm.due(), at(milliseconds(100)));
}

TEST(Rhythm, NewsDoesNotMakeTheHeartbeatShorter) {
  Rhythm rhythm = beating();
  rhythm.spoke(at(minutes(2)));
  rhythm.answered(at(minutes(2)), minutes(3), exactly);
  EXPECT_EQ(rhythm.due(), at(kBeat));
  EXPECT_EQ(rhythm.heartbeat(), kBeat);
}

TEST(Rhythm, NewsThatIsLostPutsOffNoBeat) {
  Rhythm rhythm = beating();
  rhythm.spoke(at(minutes(3)));
  EXPECT_EQ(rhythm.missed(at(minutes(3)), exactly), minutes(2));
  EXPECT_EQ(rhythm.due(), at(kBeat));
  rhythm.spoke(at(kBeat));
  EXPECT_EQ(rhythm.missed(at(kBeat), exactly), kBeat);
  EXPECT_EQ(rhythm.due(), at(kBeat * 2)) << "a beat that is lost";
}

TEST(Rhythm, IsInNoHasteWhileNobodyAnswers) {
  Rhythm rhythm = beating();
  rhythm.spoke(at(kBeat));
  rhythm.missed(at(kBeat), exactly);
  rhythm.hasten(Haste::urgent);
  EXPECT_EQ(rhythm.due(), at(kBeat * 2));
}

TEST(Rhythm, PausesLongerWhereHeartbeatsAreShort) {
  Rhythm rhythm = beating(seconds(5));
  Uptime now = rhythm.due();
  for (const int pause : {5, 5, 8, 16, 32, 64, 80, 80}) {
    rhythm.spoke(now);
    EXPECT_EQ(rhythm.missed(now, exactly), seconds(pause));
    now = rhythm.due();
  }
}

}  // namespace
}  // namespace fb::agent
