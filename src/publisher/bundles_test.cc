#include "publisher/bundles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/log_sim_test.h"
#include "bundle/bundle_sim_test.h"
#include "policy/customer.h"
#include "policy/key_rotation.h"
#include "publisher/acts.h"
#include "publisher/ceremony.h"
#include "publisher/desk_sim_test.h"
#include "publisher/publication.h"
#include "publisher/release_sim_test.h"
#include "publisher/release_view.h"
#include "publisher/signing.h"
#include "statement/envelope_list.h"

namespace fb::publisher {
namespace {

using testing::HasSubstr;

// A home whose server has published channel 290, in a log of 300 entries.
struct Shop : TestDesk {
  explicit Shop(const std::string& artifact_bytes = "rules of 290")
      : draft(drafted(artifact_bytes)) {
    Desk with = desk();
    FB_CHECK(sign_draft(with, draft).ok());
    take("content", *home.read("drafts/sensor.channel-290/content.json", 1U << 20U));
    const std::string artifact = draft.artifacts.begin()->second;
    serve(release::manifest_path(draft.manifest), draft.manifest_bytes);
    serve(release::target_path(draft.manifest, draft.artifacts.begin()->first), artifact);
    log.origin = statement::default_origin(signer("log")->key());
    log.signer = crypto::TestSigner(*home.read("server/keys/log.pem", 4096));
    for (std::uint64_t i = 0; i < 280; ++i) log.append("report", {{"number", i}});
    const std::uint64_t at = log.append("release", {{"release", draft.release.text()}});
    serve_log(19);
    server.answer("GET /api/v1/releases", {{"releases",
                                            {{{"release", draft.release.text()},
                                              {"component", "sensor.channel"},
                                              {"kind", "content"},
                                              {"version", "290"},
                                              {"log_entry", at}}}}});
    say({});
    server.answers["POST /api/v1/releases"] = [this](const port::HttpRequest& request) {
      const json::Value body = *json::parse(request.body);
      take(body.at("role").get<std::string>(), body.at("metadata").get<std::string>());
      return port::HttpResponse{201, {}, R"({"releases":[]})"};
    };
  }
  void serve(const std::string& path, const std::string& bytes) {
    server.files["/tuf/targets/" + tuf::hashed_name(path, crypto::sha256(bytes).hex())] = bytes;
  }
  void serve_log(std::uint64_t more) {
    for (std::uint64_t i = 0; i < more; ++i) log.append("report", {{"number", i}});
    std::erase_if(server.files, [](const auto& file) { return file.first.starts_with("/log/"); });
    for (const auto& [path, bytes] : log.files()) server.files["/log/" + path] = bytes;
  }
  void say(const std::vector<statement::Envelope>& acts) {
    server.answer("GET /api/v1/releases/" + draft.release.text() + "/acts",
                  {{"release", draft.release.text()}, {"acts", statement::encode_list(acts)}});
  }
  statement::Envelope approval(const std::string& person, const Digest& release) {
    Desk with = desk();
    ActOrder order;
    order.person = person;
    order.release = release;
    order.reason = "tried it";
    return *make_act(with, order);
  }
  void mark() {
    Desk with = desk();
    const auto view = find_release(with.server, {"sensor.channel@290"});
    FB_CHECK(view.ok());
    const auto request = request_mark(with, *view);
    FB_CHECK(request.ok());
    const auto done = sign_here(with, *request);
    FB_CHECK(done.ok() && done->answer == Answer::yes);
  }
  Result<std::string> make(const std::vector<std::uint64_t>& seen = {}) {
    Desk with = desk();
    std::string out;
    FB_TRY(export_bundle(with, {{"sensor.channel@290"}, seen, {}},
                         [&](std::string_view bytes) -> Status {
                           out.append(bytes);
                           return {};
                         }));
    return out;
  }
  [[nodiscard]] bundle::Judge judge(Millis age = {}, Millis carry = {}) {
    return {*home.read("root.json", 1U << 20U), {clock.wall() + age, clock.wall() + age, carry}};
  }

