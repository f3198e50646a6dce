// Updater: one TUF client over a directory of metadata and one HTTP client, for tuf-client.
//
// refresh() runs the client workflow; each accepted file lies in the directory, byte for byte,
// before the next is asked for. download() looks a target up, loading delegated roles as the
// search needs them, and writes it verified. One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "port/files.h"
#include "port/http_client.h"
#include "tuf/refresh.h"

namespace fb::tuf_main {

// Puts the trusted root into the directory. Errors: as TrustedSet::from_root; those of the disk.
Status init(port::Files& metadata, const std::string& root);

class Updater {
 public:
  struct Where {
    port::Files& metadata;
    port::HttpClient& http;
    std::string metadata_url;
  };
  // Reads what the directory has. Errors: not_found (init comes first), malformed, bad_signature.
  static Result<Updater> open(Where where, Instant now);

  // Errors: as tuf::Refresh, and those of network and disk.
  Status refresh();

  struct Destination {
    port::Files& files;
    std::string base_url;
  };
  // After refresh(). A file that is there already with the signed length and hashes is kept.
  // Errors: not_found (nobody signed it), mismatch, too_large, those of network and disk.
  Status download(const std::string& target, const Destination& to);

 private:
  Updater(Where where, tuf::Refresh run) : where_(std::move(where)), run_(std::move(run)) {}
  Status feed(const tuf::Need& need);
  Status store();
  Result<tuf::TargetFile> find(const std::string& target);
  Result<std::string> fetch(const std::string& target, const tuf::TargetFile& file,
                            const std::string& base_url);

  Where where_;
  tuf::Refresh run_;
};

}  // namespace fb::tuf_main
