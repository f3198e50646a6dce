// Bundles on the publisher's side: made of what the server publishes, shown, and unpacked as a
// mirror.
//
// A bundle carries all metadata from the first root on, the small files beside it, the releases
// that are named, and the log's proof of each; docs/formats.md. It is verified as a device would
// verify it before anybody carries it away, and before anything of it is laid out.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "bundle/archive.h"
#include "bundle/contents.h"
#include "port/byte_source.h"
#include "port/files.h"
#include "publisher/desk.h"
#include "publisher/outcome.h"

namespace fb::publisher {

struct ExportOrder {
  std::vector<std::string> releases;  // each as find_release() takes it
  std::vector<std::uint64_t> seen;    // sizes of the log that devices may have seen
  std::vector<std::string> policies;  // envelopes of tenants: policies and rotations of their keys
};

// The bundle goes to `sink` in pieces: no artifact is held as a whole. The sizes of the log of the
// last exports count as seen as well, and this one's is kept. Errors: conflict (a release without
// its mark), not_found, mismatch, those of the server, of the log and of the sink.
Status export_bundle(Desk& desk, const ExportOrder& order, const bundle::Writer::Sink& sink);

struct BundlePlace {
  port::Files& folder;
  std::string name;
  const port::OpenSource& open;  // reads what was written
};

// Written beside it (`name`.partial), examined there, and renamed once it holds: nobody carries
// half a bundle away, whatever breaks. Errors: as export_bundle and describe_bundle.
Result<Outcome> export_bundle_file(Desk& desk, const ExportOrder& order, const BundlePlace& place);

// What is in it, in words. Errors: as bundle::examine.
Result<Outcome> describe_bundle(const bundle::Archive& archive, const bundle::Judge& judge);

// Lays it out in `mirror` as metadata/ and targets/, for a web server behind the gap or for
// `firebreak-agent provision`: what was verified and nothing else, targets first and the timestamp
// last, so that whoever reads meanwhile sees the old repository or the new one. Errors: as
// bundle::examine; rolled_back (the mirror has a newer timestamp), those of the disk.
Result<Outcome> unpack_bundle(const bundle::Archive& archive, const bundle::Judge& judge,
                              port::Files& mirror);

}  // namespace fb::publisher
