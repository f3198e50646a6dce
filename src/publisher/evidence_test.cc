#include "publisher/evidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "publisher/desk_sim_test.h"
#include "publisher/release_sim_test.h"
#include "publisher/signing.h"
#include "publisher/trust.h"
#include "statement/evidence.h"

namespace fb::publisher {
namespace {

using testing::HasSubstr;

const std::string kArmored = "-----BEGIN PGP SIGNATURE-----\n\nxx\n-----END PGP SIGNATURE-----\n";

// A gpgv that finds the signature good for one key over one content.
class Gpgv final : public port::Sandbox {
 public:
  explicit Gpgv(sim::MemoryFiles& files) : files_(files) {}
  Result<port::RunResult> run(const port::Command& command, const port::RunLimits&) override {
    if (command.argv.at(1) == "--version")
      return port::RunResult{{}, false, "gpgv (GnuPG) 2.2.40\n"};
    const std::string path = command.argv.back().substr(command.argv.back().find("cache/"));
    if (*files_.read(path, 1U << 20U) != signs)
      return port::RunResult{{1, 0}, false, "[GNUPG:] NEWSIG\n[GNUPG:] BADSIG 1 Ann\ngpgv: BAD\n"};
    return port::RunResult{{},
                           false,
                           "[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG 1 Ann\n[GNUPG:] VALIDSIG " + key +
                               " d 1 0 4 0 22 8 00 " + key + "\n"};
  }
  std::string signs, key = std::string(40, 'A');

 private:
  sim::MemoryFiles& files_;
};

// A desk whose server has published sensor.channel 290 and keeps the evidence that is posted.
class EvidenceDesk : public ::testing::Test {
 protected:
  EvidenceDesk() {
    FB_CHECK(save_draft(test.home, draft).ok());
    FB_CHECK(sign_draft(desk, draft).ok());
    test.take("content", *test.home.read("drafts/sensor.channel-290/content.json", 1U << 20U));
    serve(release::manifest_path(draft.manifest), draft.manifest_bytes);
    for (const auto& [name, bytes] : draft.artifacts)
      serve(release::target_path(draft.manifest, name), bytes);
    gpgv.signs = draft.artifacts.begin()->second;
    test.server.answer("GET /api/v1/releases", {{"releases", {record(draft.release)}}});
    test.server.answers["POST " + path] = [this](const port::HttpRequest& request) {
      const auto posted = *json::parse(request.body);
      const auto payload = *from_base64(posted["payload"].get<std::string>());
      stored.push_back({{"person", "reviewer"},
                        {"artifact", "channel.bin"},
                        {"predicate_type", "openpgp"},
                        {"envelope", posted}});
      return port::HttpResponse{201, {}, R"({"result":"recorded","person":"reviewer"})"};
    };
    test.server.answers["GET " + path] = [this](const port::HttpRequest&) {
      return port::HttpResponse{200, {}, json::compact({{"evidence", stored}})};
    };
  }
  static json::Value record(const Digest& release) {
    return {{"release", release.text()},
            {"component", "sensor.channel"},
            {"version", "290"},
            {"kind", "content"}};
  }
  void serve(const std::string& target, const std::string& bytes) {
    test.server.files["/tuf/targets/" + tuf::hashed_name(target, crypto::sha256(bytes).hex())] =
        bytes;
  }
  EvidenceOrder order() {
    EvidenceOrder out;
    out.release = {"sensor.channel", "290"};
    out.signature = kArmored;
    out.keyring = "keys";
    out.key = *test.home.read("people/reviewer.pem", 4096);
    return out;
  }
  Result<Outcome> verify() {
    return verify_evidence(desk, openpgp, {"sensor.channel-290"}, "keys");
  }
  // What verify says of a statement that somebody made by hand.
  std::string objection_to(const statement::Evidence& evidence, const std::string& key) {
    const auto envelope = statement::seal(statement::kInTotoType, statement::encode(evidence),
                                          *test.keys.open(key, "").value());
    stored = json::Value::array({{{"envelope", statement::encode(*envelope)}}});
    const auto outcome = verify();
    if (!outcome.ok()) return outcome.error().detail;
    return (outcome->answer == Answer::yes ? "holds" : "no: ") +
           outcome->document["evidence"][0]["reason"].get<std::string>();
  }

