// A million targets in 16,384 bins: the first publication, one more release, and what a device
// reads. Prints seconds and the peak of this process's memory.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>

#include "crypto/signer_test.h"
#include "tuf/binned_targets.h"

namespace {

using namespace fb;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kTargets = 1'000'000;
constexpr Instant kExpires{1'900'000'000'000};

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

tuf::TargetMap million() {
  tuf::TargetMap targets;
  for (std::int64_t i = 0; i < kTargets; ++i) {
    const std::string number = std::to_string(i);
    targets.emplace("content/sensor.channel/" + number + ".channel.bin", tuf::describe(number));
  }
  return targets;
}

}  // namespace

int main() {
  const crypto::TestSigner a("a"), b("b");
  const tuf::Signers signers{&a, &b};
  const tuf::HashBins bins{{{a.key().id(), b.key().id()}, 2}, 14, "bin"};
  const tuf::TargetMap targets = million();

  auto start = Clock::now();
  std::string example;
  std::uint64_t bytes = 0, files = 0;
  const Status published =
      tuf::publish_bins(bins, targets, {1, kExpires}, signers,
                        [&](const std::string& role, const std::string& file) -> Status {
                          if (role == "bin-0000") example = file;
                          bytes += file.size();
                          ++files;
                          return {};
                        });
  tuf::Snapshot snapshot{1, kExpires, {}};
  tuf::list_bins(bins, 1, snapshot);
  auto snapshot_file = tuf::sign_file(tuf::encode(snapshot), {&a});
  if (!published.ok() || !snapshot_file.ok()) return 1;
  std::printf(
      "publish: %.1f s; %llu bins, %.0f MB, snapshot %.0f KiB; peak %.0f MiB with all "
      "targets in memory\n",
      since(start), static_cast<unsigned long long>(files), static_cast<double>(bytes) / 1e6,
      static_cast<double>(snapshot_file->size()) / 1024, peak_mib());

  start = Clock::now();
  tuf::TargetChanges changes;
  changes.add["content/sensor.channel/new.channel.bin"] = tuf::describe("new");
  const auto next = tuf::next_targets(example, changes, kExpires);
  if (!next.ok() || !tuf::sign_file(*next, signers).ok()) return 1;
  snapshot.version = 2;
  snapshot.meta["bin-0000"].version = 2;
  snapshot_file = tuf::sign_file(tuf::encode(snapshot), {&a});
  if (!snapshot_file.ok()) return 1;
  std::printf("one more release: %.3f s, of which the snapshot of %zu roles is most\n",
              since(start), snapshot.meta.size());

  start = Clock::now();
  if (!tuf::decode_snapshot(*snapshot_file).ok() || !tuf::decode_targets(example).ok()) return 1;
  std::printf("a device reads snapshot and bin: %.3f s\n", since(start));
  return 0;
}
