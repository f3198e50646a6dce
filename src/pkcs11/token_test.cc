// Against SoftHSM in a folder of its own: keys are made in the token, sign, and verify with crypto.
#include "pkcs11/token.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

// SoftHSM leaks the curve's name of each key it makes; ours is checked all the same.
extern "C" const char* __asan_default_options();
extern "C" const char* __lsan_default_suppressions();
const char* __asan_default_options() { return "fast_unwind_on_malloc=0"; }
const char* __lsan_default_suppressions() { return "leak:libsofthsm2\n"; }

namespace fb::pkcs11 {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModule = "/usr/lib/softhsm/libsofthsm2.so";

class Token : public ::testing::Test {
 protected:
  void SetUp() override {
    // Kept loaded to the end, so that a leak of its is known for its own.
    ASSERT_NE(dlopen(kModule, RTLD_NOW | RTLD_NODELETE), nullptr)
        << kModule << " is not installed (package softhsm2, which ./dev setup brings)";
    std::string folder = fs::temp_directory_path() / "firebreak-token-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    fs::create_directory(folder_ / "tokens");
    std::ofstream(folder_ / "softhsm2.conf")
        << "directories.tokendir = " << (folder_ / "tokens").string() << "\nlog.level = ERROR\n";
    setenv("SOFTHSM2_CONF", (folder_ / "softhsm2.conf").c_str(), 1);
    const std::string make =
        "softhsm2-util --init-token --free --label ada --so-pin 4321 --pin 1234 >/dev/null";
    ASSERT_EQ(std::system(make.c_str()), 0);
  }
  void TearDown() override {
    if (!folder_.empty()) fs::remove_all(folder_);
  }
  static std::string uri(const std::string& object) {
    return "pkcs11:token=ada;object=" + object + "?module-path=" + kModule;
  }
  fs::path folder_;
};

TEST_F(Token, MakesKeysThatSignAsTheirPublicHalvesVerify) {
  for (const auto type : {crypto::KeyType::ed25519, crypto::KeyType::ecdsa_p256}) {
    const std::string name = type == crypto::KeyType::ed25519 ? "core-1" : "core-2";
    const auto made = generate(uri(name), type, "1234");
    ASSERT_TRUE(made.ok()) << made.error().detail;
    EXPECT_EQ(made->type, type);
    const auto signer = open_signer(uri(name), "1234");
    ASSERT_TRUE(signer.ok()) << signer.error().detail;
    EXPECT_EQ((*signer)->key().id(), made->id());
    for (const std::string& message : {std::string("short"), std::string(100'000, 'x')}) {
      const auto signature = (*signer)->sign(message);
      ASSERT_TRUE(signature.ok()) << signature.error().detail;
      EXPECT_TRUE(crypto::verify(*made, message, *signature)) << name;
      EXPECT_FALSE(crypto::verify(*made, message + "!", *signature));
    }
  }
}

TEST_F(Token, NeverOverwritesAKey) {
  ASSERT_TRUE(generate(uri("core-1"), crypto::KeyType::ecdsa_p256, "1234").ok());
  EXPECT_EQ(generate(uri("core-1"), crypto::KeyType::ecdsa_p256, "1234").error().code,
            ErrorCode::already_exists);
}

TEST_F(Token, TellsAWrongPinFromAMissingKeyAndAMissingToken) {
  EXPECT_EQ(open_signer(uri("core-1"), "9999").error().code, ErrorCode::unauthenticated);
  EXPECT_EQ(open_signer(uri("core-1"), "1234").error().code, ErrorCode::not_found);
  const std::string other = "pkcs11:token=ben;object=core-1?module-path=" + std::string(kModule);
  EXPECT_EQ(open_signer(other, "1234").error().code, ErrorCode::not_found);
  EXPECT_EQ(open_signer("pkcs11:token=%", "1234").error().code, ErrorCode::malformed);
  EXPECT_EQ(open_signer("pkcs11:token=ada?module-path=/nowhere.so", "1").error().code,
            ErrorCode::io_failed);
}

}  // namespace
}  // namespace fb::pkcs11