  Draft draft = made(channel_order("290", "1,2"));
  TestDesk test;
  Desk desk = test.desk();
  Gpgv gpgv{test.home};
  OpenPgp openpgp{test.home, test.entropy, gpgv};
  std::string path = "/api/v1/releases/" + draft.release.text() + "/evidence";
  json::Value stored = json::Value::array();
};

TEST_F(EvidenceDesk, PostsWhatGpgvFoundGoodUnderThePersonsSignature) {
  const auto outcome = add_evidence(desk, openpgp, order());
  ASSERT_TRUE(outcome.ok()) << outcome.error().detail;
  EXPECT_EQ(outcome->answer, Answer::yes) << outcome->text;

  const auto envelope = statement::decode_envelope(stored.at(0).at("envelope"));
  const auto trusted = refresh_trust(desk);
  const auto people =
      statement::decode_people(*trusted_file(desk, *trusted, statement::kPeoplePath));
  const auto posted = statement::verify_evidence(*envelope, *people);
  ASSERT_TRUE(posted.ok()) << posted.error().detail;
  EXPECT_EQ(posted->person.text(), "reviewer");
  EXPECT_EQ(posted->evidence.subject.name, "channel.bin");
  EXPECT_EQ(posted->evidence.subject.digest, draft.manifest.artifacts[0].digest);
  const auto& finding = std::get<statement::OpenPgpSignature>(posted->evidence.finding);
  EXPECT_EQ(finding.signature, kArmored);
  EXPECT_EQ(finding.fingerprint, std::string(40, 'A'));
  EXPECT_EQ(finding.verifier, "gpgv (GnuPG) 2.2.40");

  const auto verdict = verify();
  ASSERT_TRUE(verdict.ok()) << verdict.error().detail;
  EXPECT_EQ(verdict->answer, Answer::yes) << verdict->text;
  EXPECT_THAT(verdict->text, HasSubstr("of " + std::string(40, 'A') + ", vouched for by reviewer"));
}

TEST_F(EvidenceDesk, PostsNothingWhenTheSignatureIsNotGood) {
  gpgv.signs = "other bytes";
  const auto outcome = add_evidence(desk, openpgp, order());
  ASSERT_TRUE(outcome.ok()) << outcome.error().detail;
  EXPECT_EQ(outcome->answer, Answer::no);
  EXPECT_THAT(outcome->text, HasSubstr("not a signature over these bytes; gpgv says: BAD"));
  EXPECT_EQ(test.server.sent("POST", path), nullptr);
}

TEST_F(EvidenceDesk, AsksWhichArtifactAndRefusesOneThatIsNotThere) {
  EvidenceOrder wrong = order();
  wrong.artifact = "other.bin";
  const auto outcome = add_evidence(desk, openpgp, wrong);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::bad_usage);
  EXPECT_THAT(outcome.error().detail, HasSubstr("none of: channel.bin"));
  wrong.artifact = "channel.bin";
  EXPECT_TRUE(add_evidence(desk, openpgp, wrong).ok());
}

TEST_F(EvidenceDesk, BelievesTheSignedManifestAndNotTheServer) {
  test.server.answer("GET /api/v1/releases",
                     {{"releases", {record(crypto::sha256("another manifest"))}}});
  const auto outcome = add_evidence(desk, openpgp, order());
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::mismatch);
}

TEST_F(EvidenceDesk, IsVerifiedAnewInEveryPart) {
  const std::string reviewer = order().key;
  const statement::Evidence good{{"channel.bin", draft.manifest.artifacts[0].digest},
                                 statement::OpenPgpSignature{kArmored, gpgv.key, "gpgv"}};
  EXPECT_EQ(objection_to(good, reviewer), "holds");
  EXPECT_THAT(objection_to(good, "nobody's key"), HasSubstr("signed by nobody"));
  statement::Evidence other = good;
  other.subject.digest = crypto::sha256("other bytes");
  EXPECT_THAT(objection_to(other, reviewer), HasSubstr("no artifact of this release"));
  other = good;
  other.subject.name = "other.bin";
  EXPECT_THAT(objection_to(other, reviewer), HasSubstr("no artifact of this release"));
  other = good;
  std::get<statement::OpenPgpSignature>(other.finding).fingerprint = std::string(40, 'B');
  EXPECT_THAT(objection_to(other, reviewer), HasSubstr("the signature is that of AAAA"));
  gpgv.signs = "what the release does not have";
  EXPECT_THAT(objection_to(good, reviewer), HasSubstr("not a signature over these bytes"));
}

TEST_F(EvidenceDesk, SaysNoWhenThereIsNone) {
  const auto outcome = verify();
  ASSERT_TRUE(outcome.ok()) << outcome.error().detail;
  EXPECT_EQ(outcome->answer, Answer::no);
  const auto list = list_evidence(desk.server, {"sensor.channel-290"});
  ASSERT_TRUE(list.ok()) << list.error().detail;
  EXPECT_THAT(list->text, HasSubstr("no evidence"));
}

}  // namespace
}  // namespace fb::publisher
