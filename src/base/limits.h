// Every size, depth, count, retry and rate has a limit; they stand here, each with its reason.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/document_limits.h"
#include "base/time.h"

namespace fb::limits {

// One request body of the device API. A check-in with a full event batch takes about 40 KiB.
inline constexpr std::size_t kDeviceBodyBytes = 256U << 10U;
// One request body of the management API, artifacts excepted.
inline constexpr std::size_t kManagementBodyBytes = 4U << 20U;
// One artifact. Images of whole systems stay below this.
inline constexpr std::uint64_t kArtifactBytes = 16ULL << 30U;
inline constexpr std::size_t kArtifactsPerRelease = 64;

// TUF, client side (specification 1.0.34, sections 5.3 to 5.6): what we download before we know a
// signed length.
inline constexpr std::size_t kRootBytes = 512U << 10U;
inline constexpr std::size_t kTimestampBytes = 16U << 10U;
inline constexpr std::size_t kSnapshotBytes = 2U << 20U;
inline constexpr std::size_t kTargetsBytes = 8U << 20U;
inline constexpr int kRootRotations = 256;      // one a day for most of a year
inline constexpr int kDelegations = 32;         // roles visited for one target
inline constexpr std::size_t kSignatures = 64;  // per document: more is somebody burning our CPU

// One target that tuf-client holds in memory.
inline constexpr std::size_t kDownloadBytes = 1U << 30U;

// A permit is good for at most this long after asking: promise P6 counts on it.
inline constexpr Millis kFreshness = seconds(60);
// Events one check-in may carry; a device with more sends the rest next time.
inline constexpr std::size_t kEventsPerCheckIn = 64;
// Events a device keeps while it cannot reach the server. The oldest health reports go first, never
// verdicts.
inline constexpr std::size_t kOutboxEvents = 4096;
// Strata per rollout; the rest is `other`. The halt test splits its attention over them.
inline constexpr std::size_t kStrata = 64;
// A fleet of this size shows enough by itself (below it beta is .05, too); one that borrowed would
// stake all of its machines on the word that they are like others.
inline constexpr std::int64_t kBorrowingFleet = 1000;
// Rollouts of one release that are borrowed from: all there were, so few.
inline constexpr std::size_t kLenders = 8;
// Slots kept on a device per component: active, LKG, staged, and one older.
inline constexpr std::size_t kSlots = 4;
// Free text from people: notes.
inline constexpr std::size_t kTextBytes = 16U << 10U;
// The reason in an act. It ends up inside sentences (denials, block list, state) that have limits
// of their own.
inline constexpr std::size_t kReasonBytes = 400;
// An act is good for at most this long: a signed order must not lie around for years.
inline constexpr Millis kActLife = days(90);
// Notices kept for a webhook that does not answer; somebody reads the oldest of them never.
inline constexpr std::size_t kNotices = 1000;
// Tries to deliver one notice, the pauses between them doubling up to kNoticePause: about a day.
inline constexpr int kNoticeTries = 300;
inline constexpr Millis kNoticePause = minutes(5);
// A server's clock may be this far behind its last log entry (time servers step clocks a little),
// and this far ahead: snapshots live 7 days, so a server that was off for longer is looked at.
inline constexpr Millis kClockBack = minutes(5);
inline constexpr Millis kClockAhead = days(30);
// Releases revoked, and blocks lifted, in one list: with reasons of kReasonBytes about half of
// kJsonBytes.
inline constexpr std::size_t kRevocations = 800;
inline constexpr std::size_t kFloors = 64;  // one per component of a product line
// Blocks that a device remembers for ever, with so much of each reason: the file stays well below
// kJsonBytes, or it could not be read again.
inline constexpr std::size_t kSeenBlocks = 1500;
inline constexpr std::size_t kSeenReasonBytes = 160;
// Roles whose approval one rule of a customer may ask for: more people than that never meet.
inline constexpr std::size_t kApprovalsAsked = 8;
// Rotations of one tenant's policy key in a chain: one a year outlives the machine.
inline constexpr std::size_t kPolicyKeyRotations = 64;
// Tenants for whose devices alone one plan, or one block, is: the server halts one, and each retry
// without it may halt one more.
inline constexpr std::size_t kHaltedTenants = 64;
// Acts that one plan carries to devices.
inline constexpr std::size_t kActsPerPlan = 32;

// An armored OpenPGP signature. RSA with 4096 bits takes 900 bytes, and people add notations.
inline constexpr std::size_t kOpenPgpBytes = 8U << 10U;
// A statement of evidence as it is posted, in which base64 wraps that signature: less than half of
// kLogEntryBytes, since its log entry has to hold all of it.
inline constexpr std::size_t kEvidenceBytes = 24U << 10U;
// Of one release: a handful of people on a handful of artifacts. All of it is held in memory.
inline constexpr std::size_t kEvidencePerRelease = 32;
// A keyring for gpgv: a distribution's with all its maintainers takes about 10 MiB.
inline constexpr std::size_t kKeyringBytes = 32U << 20U;
// gpgv hashes 64 MiB in a second or two; one that takes longer than this has hung.
inline constexpr Millis kGpgvTime = seconds(30);

// The event log. An entry's length is told in two bytes (C2SP tlog-tiles).
inline constexpr std::size_t kLogEntryBytes = 65'535;
// A checkpoint is three lines and a few signatures; a reader holds no more of it.
inline constexpr std::size_t kNoteBytes = 16U << 10U;
// Keys of the log, and witnesses: each costs a signature check per checkpoint.
inline constexpr std::size_t kLogSigners = 8;
// Hashes of one proof: a log of 2^53 entries needs 53 and one.
inline constexpr std::size_t kProofHashes = 64;
// An evidence pack: 50,000 entries with their proofs, some KiB each.
inline constexpr std::size_t kPackBytes = 256U << 20U;
inline constexpr std::size_t kPackEntries = 50'000;
// Full tiles that the server holds for proofs, 16 KiB each: those of live releases and recent
// sizes.
inline constexpr std::size_t kLogTilesHeld = 128;

// What is carried to air-gapped sites. A bundle fills a usual stick; its index holds the proofs of
// all its releases, and each release has at most kArtifactsPerRelease files and a manifest.
inline constexpr std::uint64_t kBundleBytes = 64ULL << 30U;
inline constexpr std::size_t kBundleMembers = 5000;
inline constexpr std::size_t kBundleReleases = 64;
inline constexpr std::size_t kBundleContinuations = 64;  // sizes of the log that sites have seen
inline constexpr std::size_t kBundleTenants =
    16;  // a stick goes round the sites of a few customers
inline constexpr std::size_t kBundleIndexBytes = 8U << 20U;
// How old a timestamp, snapshot or block list may be that a courier brings. Two weeks are a round
// of sites; a month is the term of content itself.
inline constexpr Millis kCarry = days(14);
inline constexpr Millis kLongestCarry = days(30);

// Who started by the emergency lane has this long until somebody must look back at it: long enough
// for the fire to be out, short enough to remember it.
inline constexpr Millis kEmergencyReview = hours(72);

// The exact simulation. Whole agents take about a millisecond and a quarter of a MiB each per
// heartbeat; thin devices and the server a tenth of that: minutes for a rollout of the largest.
inline constexpr std::int64_t kExactAgents = 500;
inline constexpr std::int64_t kExactDevices = 20'000;

}  // namespace fb::limits
