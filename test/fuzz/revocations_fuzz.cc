#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/limits.h"
#include "statement/revocation.h"

// The two lists of bans. What decodes encodes to what decodes to the same; what a device remembers
// of it can be read again, and remembering it twice changes nothing.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace statement = fb::statement;
  static const auto kTenant = *fb::TenantId::parse("acme");
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto list = statement::decode_revocations(bytes); list.ok()) {
    const auto again = statement::decode_revocations(encode(*list));
    FB_CHECK(again.ok() && encode(*again) == encode(*list));
    statement::Revocations seen;
    statement::absorb(seen, *list);
    FB_CHECK(statement::decode_revocations(encode(seen)).ok());
    FB_CHECK(!statement::absorb(seen, *list));
  }
  if (const auto list = statement::decode_blocked(bytes); list.ok()) {
    std::vector<statement::Blocked> seen;
    statement::absorb(seen, *list);
    FB_CHECK(seen.size() <= fb::limits::kSeenBlocks);
    FB_CHECK(statement::decode_blocked(statement::encode(seen)).ok());
    FB_CHECK(!statement::absorb(seen, *list));
    const auto ours = statement::concerning(*list, kTenant);
    FB_CHECK(ours.size() <= list->size());
    for (const auto& each : ours) FB_CHECK(each.tenants.size() <= 1);
  }
  return 0;
}
