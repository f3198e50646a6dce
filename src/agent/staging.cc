#include "agent/staging.h"

#include <algorithm>

#include "agent/layout.h"
#include "agent/metadata.h"
#include "base/limits.h"
#include "crypto/sha256.h"
#include "tuf/names.h"

namespace fb::agent {
namespace {

// A mirror slower than this over one exchange is left for the next one.
constexpr std::int64_t kSlowestBytesPerSecond = 16 << 10;
// What a mirror has to deliver within one exchange's time to be asked to go on: a dribble is found
// out in minutes, however large the artifact.
constexpr std::uint64_t kLeastPerExchange = 8U << 20U;

Millis time_for(std::uint64_t bytes) {
  return seconds(30 + static_cast<std::int64_t>(bytes) / kSlowestBytesPerSecond);
}

std::string url_of(const std::string& base, const std::string& path, const Digest& digest) {
  return base + "/" + tuf::hashed_name(path, digest.hex());
}

Error differs(const std::string& url, const Digest& got, const Digest& expected) {
  return {ErrorCode::mismatch, "digest mismatch: " + url + " serves " + got.brief() + " where " +
                                   expected.brief() +
                                   " is signed: refused before anything parsed it"};
}

Result<Digest> digest_of(port::Files& files, const std::string& path) {
  crypto::Sha256 hash;
  FB_TRY(files.read_pieces(path, [&](std::string_view piece) -> Status {
    hash.update(piece);
    return {};
  }));
  return hash.finish();
}

// One artifact on its way from some mirror into the slot.
class Download {
 public:
  Download(port::HttpClient& http, port::Files& files, std::string path,
           const release::Artifact& artifact)
      : http_(http),
        files_(files),
        path_(std::move(path)),
        partial_(path_ + ".partial"),
        artifact_(artifact) {}

  // Errors: mismatch (not the signed bytes), those of network and disk.
  Status from(const std::string& url) {
    ranges_ignored_ = false;
    const bool continued = have() > 0;
    FB_TRY(receive_all(url));
    FB_ASSIGN(Digest got, digest_of(files_, partial_));
    if (got != artifact_.digest && continued) {  // the beginning was somebody else's
      FB_TRY(files_.remove(partial_));
      FB_TRY(receive_all(url));
      FB_ASSIGN(got, digest_of(files_, partial_));
    }
    if (got == artifact_.digest) return finish();
    FB_TRY(files_.remove(partial_));
    return differs(url, got, artifact_.digest);
  }

  // Whether an earlier attempt has left the finished file.
  [[nodiscard]] bool done() const {
    const auto got = digest_of(files_, path_);
    return got.ok() && *got == artifact_.digest;
  }

 private:
  enum class Served : std::uint8_t { the_rest, from_the_start };

  [[nodiscard]] std::uint64_t have() const {
    const auto size = files_.size(partial_);
    return size.ok() ? *size : 0;
  }

  // One exchange after the other, as long as each brings enough.
  Status receive_all(const std::string& url) {
    while (true) {
      const std::uint64_t before = have();
      const auto served = receive(url);
      if (served.ok() && *served == Served::the_rest) return {};
      if (served.ok()) {  // Range was ignored: what lies there is no prefix
        ranges_ignored_ = true;
        FB_TRY(files_.remove(partial_));
        continue;
      }
      const std::uint64_t after = have();
      const bool slow = served.error().code == ErrorCode::timed_out;
      if (slow && !ranges_ignored_ && after >= before + kLeastPerExchange) continue;
      if (!slow) return served.error();
      return Error{ErrorCode::timed_out,
                   url + " sent " + std::to_string(after > before ? after - before : 0) +
                       " bytes in its time: too slow, left for another mirror"};
    }
  }

