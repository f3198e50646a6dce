#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/check.h"
#include "base/limits.h"
#include "bundle/contents.h"

namespace {

constexpr fb::Instant kMade{1'795'666'000'000};  // when the whole bundle of the corpus was good

class Input final : public fb::port::ByteSource {
 public:
  explicit Input(std::string bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
  [[nodiscard]] fb::Result<std::string> read(std::uint64_t at, std::size_t count) const override {
    FB_CHECK(at <= bytes_.size() && count <= bytes_.size() - at);
    return bytes_.substr(static_cast<std::size_t>(at), count);
  }

 private:
  std::string bytes_;
};

std::string packed_again(const fb::bundle::Archive& archive) {
  std::string out;
  fb::bundle::Writer writer([&](std::string_view bytes) -> fb::Status {
    out.append(bytes);
    return {};
  });
  for (const auto& [name, place] : archive.members())
    FB_CHECK(writer.add(name, *archive.read(name, fb::limits::kDownloadBytes)).ok());
  FB_CHECK(writer.finish().ok());
  return out;
}

}  // namespace

// A bundle: what opens is what we would have written, byte for byte, no member can be read beyond
// its end, and the whole examination runs over it with the bundle's own root.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto archive = fb::bundle::Archive::open(std::make_shared<Input>(bytes));
  if (!archive.ok()) return 0;
  FB_CHECK(packed_again(*archive) == bytes);
  const auto index = archive->read(fb::bundle::kIndexName, fb::limits::kBundleIndexBytes);
  if (index.ok()) {
    const auto decoded = fb::bundle::decode_index(*index);
    if (decoded.ok()) FB_CHECK(fb::bundle::encode(*decoded) == *index);
  }
  const auto root = archive->read("metadata/1.root.json", fb::limits::kRootBytes);
  if (root.ok()) (void)fb::bundle::examine(*archive, {*root, {kMade, kMade, {}}}).ok();
  return 0;
}
