#include "server/event_log.h"

#include <gtest/gtest.h>

#include <functional>

#include "audit/log_sim_test.h"
#include "audit/proved.h"
#include "sim/memory_store.h"

namespace fb::server {
namespace {

// A log on its store, and the same entries by the book.
struct Kept {
  explicit Kept(std::uint64_t count = 0) {
    reopen();
    append(count);
  }
  void reopen() {
    auto opened = EventLog::open(store, book.signer, book.trust());
    ASSERT_TRUE(opened.ok()) << opened.error().detail;
    log = std::move(opened).value();
  }
  // In transactions of at most `batch`.
  void append(std::uint64_t count, std::uint64_t batch = 100) {
    while (count > 0) {
      Transaction tx(log->tip().size);
      for (std::uint64_t i = 0; i < batch && count > 0; ++i, --count)
        tx.log(Instant{1}, "report", {{"number", i}});
      ASSERT_TRUE(log->seal(tx).ok());
      for (const auto& each : tx.batch().log) book.append_bytes(each.entry);
      ASSERT_TRUE(store.commit(tx.batch()).ok());
    }
  }

  sim::MemoryStore store;
  audit::LogSimulator book;
  std::unique_ptr<EventLog> log;
};

TEST(EventLog, ServesTheTilesOfTheTreeAtEverySize) {
  for (const std::uint64_t size : {1U, 255U, 256U, 257U, 600U}) {
    Kept kept(size);
    EXPECT_EQ(kept.log->tip(), kept.book.tip());
    EXPECT_EQ(audit::open_checkpoint(kept.log->checkpoint(), kept.book.trust())->tip,
              kept.book.tip());
    for (const auto& [path, bytes] : kept.book.files()) {
      if (path == audit::kCheckpointPath) continue;
      const auto name = *audit::parse_tile_path(path);
      const auto served = name.kind == audit::TileKind::hashes ? read_tile(kept.store, name)
                                                               : read_bundle(kept.store, name);
      EXPECT_EQ(*served, bytes) << path << " of " << size;
    }
  }
}

TEST(EventLog, GoesOnAfterARestartWhereItWas) {
  Kept kept(200);
  kept.reopen();
  kept.append(150, 7);
  kept.reopen();
  EXPECT_EQ(kept.log->tip(), kept.book.tip());
}

TEST(EventLog, ProvesEntriesAndThatItContinuesWhatADeviceKnows) {
  Kept kept(700);
  for (const std::uint64_t index : {0U, 255U, 256U, 511U, 512U, 699U}) {
    for (const std::uint64_t known : {0U, 1U, 255U, 256U, 300U, 699U, 700U}) {
      const auto proof = kept.log->prove(index, known);
      ASSERT_TRUE(proof.ok()) << proof.error().detail;
      EXPECT_TRUE(
          audit::open_proved({index, proof->entry, proof->inclusion}, kept.book.tip()).ok());
      EXPECT_TRUE(
          audit::verify_consistency(kept.book.tip(known), kept.book.tip(), proof->consistency).ok())
          << known;
    }
  }
  EXPECT_TRUE(kept.log->prove(3, 9999)->consistency.empty()) << "it cannot continue the future";
}

TEST(EventLog, RefusesAKeyThatTrustDoesNotName) {
  Kept kept;
  const crypto::TestSigner other("other");
  EXPECT_EQ(EventLog::open(kept.store, other, kept.book.trust()).error().code, ErrorCode::conflict);
}

// What somebody did to the database while the server was down.
struct Tampering {
  const char* what;
  std::function<void(port::Batch&)> apply;
  const char* refusal;
};

std::string* record(port::Batch& batch, const std::string& key) {
  for (auto& write : batch.writes)
    if (write.key == key) return &*write.value;
  return nullptr;
}

std::string hash_bytes(const std::string& entry) {
  const Digest hash = audit::leaf_hash(entry);
  return {reinterpret_cast<const char*>(hash.bytes.data()), hash.bytes.size()};
}

std::string reopened(const Tampering& tampering) {
  Kept kept(300);
  port::Batch batch;
  for (const auto& [where, value] : kept.store.records())
    batch.writes.push_back({where.first, where.second, value});
  for (const auto& entry : kept.book.entries) batch.log.push_back({batch.log.size(), entry});
  tampering.apply(batch);
  sim::MemoryStore edited;
  EXPECT_TRUE(edited.commit(batch).ok());
  const auto log = EventLog::open(edited, kept.book.signer, kept.book.trust());
  return log.ok() ? "" : log.error().detail;
}

TEST(EventLog, IsNotContinuedWhenSomebodyEditedItWhileTheServerWasDown) {
  const auto edit = [](port::Batch& b, std::size_t index) {
    std::string& entry = b.log[index].entry;
    entry.replace(entry.find("\"number\":"), 10, "\"number\":9");
  };
  const Tampering rows[] = {
      {"an entry of a full tile", [&](port::Batch& b) { edit(b, 48); },
       "log entry 48 was changed: it does not have the hash that it was logged with"},
      {"an entry of the open tile", [&](port::Batch& b) { edit(b, 270); },
       "log entry 270 was changed: it does not have the hash that it was logged with"},
      {"an entry and its hash",
       [&](port::Batch& b) {
         edit(b, 48);
         record(b, "tile/0/000")->replace(48 * 32, 32, hash_bytes(b.log[48].entry));
       },
       "tile/1/000: hash 0 is not that of the entries below it"},
      {"an entry of the open tile and its hash",
       [&](port::Batch& b) {
         edit(b, 270);
         record(b, "tile/0/001")->replace(14 * 32, 32, hash_bytes(b.log[270].entry));
       },
       "entries and tiles agree with each other, and not with the signed checkpoint: the log was "
       "rewritten"},
      {"the last entry removed", [](port::Batch& b) { b.log.pop_back(); },
       "log entry 299 is missing; its hash is still here"},
      {"the last entry and its hash removed",
       [](port::Batch& b) {
         b.log.pop_back();
         record(b, "tile/0/001")->resize(43 * 32);
       },
       "log entry 299 is missing; the checkpoint was signed over 300 entries"},
      {"one added",
       [](port::Batch& b) {
         b.log.push_back({300, audit::encode({300, {}, "report", json::Value::object()})});
       },
       "log entry 300 has no hash here: nobody logged it"},
      {"one added with its hash",
       [](port::Batch& b) {
         b.log.push_back({300, audit::encode({300, {}, "report", json::Value::object()})});
         *record(b, "tile/0/001") += hash_bytes(b.log[300].entry);
       },
       "log entry 300 is beyond the signed checkpoint: nobody logged it"},
      {"one moved", [](port::Batch& b) { std::swap(b.log[4].entry, b.log[5].entry); },
       "log entry 4: here is entry 5; one was removed, added or moved"},
      {"no JSON", [](port::Batch& b) { b.log[7].entry = "oops"; }, "log entry 7: "},
      {"the checkpoint",
       [](port::Batch& b) {
         std::string& note = *record(b, "checkpoint");
         note.replace(note.find("\n300\n"), 5, "\n299\n");
       },
       "the stored checkpoint: the checkpoint was changed after the log signed it"},
      {"nothing", [](port::Batch&) {}, ""},
  };
  for (const Tampering& row : rows) {
    const std::string refusal = reopened(row);
    EXPECT_EQ(refusal.substr(0, std::string(row.refusal).size()), row.refusal) << row.what;
    EXPECT_EQ(refusal.empty(), std::string(row.refusal).empty()) << row.what << ": " << refusal;
  }
}

}  // namespace
}  // namespace fb::server
