#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "audit/checkpoint.h"
#include "audit/note.h"
#include "base/check.h"
#include "crypto/signer_test.h"

namespace {

using fb::crypto::TestSigner;

// What the fuzzer wrote, as if the log had signed it: only then is the text read.
void try_signed(std::string_view text, const TestSigner& log,
                const fb::statement::LogTrust& trust) {
  const auto line = fb::audit::sign_note(text, trust.origin, log);
  if (!line.ok()) return;
  const std::string bytes = encode(fb::audit::Note{std::string(text), {*line}});
  const auto checkpoint = fb::audit::open_checkpoint(bytes, trust);
  if (!checkpoint.ok()) return;
  FB_CHECK(checkpoint->note == bytes);
  const auto again = fb::audit::sign_checkpoint(checkpoint->tip, trust.origin, log);
  FB_CHECK(again.ok() && bytes.starts_with(again->substr(0, again->find("\n\n"))));
}

}  // namespace

// A signed note: what parses is printed again byte for byte (base64 has one spelling), and no key
// of ours opens what a fuzzer wrote, but for the inputs that were signed with it on purpose.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto note = fb::audit::parse_note(bytes);
  if (!note.ok()) return 0;
  FB_CHECK(fb::audit::encode(*note) == bytes);
  static const TestSigner kLog("log"), kWitness("witness");
  static const fb::statement::LogTrust kTrust{"log.example/firebreak",
                                              {{kLog.key().id(), kLog.key()}},
                                              {{"witness.example/w", kWitness.key()}}};
  const auto opened = fb::audit::open_checkpoint(bytes, kTrust);
  FB_CHECK(!opened.ok() || opened->note == bytes);
  try_signed(note->text, kLog, kTrust);
  return 0;
}
