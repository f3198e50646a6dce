#include "publisher/openpgp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/manual_clock.h"
#include "sim/memory_files.h"

namespace fb::publisher {
namespace {

using testing::HasSubstr;

const std::string kKey = "5C671F7AA3D52DAD604325F6853A6267BCFED5B4";
const std::string kSub = "1D8AEDAF01324070C770E933757A2B1042E44831";
const std::string kNew = "[GNUPG:] NEWSIG\n";
const std::string kGood = "[GNUPG:] GOODSIG 853A6267BCFED5B4 Ann <ann@example.com>\n";
const std::string kArmored = "-----BEGIN PGP SIGNATURE-----\n\nxx\n-----END PGP SIGNATURE-----\n";

std::string valid(const std::string& cls = "00") {
  return "[GNUPG:] VALIDSIG " + kSub + " 2026-11-25 1795638816 0 4 0 22 8 " + cls + " " + kKey +
         "\n";
}

port::RunResult ran(const std::string& output, int code = 0) { return {{code, 0}, false, output}; }

TEST(OpenPgp, CountsOneGoodSignatureForThePrimaryKey) {
  const auto verdict =
      read_gpgv(ran(kNew + "gpgv: Signature made today\n" + kGood + "gpgv: Good\n" + valid()));
  EXPECT_TRUE(verdict.good()) << verdict.reason;
  EXPECT_EQ(verdict.fingerprint, kKey);
}

TEST(OpenPgp, CountsNothingElse) {
  struct Row {
    const char* what;
    port::RunResult run;
    const char* reason;
  };
  const std::string expired = "[GNUPG:] EXPKEYSIG 757A2B1042E44831 Old <old@example.com>\n";
  const std::string revoked = "[GNUPG:] REVKEYSIG 757A2B1042E44831 Old <old@example.com>\n";
  const std::string late = "[GNUPG:] EXPSIG 757A2B1042E44831 Old <old@example.com>\n";
  const std::string bad = "[GNUPG:] BADSIG 757A2B1042E44831 Old <old@example.com>\n";
  const std::string unknown =
      "[GNUPG:] ERRSIG 757A2B1042E44831 22 8 00 17956 9 -\n"
      "[GNUPG:] NO_PUBKEY 757A2B1042E44831\n";
  const std::string weak = "[GNUPG:] ERRSIG 757A2B1042E44831 22 2 00 17956 5 -\n";
  const Row rows[] = {
      {"silence", ran(""), "exactly one signature is expected, not 0"},
      {"success without status lines", ran("gpgv: Good signature\n"), "exactly one"},
      {"other bytes", ran(kNew + bad + "gpgv: BAD signature from \"Old\"\n", 1),
       "not a signature over these bytes; gpgv says: BAD signature from \"Old\""},
      {"no key", ran(kNew + unknown + "gpgv: Can't check signature: No public key\n", 2),
       "its key is not in the keyring; gpgv says: Can't check signature: No public key"},
      {"an algorithm that is refused", ran(kNew + weak + "gpgv: Invalid digest algorithm\n", 2),
       "gpgv cannot check it; gpgv says: Invalid digest algorithm"},
      {"an expired key, which gpgv calls a success", ran(kNew + expired + valid()), "has expired"},
      {"an expired signature", ran(kNew + late + valid()), "it has expired"},
      {"a revoked key", ran(kNew + revoked + valid()), "its key was revoked"},
      {"two good ones", ran(kNew + kGood + valid() + kNew + kGood + valid()),
       "exactly one signature is expected, not 2"},
      {"a good one and an expired one", ran(kNew + kGood + valid() + kNew + expired + valid()),
       "has expired"},
      {"a good one and one that nobody speaks of", ran(kNew + kGood + valid() + kNew),
       "exactly one signature is expected, not 2"},
      {"good, and yet a failure", ran(kNew + kGood + valid() + "gpgv: out of core\n", 2),
       "exit code 2; gpgv says: out of core"},
      {"valid but not good", ran(kNew + valid()), "exactly one"},
      {"good but not valid", ran(kNew + kGood), "exactly one"},
      {"over text", ran(kNew + kGood + valid("01")), "over text, not over bytes"},
      {"without the primary key", ran(kNew + kGood + "[GNUPG:] VALIDSIG " + kKey + " x\n"),
       "fingerprint"},
      {"status words inside a sentence", ran(kNew + "gpgv: [GNUPG:] GOODSIG 1\ngpgv: " + valid()),
       "exactly one"},
      {"more than is kept", ran(kNew + kGood + valid() + std::string(4096, 'x')), "said more"},
      {"no end", {{0, 9}, true, kNew + kGood + valid()}, "did not end within 30 s"},
      {"a crash", {{0, 11}, false, kNew + kGood + valid()}, "signal 11"},
  };
  for (const Row& row : rows) {
    const auto verdict = read_gpgv(row.run);
    EXPECT_FALSE(verdict.good()) << row.what;
    EXPECT_THAT(verdict.reason, HasSubstr(row.reason)) << row.what;
  }
}

// Looks at what gpgv is given, and says what the test wants.
class FakeGpgv final : public port::Sandbox {
 public:
  explicit FakeGpgv(sim::MemoryFiles& files) : files_(files) {}
  Result<port::RunResult> run(const port::Command& command, const port::RunLimits&) override {
    commands.push_back(command.argv);
    if (missing) return Error{ErrorCode::not_found, "no program 'gpgv' in /usr/bin"};
    const auto names = files_.list("cache");
    for (const auto& name : *names) {
      for (const char* file : {"signature.asc", "content", "keys.gpg"})
        seen.push_back(*files_.read("cache/" + name + "/" + file, 100));
    }
    return answer;
  }

