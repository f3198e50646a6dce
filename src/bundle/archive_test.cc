#include "bundle/archive.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "bundle/bundle_sim_test.h"
#include "bundle/client.h"

namespace fb::bundle {
namespace {

const Files kFiles{{"bundle.json", "{}\n"},
                   {"metadata/1.root.json", std::string(600, 'r')},
                   {"metadata/timestamp.json", ""},
                   {"targets/content/sensor.channel/" + std::string(64, 'a') + ".291.channel.bin",
                    std::string(512, 'c')}};

std::string open_error(const std::string& bytes) {
  return tuf::refusal(Archive::open(source_of(bytes)));
}

TEST(Archive, IsReadAsItWasWritten) {
  const auto archive = Archive::open(source_of(packed(kFiles)));
  ASSERT_TRUE(archive.ok()) << archive.error().detail;
  ASSERT_EQ(archive->members().size(), kFiles.size());
  for (const auto& [name, bytes] : kFiles) EXPECT_EQ(*archive->read(name, 1000), bytes) << name;
  EXPECT_EQ(archive->read("metadata/1.root.json", 599).error().code, ErrorCode::too_large);
  EXPECT_EQ(archive->read("metadata/2.root.json", 599).error().code, ErrorCode::not_found);
}

TEST(Archive, NoChangedByteOutsideOfAFileIsAccepted) {
  const std::string good = packed(kFiles);
  std::string contents(good.size(), ' ');
  const auto archive = Archive::open(source_of(good));
  for (const auto& [name, place] : archive->members()) {
    for (std::uint64_t i = 0; i < place.size; ++i)
      contents[static_cast<std::size_t>(place.at + i)] = 'x';
  }
  for (std::size_t i = 0; i < good.size(); ++i) {
    if (contents[i] == 'x') continue;
    for (const int mask : {1, 0x20, 0x80}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ mask);
      ASSERT_EQ(open_error(bad), "malformed") << "byte " << i << ", mask " << mask;
    }
  }
}

TEST(Archive, BrokenOffAnywhereOrGoingOnIsRefused) {
  const std::string good = packed(kFiles);
  for (std::size_t i = 0; i < good.size(); i += 37)
    EXPECT_EQ(open_error(good.substr(0, i)), "malformed");
  EXPECT_EQ(open_error(good.substr(0, good.size() - 1)), "malformed");
  EXPECT_EQ(open_error(good + std::string(1, '\0')), "malformed");
  EXPECT_EQ(open_error(good + good), "malformed");
}

TEST(Archive, FilesTwiceOrOutOfOrderAreRefused) {
  const auto member = [](const std::string& name) { return *tar_header({name, 0}); };
  const std::string end(2 * kBlockBytes, '\0');
  EXPECT_EQ(open_error(member("metadata/a") + member("metadata/b") + end), "accepted");
  EXPECT_EQ(open_error(member("metadata/b") + member("metadata/a") + end), "malformed");
  EXPECT_EQ(open_error(member("metadata/a") + member("metadata/a") + end), "malformed");
}

TEST(Archive, MoreFilesThanTheLimitAreRefused) {
  std::string bytes;
  for (std::size_t i = 0; i <= limits::kBundleMembers; ++i)
    bytes += *tar_header({"targets/" + std::to_string(100'000 + i), 0});
  EXPECT_EQ(open_error(bytes + std::string(2 * kBlockBytes, '\0')), "too_large");
}

class HugeSource final : public port::ByteSource {
 public:
  [[nodiscard]] std::uint64_t size() const override { return limits::kBundleBytes + 1; }
  [[nodiscard]] Result<std::string> read(std::uint64_t, std::size_t) const override {
    return Error{ErrorCode::io_failed, "nobody should read this"};
  }
};

TEST(Archive, LargerThanTheLimitIsRefusedUnread) {
  EXPECT_EQ(tuf::refusal(Archive::open(std::make_shared<HugeSource>())), "too_large");
}

struct BadName {
  const char* what;
  std::string name;
};

TEST(MemberNames, ThatClimbOrMeanSomethingToAFileSystemAreRefused) {
  const BadName cases[] = {{"up", "targets/../x"},
                           {"absolute", "/targets/x"},
                           {"hidden", "targets/.x"},
                           {"a dot", "targets/./x"},
                           {"empty segment", "targets//x"},
                           {"a folder", "targets/"},
                           {"elsewhere", "etc/passwd"},
                           {"another index", "bundle.json/x"},
                           {"backslash", "targets\\..\\x"},
                           {"a line", "targets/a\nb"},
                           {"a zero", std::string("targets/a\0b", 11)},
                           {"a space", "targets/a b"},
                           {"nothing", ""},
                           {"bytes above ASCII", "targets/\xc3\xa4"}};
  for (const auto& [what, name] : cases) EXPECT_FALSE(check_member_name(name).ok()) << what;
  for (const char* name : {"bundle.json", "metadata/12.core.json", "targets/a/b.c/d+e~f%2f"})
    EXPECT_TRUE(check_member_name(name).ok()) << name;
}

// A header that tar would understand, with a name that we would not write.
TEST(MemberNames, AreCheckedWhenAForeignHeaderHasThem) {
  std::string header = *tar_header({"targets/aa/x", 0});
  header.replace(8, 2, "..");
  EXPECT_FALSE(read_tar_header(header).ok());
}

TEST(TarHeader, IsReadBackWhateverTheLengthOfItsName) {
  for (std::size_t length = 9; length < 300; ++length) {
    std::string name = "targets/" + std::string(length - 8, 'n');
    if (length > 62) name[60] = '/';
    const auto header = tar_header({name, length});
    if (!header.ok()) {
      EXPECT_GT(length, 161U);
      continue;
    }
    const auto read = read_tar_header(*header);
    ASSERT_TRUE(read.ok()) << length;
    EXPECT_EQ(*read, (Member{name, length}));
  }
  EXPECT_EQ(tar_header({"targets/x", 1ULL << 33U}).error().code, ErrorCode::too_large);
}

TEST(TarHeader, ThatLinksOrIsExecutableOrBelongsToSomebodyIsRefused) {
  const std::string good = *tar_header({"targets/x", 3});
  ASSERT_TRUE(read_tar_header(good).ok());
  // Type, mode, owner, time, magic; the sum put right, as a program would.
  for (const std::size_t at : {156U, 106U, 114U, 146U, 262U, 157U, 265U, 500U}) {
    std::string bad = good;
    bad[at] = '2';
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < bad.size(); ++i)
      sum += static_cast<unsigned char>(i >= 148 && i < 156 ? ' ' : bad[i]);
    for (std::size_t i = 6; i > 0; --i, sum /= 8) bad[147 + i] = static_cast<char>('0' + sum % 8);
    EXPECT_FALSE(read_tar_header(bad).ok()) << "byte " << at;
  }
}

TEST(BundleClient, AnswersAsAWebServerWould) {
  const auto archive = std::make_shared<Archive>(*Archive::open(source_of(packed(kFiles))));
  Client client(archive);
  port::HttpRequest request;
  request.url = "bundle:/bundle.json";
  EXPECT_EQ(client.send(request)->body, "{}\n");
  request.url = "bundle:/metadata/1.root.json";
  request.headers["range"] = "bytes=598-";
  EXPECT_EQ(client.send(request)->status, 206);
  EXPECT_EQ(client.send(request)->body, "rr");
  request.headers["range"] = "bytes=600-";
  EXPECT_EQ(client.send(request)->status, 416);
  request.headers.clear();
  request.max_body = 599;
  EXPECT_EQ(client.send(request).error().code, ErrorCode::too_large);
  request.url = "bundle:/targets/none";
  EXPECT_EQ(client.send(request)->status, 404);
  request.method = "POST";
  EXPECT_EQ(client.send(request)->status, 405);
  request.url = "http://elsewhere/bundle.json";
  EXPECT_FALSE(client.send(request).ok());
}

TEST(Writer, TakesAMemberInPiecesAndRefusesOneOfAnotherLength) {
  const auto written = [](std::uint64_t said) {
    std::string out;
    Writer writer([&](std::string_view bytes) -> Status {
      out.append(bytes);
      return {};
    });
    const Status added = writer.add("targets/a", said, [](const Writer::Sink& sink) -> Status {
      for (const char* piece : {"one", "", "two"}) FB_TRY(sink(piece));
      return {};
    });
    if (!added.ok()) {
      EXPECT_LE(out.size(), kBlockBytes + said) << "nothing is written beyond its end";
      return std::string(name(added.error().code));
    }
    EXPECT_TRUE(writer.finish().ok());
    return out;
  };
  EXPECT_EQ(written(6), packed({{"targets/a", "onetwo"}}));
  EXPECT_EQ(written(5), "mismatch");
  EXPECT_EQ(written(7), "mismatch");
}

}  // namespace
}  // namespace fb::bundle