  Result<Served> receive(const std::string& url) {
    std::uint64_t have = this->have();
    if (have > artifact_.size) {
      FB_TRY(files_.remove(partial_));
      have = 0;
    }
    if (have == artifact_.size && have > 0) return Served::the_rest;
    FB_ASSIGN(auto writer, files_.append_to(partial_));
    std::uint64_t received = 0;
    port::HttpRequest request;
    request.url = url;
    request.max_body = static_cast<std::size_t>(artifact_.size);
    request.timeout =
        time_for(ranges_ignored_ ? artifact_.size : std::min(artifact_.size, kLeastPerExchange));
    if (have > 0) request.headers["range"] = "bytes=" + std::to_string(have) + "-";
    request.sink = [&](std::string_view piece) -> Status {
      received += piece.size();
      if (received > artifact_.size) {
        return Error{ErrorCode::mismatch, url + " sends more than the " +
                                              std::to_string(artifact_.size) +
                                              " signed bytes: refused before anything parsed it"};
      }
      return writer->append(piece);
    };
    FB_ASSIGN(const auto response, http_.send(request).in(url));
    FB_TRY(writer->keep());
    if (response.status == 200) return have > 0 ? Served::from_the_start : Served::the_rest;
    if (response.status == 206) return Served::the_rest;
    if (response.status == 416) FB_TRY(files_.remove(partial_));
    return Error{ErrorCode::unavailable, url + " answers " + std::to_string(response.status)};
  }

  Status finish() {
    if (artifact_.executable) FB_TRY(files_.make_executable(partial_));
    return files_.rename(partial_, path_);
  }

  port::HttpClient& http_;
  port::Files& files_;
  std::string path_;
  std::string partial_;
  const release::Artifact& artifact_;
  bool ranges_ignored_ = false;  // by the mirror that is being asked
};

class Staging {
 public:
  Staging(const StagingOrder& order, const tuf::TrustedSet& trusted, port::HttpClient& http,
          port::Files& files)
      : order_(order),
        trusted_(trusted),
        http_(http),
        files_(files),
        role_(release::owning_role(order.kind)),
        slot_(layout::slot(order.component, order.release)),
        bases_(order.bases) {}

  StagingOutcome run() {
    const Status status = everything();
    if (!status.ok()) {
      const Error& error = status.error();
      const bool later = retryable(error.code) || error.code == ErrorCode::no_space ||
                         error.code == ErrorCode::io_failed;
      out_.rule = later ? "" : rule_of(error.code);
      out_.sentence = error.detail;
    }
    return std::move(out_);
  }

 private:
  static std::string rule_of(ErrorCode code) {
    if (code == ErrorCode::mismatch) return "digest";
    if (code == ErrorCode::not_found || code == ErrorCode::forbidden) return "unsigned";
    return "malformed";
  }

  Status everything() {
    FB_ASSIGN(const std::string bytes, manifest_bytes());
    FB_ASSIGN(auto manifest, release::decode_manifest(bytes));
    FB_TRY(check(manifest));
    for (const release::Artifact& artifact : manifest.artifacts) {
      const std::string target = release::target_path(manifest, artifact.name);
      FB_TRY(check_artifact(target, artifact));
      FB_TRY(fetch(target, artifact));
    }
    FB_TRY(files_.write_atomic(slot_ + "/manifest.json", bytes));
    out_.manifest = std::move(manifest);
    return {};
  }

  Result<std::string> manifest_bytes() {
    FB_ASSIGN(const auto file, find_target(trusted_, order_.manifest_path, role_));
    FB_ASSIGN(const Digest signed_digest, file.sha256());
    if (signed_digest != order_.release) {
      return Error{ErrorCode::mismatch, order_.manifest_path + " is signed as " +
                                            signed_digest.brief() + "; the plan names " +
                                            order_.release.brief()};
    }
    std::vector<MirrorFailure> failures;
    auto bytes = fetch_target(http_, bases_, {order_.manifest_path, file}, failures);
    for (const MirrorFailure& each : failures) set_back(each.base, each.error);
    return bytes;
  }

