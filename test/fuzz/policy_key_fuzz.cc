#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "crypto/signer_test.h"
#include "policy/key_rotation.h"

namespace {

using fb::crypto::TestSigner;

// As if the key that counts and the next one had signed it: only then is it read.
void try_signed(std::string_view payload) {
  static const TestSigner kNow("now"), kNext("next");
  auto envelope = fb::statement::seal(fb::policy::kPolicyKeyType, std::string(payload), kNow);
  if (!envelope.ok()) return;
  const auto both = fb::statement::add_signature(*envelope, kNext);
  FB_CHECK(both.ok());
  fb::policy::KeyChain chain(*fb::TenantId::parse("acme"), kNow.key());
  FB_CHECK(!chain.follow(*envelope).ok());
  const bool followed = chain.follow(*both).ok();
  FB_CHECK(followed == (chain.version() > 0) && followed == chain.knows(*both));
  FB_CHECK(chain.current().id() == (followed ? kNext : kNow).key().id());
  chain.follow_stored({*both, *both});
  FB_CHECK(chain.rotations().size() == (followed ? 1U : 0U));
}

}  // namespace

// Whatever decodes encodes to what decodes to the same, as one rotation and as a list of them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try_signed(bytes);
  if (const auto rotation = fb::policy::decode_key_rotation(bytes); rotation.ok()) {
    const auto again = fb::policy::decode_key_rotation(encode(*rotation));
    FB_CHECK(again.ok());
    FB_CHECK(again->next.id() == rotation->next.id());
  }
  if (const auto list = fb::policy::decode_rotations(bytes); list.ok()) {
    const auto again = fb::policy::decode_rotations(fb::policy::encode_rotations(*list));
    FB_CHECK(again.ok());
    FB_CHECK(again->size() == list->size());
  }
  return 0;
}