  std::vector<std::vector<std::string>> commands;
  std::vector<std::string> seen;
  port::RunResult answer = ran(kNew + kGood + valid());
  bool missing = false;

 private:
  sim::MemoryFiles& files_;
};

class OpenPgpRun : public ::testing::Test {
 protected:
  sim::MemoryFiles files;
  sim::SeededEntropy entropy{7};
  FakeGpgv gpgv{files};
  OpenPgp openpgp{files, entropy, gpgv};
};

TEST_F(OpenPgpRun, GivesGpgvCopiesAndTakesThemAwayAgain) {
  const auto verdict = openpgp.verify({kArmored, "the artifact", "keys"});
  ASSERT_TRUE(verdict.ok()) << verdict.error().detail;
  EXPECT_EQ(verdict->fingerprint, kKey);
  EXPECT_EQ(gpgv.seen, (std::vector<std::string>{kArmored, "the artifact", "keys"}));
  EXPECT_TRUE(files.list("cache")->empty()) << "nothing is left";

  const auto& words = gpgv.commands.at(0);
  EXPECT_EQ(words.at(0), "gpgv");
  EXPECT_THAT(words, testing::IsSupersetOf({"--keyring", "--status-fd", "--weak-digest", "SHA1"}));
  EXPECT_EQ(words.at(words.size() - 3), "--") << "no file is taken for an option";
}

TEST_F(OpenPgpRun, SaysWhereGpgvComesFromWhenThereIsNone) {
  gpgv.missing = true;
  const auto verdict = openpgp.verify({kArmored, "the artifact", "keys"});
  ASSERT_FALSE(verdict.ok());
  EXPECT_EQ(verdict.error().code, ErrorCode::not_found);
  EXPECT_THAT(verdict.error().detail, HasSubstr("the Debian package `gpgv`"));
  EXPECT_TRUE(files.list("cache")->empty());
}

TEST_F(OpenPgpRun, RefusesWhatGpgvWouldMisread) {
  const auto armored = openpgp.verify({kArmored, "x", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n"});
  ASSERT_FALSE(armored.ok());
  EXPECT_EQ(armored.error().code, ErrorCode::bad_usage);
  EXPECT_FALSE(openpgp.verify({"-----BEGIN PGP MESSAGE-----\n", "x", "keys"}).ok());
  EXPECT_TRUE(gpgv.commands.empty());
}

TEST_F(OpenPgpRun, LeavesNothingBehindWhenTheDiskIsFull) {
  for (std::uint64_t n = 1; n <= 3; ++n) {
    files.fail_change(n, sim::DoorFault::no_space, sim::Afterwards::works);
    const auto verdict = openpgp.verify({kArmored, "x", "keys"});
    ASSERT_FALSE(verdict.ok()) << n;
    EXPECT_EQ(verdict.error().code, ErrorCode::no_space) << n;
    EXPECT_TRUE(files.everything().empty()) << n;
  }
  EXPECT_TRUE(gpgv.commands.empty());
}

TEST_F(OpenPgpRun, TellsItsVersion) {
  gpgv.answer = ran("gpgv (GnuPG) 2.2.40\nlibgcrypt 1.10.1\n");
  EXPECT_EQ(*openpgp.version(), "gpgv (GnuPG) 2.2.40");
  gpgv.answer = ran("\n");
  EXPECT_FALSE(openpgp.version().ok());
}

}  // namespace
}  // namespace fb::publisher