  Status check(const release::Manifest& manifest) const {
    const auto wrong = [&](const std::string& what) {
      return Error{ErrorCode::mismatch, order_.manifest_path + " " + what};
    };
    if (manifest.component != order_.component) return wrong("is for " + manifest.component.text());
    if (manifest.kind != order_.kind) {
      return wrong("is " + std::string(word(manifest.kind)) + "; local configuration says " +
                   std::string(word(order_.kind)));
    }
    if (release::manifest_path(manifest) != order_.manifest_path)
      return wrong("stands at the wrong path");
    if (manifest.reader && manifest.reader != order_.reader) {
      return wrong("is read by " + manifest.reader->text() + ", which is not its reader here");
    }
    return {};
  }

  Status check_artifact(const std::string& target, const release::Artifact& artifact) const {
    FB_ASSIGN(const auto file, find_target(trusted_, target, role_));
    FB_ASSIGN(const Digest digest, file.sha256());
    if (digest == artifact.digest && static_cast<std::uint64_t>(file.length) == artifact.size)
      return {};
    return Error{ErrorCode::mismatch, target + ": the manifest and the role " + std::string(role_) +
                                          " name different bytes"};
  }

  Status fetch(const std::string& target, const release::Artifact& artifact) {
    Download download(http_, files_, slot_ + "/" + artifact.name, artifact);
    if (download.done()) return {};
    Error last{ErrorCode::unreachable, "no mirror to fetch from"};
    for (const std::string& base : std::vector<std::string>(bases_)) {
      const Status got = download.from(url_of(base, target, artifact.digest));
      if (got.ok()) {
        out_.served.push_back(base);
        return {};
      }
      last = got.error();
      if (last.code == ErrorCode::no_space || last.code == ErrorCode::io_failed) return last;
      set_back(base, last);
    }
    return last;
  }

  // Tried last from now on. That a mirror does not have it yet says nothing about the mirror.
  void set_back(const std::string& base, const Error& error) {
    if (error.code == ErrorCode::unavailable) return;
    if (const auto at = std::find(bases_.begin(), bases_.end(), base); at != bases_.end())
      std::rotate(at, at + 1, bases_.end());
    (error.code == ErrorCode::mismatch ? out_.refused_copies : out_.skipped)
        .push_back(error.detail);
    out_.failures.push_back({base, error});
  }

  const StagingOrder& order_;
  const tuf::TrustedSet& trusted_;
  port::HttpClient& http_;
  port::Files& files_;
  std::string_view role_;
  std::string slot_;
  std::vector<std::string> bases_;  // those that failed last
  StagingOutcome out_;
};

}  // namespace

StagingOutcome stage(const StagingOrder& order, const tuf::TrustedSet& trusted,
                     port::HttpClient& http, port::Files& files) {
  return Staging(order, trusted, http, files).run();
}

Result<release::Manifest> read_manifest(port::Files& files, const ComponentId& component,
                                        const Digest& release) {
  const std::string path = layout::manifest(component, release);
  FB_ASSIGN(const std::string bytes, files.read(path, limits::kJsonBytes));
  if (crypto::sha256(bytes) != release) {
    return Error{ErrorCode::mismatch, path + " is damaged: it is " + crypto::sha256(bytes).brief()};
  }
  return release::decode_manifest(bytes).in(path);
}

Result<std::string> fetch_target(port::HttpClient& http, const std::vector<std::string>& bases,
                                 const SmallTarget& target, std::vector<MirrorFailure>& failures) {
  FB_ASSIGN(const Digest digest, target.file.sha256());
  Error last{ErrorCode::unreachable, "no mirror to fetch " + target.path + " from"};
  for (const std::string& base : bases) {
    port::HttpRequest request;
    request.url = url_of(base, target.path, digest);
    request.max_body = std::min(limits::kJsonBytes, static_cast<std::size_t>(target.file.length));
    const auto response = http.send(request);
    if (!response.ok()) {
      last = response.error().in(request.url);
    } else if (response->status != 200) {
      last = {ErrorCode::unavailable, request.url + " answers " + std::to_string(response->status)};
    } else if (crypto::sha256(response->body) != digest) {
      last = differs(request.url, crypto::sha256(response->body), digest);
    } else {
      return response->body;
    }
    if (last.code != ErrorCode::unavailable) failures.push_back({base, last});
  }
  return last;
}

}  // namespace fb::agent
