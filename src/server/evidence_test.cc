// Evidence: whose word about which artifact is taken, how often, and what is left of it after a
// restart.
#include "statement/evidence.h"
#include "server/lab_test.h"

namespace fb::server {
namespace {

using statement::Evidence;
using statement::OpenPgpSignature;

const std::string kArmored = "-----BEGIN PGP SIGNATURE-----\n\niHUE\n-----END PGP SIGNATURE-----\n";

// A server with one release of the channel, whose artifact is channel.bin.
class EvidenceLab : public ::testing::Test {
 protected:
  static Evidence about(const std::string& name, const std::string& bytes, char digit = 'A') {
    return {{name, crypto::sha256(bytes)},
            OpenPgpSignature{kArmored, std::string(40, digit), "gpgv (GnuPG) 2.2.40"}};
  }
  statement::Envelope sign(const Evidence& evidence, const std::string& who) {
    return *statement::seal(statement::kInTotoType, statement::encode(evidence), lab.signer(who));
  }
  port::ServerResponse post(const std::string& body, const std::string& where) {
    return lab.send("POST", "/api/v1/releases/" + where + "/evidence", body);
  }
  port::ServerResponse post(const statement::Envelope& envelope) {
    return post(json::compact(statement::encode(envelope)), release.text());
  }
  json::Value shown() { return lab.get("/api/v1/releases/" + release.text())["evidence"]; }

  Lab lab;
  Digest release = lab.publish_channel("291");
  Evidence good = about("channel.bin", "channel 291");
};

TEST_F(EvidenceLab, OfOneOfOurPeopleIsShownWithTheReleaseAndStandsInTheLog) {
  const auto envelope = sign(good, "rita");
  const auto response = post(envelope);
  EXPECT_EQ(response.status, 201) << response.body;
  EXPECT_EQ(json::parse(response.body)->value("result", ""), "recorded");

  const json::Value line = shown().at(0);
  EXPECT_EQ(line["person"], "rita");
  EXPECT_EQ(line["artifact"], "channel.bin");
  EXPECT_EQ(line["digest"], crypto::sha256("channel 291").text());
  EXPECT_EQ(line["fingerprint"], std::string(40, 'A'));
  EXPECT_FALSE(line.contains("envelope")) << "a list of releases stays small";
  const json::Value all = lab.get("/api/v1/releases/" + release.text() + "/evidence");
  EXPECT_EQ(all["evidence"].at(0)["envelope"], statement::encode(envelope));

  const auto entries = lab.log("evidence");
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].data["release"], release.text());
  EXPECT_EQ(entries[0].data["person"], "rita");
  EXPECT_EQ(entries[0].data["envelope"], statement::encode(envelope));
}

TEST_F(EvidenceLab, IsRefusedFromStrangersAndForgersAndAboutOtherBytes) {
  auto bent = sign(good, "rita");
  bent.payload += " ";
  const auto act = lab.sign(lab.act(statement::ActKind::approve, "rita", release), "rita");
  const auto no_evidence = *statement::seal(statement::kInTotoType, "{}", lab.signer("rita"));
  struct Row {
    const char* what;
    statement::Envelope envelope;
    const char* rule;
  };
  const Row rows[] = {
      {"a stranger", sign(good, "nobody we know"), "bad_signature"},
      {"changed afterwards", bent, "bad_signature"},
      {"an approval", act, "mismatch"},
      {"no evidence, of a stranger",
       *statement::seal(statement::kInTotoType, "{}", lab.signer("nobody we know")),
       "bad_signature"},
      {"no evidence, of a person", no_evidence, "malformed"},
      {"other bytes", sign(about("channel.bin", "channel 290"), "rita"), "mismatch"},
      {"another artifact", sign(about("other.bin", "channel 291"), "rita"), "mismatch"},
  };
  for (const Row& row : rows) EXPECT_EQ(Lab::rule_of(post(row.envelope)), row.rule) << row.what;
  EXPECT_EQ(shown().size(), 0U);
  EXPECT_EQ(lab.log("evidence").size(), 0U);
  EXPECT_EQ(lab.log("refused").size(), std::size(rows)) << "each refusal stands in the log";
}

TEST_F(EvidenceLab, IsRefusedAboutNoReleaseWithoutTheTokenAndWhenItIsTooLarge) {
  const std::string body = json::compact(statement::encode(sign(good, "rita")));
  EXPECT_EQ(Lab::rule_of(post(body, crypto::sha256("no such release").text())), "not_found");
  EXPECT_EQ(Lab::rule_of(post(body, "291")), "malformed");
  EXPECT_EQ(Lab::rule_of(post("{", release.text())), "malformed");
  const std::string path = "/api/v1/releases/" + release.text() + "/evidence";
  EXPECT_EQ(lab.send("POST", path, body, "no token").status, 401);
  EXPECT_EQ(lab.send("PUT", path, body).status, 405);
  const std::string large = body + std::string(limits::kEvidenceBytes - body.size(), ' ');
  EXPECT_EQ(Lab::rule_of(post(large + " ", release.text())), "too_large");
  EXPECT_EQ(Lab::rule_of(post(large, release.text())), "accepted") << "the largest there is";
}

TEST_F(EvidenceLab, IsRecordedOnceHoweverOftenItIsSentAndByEachPerson) {
  const auto envelope = sign(good, "rita");
  EXPECT_EQ(post(envelope).status, 201);
  const auto again = post(envelope);
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(json::parse(again.body)->value("result", ""), "recorded before");
  EXPECT_EQ(shown().size(), 1U);
  EXPECT_EQ(post(sign(good, "otto")).status, 201) << "another person's word";
  EXPECT_EQ(post(sign(about("channel.bin", "channel 291", 'B'), "rita")).status, 201);
  EXPECT_EQ(lab.log("evidence").size(), 3U);
  lab.restart();
  EXPECT_EQ(shown().size(), 3U) << "it is there after a restart";
  EXPECT_EQ(post(envelope).status, 200) << "and known";
}

TEST_F(EvidenceLab, IsRecordedWithTheLogOrNotAtAll) {
  lab.store.full = true;
  EXPECT_EQ(Lab::rule_of(post(sign(good, "rita"))), "no_space");
  lab.store.full = false;
  lab.settle();
  EXPECT_EQ(shown().size(), 0U);
  EXPECT_EQ(post(sign(good, "rita")).status, 201);
  EXPECT_EQ(lab.log("evidence").size(), 1U);
}

TEST_F(EvidenceLab, HasABoundForEachRelease) {
  static_assert(limits::kEvidencePerRelease <= 32);
  const std::string digits = "0123456789ABCDEF";
  for (std::size_t i = 0; i < limits::kEvidencePerRelease; ++i) {
    const auto mine =
        sign(about("channel.bin", "channel 291", digits[i % 16]), i < 16 ? "rita" : "otto");
    ASSERT_EQ(post(mine).status, 201) << i;
  }
  const auto one_more = sign(good, "sven");
  EXPECT_EQ(Lab::rule_of(post(one_more)), "too_many");
  EXPECT_EQ(post(sign(good, "rita")).status, 200) << "what is there is still known";
  release = lab.publish_channel("292");
  EXPECT_EQ(post(sign(about("channel.bin", "channel 292"), "sven")).status, 201);
}

TEST_F(EvidenceLab, OpensNoGate) {
  EXPECT_EQ(post(sign(good, "rita")).status, 201);
  lab.beat();
  EXPECT_EQ(Lab::rule_of(lab.order(statement::ActKind::start, "otto", release)), "conflict");
}

}  // namespace
}  // namespace fb::server