  static Draft drafted(const std::string& artifact_bytes) {
    DraftOrder order = channel_order("290", "1,2");
    order.artifacts = {{"channel.bin", artifact_bytes, false}};
    return made(order);
  }
  // As the command line does; what is in the folder then.
  std::pair<std::string, std::set<std::string>> export_file(sim::MemoryFiles& folder) {
    const port::OpenSource open =
        [&](const std::string&) -> Result<std::shared_ptr<const port::ByteSource>> {
      FB_ASSIGN(std::string bytes, folder.read("site.bundle.partial", 64U << 20U));
      return bundle::source_of(std::move(bytes));
    };
    Desk with = desk();
    const auto done =
        export_bundle_file(with, {{"sensor.channel@290"}, {}, {}}, {folder, "site.bundle", open});
    std::set<std::string> names;
    for (const auto& [path, bytes] : folder.everything()) names.insert(path);
    return {tuf::refusal(done), names};
  }

  const Draft draft;
  audit::LogSimulator log;
};

bundle::Archive opened(const std::string& bytes) {
  return *bundle::Archive::open(bundle::source_of(bytes));
}

TEST(BundleExport, MakesABundleThatHoldsAndIsTheSameEachTime) {
  Shop shop;
  shop.mark();
  const auto bytes = shop.make();
  ASSERT_TRUE(bytes.ok()) << bytes.error().detail;
  const auto said = describe_bundle(opened(*bytes), shop.judge());
  ASSERT_TRUE(said.ok()) << said.error().detail;
  EXPECT_THAT(said->text, HasSubstr("sensor.channel 290, feature, released since 2030-03-17"));
  EXPECT_THAT(said->text, HasSubstr("log of 300 entries"));
  EXPECT_EQ(said->document.at("releases").at(0).at("release"), shop.draft.release.text());
  EXPECT_EQ(*shop.make(), *bytes);
}

TEST(BundleExport, TakesAlongWhatPeopleSaidAndNothingThatWouldNotCount) {
  Shop shop;
  shop.mark();
  const auto good = shop.approval("reviewer", shop.draft.release);
  shop.say({*statement::seal(good.type, good.payload, tuf::TestSigner("somebody else")), good,
            shop.approval("security", crypto::sha256("another"))});
  const auto archive = opened(*shop.make());
  const auto index = bundle::decode_index(*archive.read("bundle.json", 1U << 20U));
  ASSERT_TRUE(index.ok());
  ASSERT_EQ(index->releases.front().acts.size(), 1U);
  EXPECT_EQ(index->releases.front().acts.front().payload, good.payload);
  const auto said = describe_bundle(archive, shop.judge());
  ASSERT_TRUE(said.ok()) << said.error().detail;
  EXPECT_THAT(said->text, HasSubstr("  approve by reviewer until 2030-04-16"));
  EXPECT_EQ(said->document.at("releases").at(0).at("acts").at(0).at("person"), "reviewer");
}

TEST(BundleExport, TakesPoliciesAndRotationsAlongByTenantAndInOrder) {
  Shop shop;
  shop.mark();
  const tuf::TestSigner key("tenant"), next("next");
  const auto policy = [&](const char* tenant) {
    return json::compact(statement::encode(*statement::seal(
        statement::kPolicyType,
        encode(policy::Policy{*TenantId::parse(tenant), 3, shop.clock.wall(), {}, {}}), key)));
  };
  const auto rotation = [&](std::int64_t version) {
    return json::compact(statement::encode(
        *statement::seal(policy::kPolicyKeyType,
                         encode(policy::KeyRotation{*TenantId::parse("acme"), version,
                                                    shop.clock.wall(), next.key()}),
                         key)));
  };
  const auto exported = [&](const std::vector<std::string>& policies) -> Result<std::string> {
    Desk with = shop.desk();
    std::string out;
    FB_TRY(export_bundle(with, {{"sensor.channel@290"}, {}, policies},
                         [&](std::string_view bytes) -> Status {
                           out.append(bytes);
                           return {};
                         }));
    return out;
  };
  const auto bytes = exported({rotation(2), policy("beta"), policy("acme"), rotation(1)});
  ASSERT_TRUE(bytes.ok()) << bytes.error().detail;
  const auto archive = opened(*bytes);
  const auto index = bundle::decode_index(*archive.read("bundle.json", 1U << 20U));
  ASSERT_EQ(index->tenants.size(), 2U);
  EXPECT_TRUE(index->tenants[0].policy && index->tenants[1].policy);
  ASSERT_EQ(index->tenants[0].rotations.size(), 2U);
  EXPECT_EQ(policy::decode_key_rotation(index->tenants[0].rotations[0].payload)->version, 1);
  const auto said = describe_bundle(archive, shop.judge());
  ASSERT_TRUE(said.ok()) << said.error().detail;
  EXPECT_THAT(said->text, HasSubstr("for devices of acme: a policy, 2 rotations of its key"));
  EXPECT_EQ(tuf::refusal(exported({policy("acme"), policy("acme")})), "bad_usage");
  EXPECT_EQ(tuf::refusal(exported(
                {json::compact(statement::encode(shop.approval("reviewer", shop.draft.release)))})),
            "bad_usage");
}

TEST(BundleExport, RefusesWhatIsNotMarkedAndSaysHowToMarkIt) {
  Shop shop;
  const auto bytes = shop.make();
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().code, ErrorCode::conflict);
  EXPECT_THAT(bytes.error().detail,
              HasSubstr("firebreak release mark-released sensor.channel 290"));
}

TEST(BundleExport, RefusesOtherBytesFromTheServer) {
  Shop shop;
  shop.mark();
  for (auto& [path, bytes] : shop.server.files) {
    if (path.ends_with("channel.bin")) bytes.back() = '?';
  }
  EXPECT_EQ(tuf::refusal(shop.make()), "mismatch");
}

// Of an artifact that is larger than anything that is held at once.
TEST(BundleExport, PassesArtifactsOnInThePiecesInWhichTheyCome) {
  const std::string large(5'000'001, 'x');
  Shop shop(large);
  shop.mark();
  Desk with = shop.desk();
  std::size_t largest = 0, total = 0;
  ASSERT_TRUE(
      export_bundle(with, {{"sensor.channel@290"}, {}, {}}, [&](std::string_view piece) -> Status {
        largest = std::max(largest, piece.size());
        total += piece.size();
        return {};
      }).ok());
  EXPECT_GT(total, large.size());
  EXPECT_LE(largest, 2 * TestServer::kPieceBytes)
      << "metadata and the index are larger than a piece";
  EXPECT_TRUE(describe_bundle(opened(*shop.make()), shop.judge()).ok());
}

TEST(BundleExport, ThatBreaksOffLeavesNoFileAndTheOldOneAsItWas) {
  Shop shop(std::string(400'000, 'x'));
  shop.mark();
  sim::MemoryFiles folder;
  EXPECT_TRUE(folder.write_atomic("site.bundle", "the last one").ok());
  EXPECT_TRUE(folder.write_atomic("site.bundle.partial", "of a run that died").ok());
  const std::set<std::string> untouched{"site.bundle"};
  shop.server.breaks_off_after = 100'000;
  EXPECT_EQ(shop.export_file(folder), std::pair(std::string("unreachable"), untouched));
  shop.server.breaks_off_after = std::string::npos;
  auto& served = std::find_if(shop.server.files.begin(), shop.server.files.end(), [](auto& file) {
                   return file.first.ends_with("channel.bin");
                 })->second;
  served.back() = '?';
  EXPECT_EQ(shop.export_file(folder), std::pair(std::string("mismatch"), untouched))
      << "other bytes";
  served.pop_back();
  EXPECT_EQ(shop.export_file(folder), std::pair(std::string("mismatch"), untouched)) << "too few";
  served += "xx";
  EXPECT_EQ(shop.export_file(folder), std::pair(std::string("mismatch"), untouched)) << "too many";
  EXPECT_EQ(*folder.read("site.bundle", 100), "the last one");
  served.pop_back();
  EXPECT_EQ(shop.export_file(folder), std::pair(std::string("accepted"), untouched));
  EXPECT_GT(*folder.size("site.bundle"), 400'000U);
}

TEST(BundleExport, NeverGivesAFileItsNameBeforeItIsWholeOnTheDisk) {
  for (std::uint64_t nth = 1;; ++nth) {
    Shop shop;
    shop.mark();
    sim::MemoryFiles folder;
    folder.fail_change(nth, sim::DoorFault::not_applied, sim::Afterwards::works);
    const auto [verdict, names] = shop.export_file(folder);
    if (folder.fault_pending()) break;
    EXPECT_NE(verdict, "accepted") << nth;
    EXPECT_TRUE(names.empty()) << nth;
    ASSERT_LT(nth, 500U);
  }
}

TEST(BundleExport, ShowsTheLogGoingOnFromEarlierExportsAndFromSizesThatAreNamed) {
  Shop shop;
  shop.mark();
  ASSERT_TRUE(shop.make().ok());
  const audit::Tip first = shop.log.tip();
  shop.serve_log(500);
  const auto bytes = shop.make({123});
  ASSERT_TRUE(bytes.ok()) << bytes.error().detail;
  const auto index = bundle::decode_index(*opened(*bytes).read("bundle.json", 1U << 20U));
  ASSERT_TRUE(index.ok());
  for (const audit::Tip& before : {first, shop.log.tip(123), shop.log.tip()}) {
    const auto proof = index->proof_for(index->releases.front(), before.size);
    ASSERT_TRUE(proof.has_value()) << before.size;
    EXPECT_TRUE(audit::verify_consistency(before, shop.log.tip(), proof->consistency).ok());
  }
  EXPECT_FALSE(index->proof_for(index->releases.front(), 124).has_value());
  EXPECT_EQ(shop.make({9999}).error().code, ErrorCode::bad_usage);
}

TEST(BundleShow, SaysWhenItWasOnItsWayForTooLong) {
  Shop shop;
  shop.mark();
  const auto archive = opened(*shop.make());
  EXPECT_FALSE(describe_bundle(archive, shop.judge(days(2))).ok());
  EXPECT_TRUE(describe_bundle(archive, shop.judge(days(2), days(14))).ok());
}

TEST(BundleImport, LaysOutARepositoryThatAClientFollowsAndOnlyMovesForward) {
  Shop shop;
  shop.mark();
  const auto early = opened(*shop.make());
  shop.publish();
  const auto late = opened(*shop.make());
  sim::MemoryFiles mirror;
  const auto outcome = unpack_bundle(late, shop.judge(), mirror);
  ASSERT_TRUE(outcome.ok()) << outcome.error().detail;

  const Instant now = shop.clock.wall();
  auto run = *tuf::Refresh::begin({shop.judge().pinned_root, {}, {"content"}, {now, now}});
  while (const auto need = run.next()) {
    const auto bytes = mirror.read("metadata/" + need->path, need->max_bytes);
    ASSERT_TRUE((bytes.ok() ? run.feed(*bytes) : run.not_found()).ok()) << need->path;
  }
  const auto file =
      find_target(run.trusted(), release::manifest_path(shop.draft.manifest), "content");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(*mirror.read("targets/" + tuf::hashed_name(release::manifest_path(shop.draft.manifest),
                                                       shop.draft.release.hex()),
                         1U << 20U),
            shop.draft.manifest_bytes);
  EXPECT_FALSE(mirror.read("bundle.json", 1U << 20U).ok());
  EXPECT_EQ(tuf::refusal(unpack_bundle(early, shop.judge(), mirror)), "rolled_back");
  EXPECT_TRUE(unpack_bundle(late, shop.judge(), mirror).ok()) << "once more";
}

TEST(BundleImport, LaysOutNothingOfABundleThatDoesNotHold) {
  Shop shop;
  shop.mark();
  const auto archive = opened(*shop.make());
  bundle::Files files;
  for (const auto& [name, place] : archive.members()) files[name] = *archive.read(name, 1U << 20U);
  files["targets/evil"] = "x";
  sim::MemoryFiles mirror;
  EXPECT_EQ(unpack_bundle(opened(bundle::packed(files)), shop.judge(), mirror).error().code,
            ErrorCode::mismatch);
  EXPECT_TRUE(mirror.everything().empty());
}

}  // namespace
}  // namespace fb::publisher
