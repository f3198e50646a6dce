// Bundles in memory: made from a repository simulator as an exporter would, and spoilt byte by byte
// as a courier could.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "audit/log_sim_test.h"
#include "bundle/archive.h"
#include "bundle/index.h"
#include "tuf/names.h"
#include "tuf/repository_sim_test.h"

namespace fb::bundle {

class MemorySource final : public port::ByteSource {
 public:
  explicit MemorySource(std::string bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
  [[nodiscard]] Result<std::string> read(std::uint64_t at, std::size_t count) const override {
    if (at > bytes_.size() || bytes_.size() - at < count)
      return Error{ErrorCode::io_failed, "the stick was pulled out"};
    return bytes_.substr(static_cast<std::size_t>(at), count);
  }

 private:
  std::string bytes_;
};

inline std::shared_ptr<const port::ByteSource> source_of(std::string bytes) {
  return std::make_shared<MemorySource>(std::move(bytes));
}

using Files = std::map<std::string, std::string>;

inline std::string packed(const Files& files) {
  std::string out;
  Writer writer([&](std::string_view bytes) -> Status {
    out.append(bytes);
    return {};
  });
  for (const auto& [name, bytes] : files) FB_CHECK(writer.add(name, bytes).ok());
  FB_CHECK(writer.finish().ok());
  return out;
}

// The newest metadata of a simulated repository, all its roots included.
inline Files metadata_files(const tuf::RepositorySimulator& repository) {
  Files out;
  const auto put = [&](const std::string& path) {
    out["metadata/" + path] = repository.files.at(path);
  };
  for (std::int64_t version = 1; version <= repository.root.version; ++version)
    put(tuf::metadata_path("root", version));
  put("timestamp.json");
  put(tuf::metadata_path("snapshot", repository.snapshot.version));
  for (const auto& [role, targets] : repository.targets)
    put(tuf::metadata_path(role, targets.version));
  return out;
}

inline Carried carried_in(const audit::LogSimulator& log, std::uint64_t index,
                          const std::string& version, const Digest& release) {
  return {release,
          *ComponentId::parse("sensor.channel"),
          release::Kind::content,
          version,
          index,
          log.entries.at(index),
          log.inclusion(index)};
}

}  // namespace fb::bundle
