#include "server/management_routes.h"

#include <charconv>

#include "base/limits.h"
#include "crypto/sha256.h"
#include "incident/record.h"
#include "json/reader.h"
#include "server/answers.h"
#include "server/trust_change.h"
#include "server/views.h"
#include "statement/envelope_list.h"

namespace fb::server {
namespace {

constexpr std::size_t kPage = 1000;

std::vector<std::string> split(const std::string& path) {
  std::vector<std::string> out;
  std::size_t from = 1;
  while (from <= path.size()) {
    const std::size_t to = std::min(path.find('/', from), path.size());
    out.push_back(path.substr(from, to - from));
    from = to + 1;
  }
  return out;
}

std::uint64_t number(const port::ServerRequest& request, const std::string& key,
                     std::uint64_t otherwise) {
  const auto it = request.query.find(key);
  std::uint64_t value = otherwise;
  if (it != request.query.end())
    std::from_chars(it->second.data(), it->second.data() + it->second.size(), value);
  return value;
}

Result<RolloutId> rollout_id(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) {
    return Error{ErrorCode::malformed, "'" + text + "' is not a rollout id"};
  }
  return RolloutId::parse(value);
}

// "1,3".
Result<std::vector<RolloutId>> rollout_ids(const std::string& text) {
  std::vector<RolloutId> ids;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t to = std::min(text.find(',', from), text.size());
    FB_ASSIGN(const RolloutId id, rollout_id(text.substr(from, to - from)));
    ids.push_back(id);
    from = to + 1;
  }
  if (ids.size() <= limits::kLenders) return ids;
  return Error{ErrorCode::too_many, "at most " + std::to_string(limits::kLenders) +
                                        " rollouts lend, not " + std::to_string(ids.size())};
}

// One page of `all`, `page` items from `from`; "next" points on while there is more.
json::Value page(const char* name, std::vector<json::Value> all, std::uint64_t from) {
  json::Value items = json::Value::array();
  const std::size_t end = std::min<std::size_t>(all.size(), from + kPage);
  for (std::size_t i = from; i < end; ++i) items.push_back(std::move(all[i]));
  json::Value out{{name, std::move(items)}};
  if (end < all.size()) out["next"] = std::to_string(end);
  return out;
}

port::ServerResponse rollouts_page(const World& world, std::uint64_t from) {
  std::vector<json::Value> all;
  for (const auto& [id, run] : world.rollouts->all()) all.push_back(run->view());
  return json_answer(200, page("rollouts", std::move(all), from));
}

port::ServerResponse releases_page(const World& world, std::uint64_t from, Instant now) {
  std::vector<json::Value> all;
  for (const auto& [digest, entry] : world.releases->all())
    all.push_back(release_view(world, digest, entry, now));
  return json_answer(200, page("releases", std::move(all), from));
}

// Devices are many: only the page asked for is rendered.
port::ServerResponse devices_page(const World& world, std::uint64_t from, Instant now) {
  json::Value items = json::Value::array();
  const std::size_t end = std::min<std::size_t>(world.devices.size(), from + kPage);
  for (std::size_t i = from; i < end; ++i)
    items.push_back(device_view(world, static_cast<DeviceIndex>(i), now));
  json::Value out{{"devices", std::move(items)}};
  if (end < world.devices.size()) out["next"] = std::to_string(end);
  return json_answer(200, out);
}

Result<port::ServerResponse> one_release(const World& world, const std::string& text, Instant now) {
  FB_ASSIGN(const Digest digest, Digest::parse(text));
  const ReleaseEntry* entry = world.releases->find(digest);
  if (entry == nullptr) return Error{ErrorCode::not_found, "no release " + text};
  return json_answer(200, release_view(world, digest, *entry, now));
}

Result<port::ServerResponse> evidence_of(const World& world, const std::string& text) {
  FB_ASSIGN(const Digest digest, Digest::parse(text));
  const ReleaseEntry* entry = world.releases->find(digest);
  if (entry == nullptr) return Error{ErrorCode::not_found, "no release " + text};
  json::Value list = json::Value::array();
  for (const auto& each : entry->evidence) {
    list.push_back(statement::summary(each));
    list.back()["envelope"] = statement::encode(each.envelope);
  }
  return json_answer(200, json::Value{{"release", text}, {"evidence", std::move(list)}});
}

// For who carries a release to where no plan goes.
Result<port::ServerResponse> acts_of(const World& world, const std::string& text, Instant now) {
  FB_ASSIGN(const Digest digest, Digest::parse(text));
  if (world.releases->find(digest) == nullptr)
    return Error{ErrorCode::not_found, "no release " + text};
  return json_answer(
      200, json::Value{{"release", text},
                       {"acts", statement::encode_list(world.rollouts->acts_of(digest, now))}});
}

// What a start would be over: whoever plans computes the rest by the engine's own rule.
Result<port::ServerResponse> one_scope(const World& world, const std::string& text,
                                       const std::map<std::string, std::string>& query,
                                       Instant now) {
  FB_ASSIGN(const Digest digest, Digest::parse(text));
  const auto lane_at = query.find("lane");
  const std::string lane_word = lane_at == query.end() ? "standard" : lane_at->second;
  const auto borrow_at = query.find("borrow");
  FB_ASSIGN(const auto borrow, rollout_ids(borrow_at == query.end() ? "" : borrow_at->second));
  for (const auto& [word, lane] : statement::lane_words()) {
    if (word != lane_word) continue;
    FB_ASSIGN(const auto scope, world.rollouts->scope(digest, lane, borrow, now));
    return json_answer(200, rollout::encode(scope));
  }
  return Error{ErrorCode::malformed,
               "'" + lane_word + "' is not a lane: standard, fast, emergency"};
}

Result<port::ServerResponse> one_rollout(const World& world, const std::string& text) {
  FB_ASSIGN(const RolloutId id, rollout_id(text));
  const RolloutRun* run = world.rollouts->find(id);
  if (run == nullptr) return Error{ErrorCode::not_found, "no rollout " + text};
  return json_answer(200, run->view());
}

Result<port::ServerResponse> one_device(const World& world, const std::string& text, Instant now) {
  FB_ASSIGN(const DeviceId id, DeviceId::parse(text));
  const auto device = world.devices.find(id);
  if (!device) return Error{ErrorCode::not_found, "no device " + text};
  return json_answer(200, device_view(world, *device, now));
}

}  // namespace

bool ManagementRoutes::handle(const port::ServerRequest& request, const port::Reply& reply) {
  if (!request.path.starts_with("/api/")) return false;
  // Hashes of equal length are compared, so that not even the token's length shows.
  const bool known = crypto::equal_in_constant_time(crypto::sha256(bearer(request)).text(),
                                                    crypto::sha256(p_.api_token).text());
  if (!known) {
    reply(
        problem_answer(Error{ErrorCode::unauthenticated,
                             "the API token is missing or wrong; it stands in server/api.token"}));
    return true;
  }
  const Segments path = split(request.path);
  if (path.size() < 3 || path[1] != "v1")
    reply(problem_answer(404, "no such resource: " + request.path));
  else if (!route_writes(path, request, reply))
    route(path, request, reply);
  return true;
}

bool ManagementRoutes::route_writes(const Segments& path, const port::ServerRequest& request,
                                    const port::Reply& reply) {
  if (request.method == "PUT" && path[2] == "blobs" && path.size() == 4)
    put_blob(path[3], request.body, reply);
  else if (request.method == "POST" && path[2] == "releases" && path.size() == 3)
    post_release(request.body, reply);
  else if (request.method == "POST" && path[2] == "releases" && path.size() == 5 &&
           path[4] == "evidence")
    post_evidence(path[3], request.body, reply);
  else if (request.method == "POST" && path[2] == "metadata" && path.size() == 3)
    post_metadata(request.body, reply);
  else if (request.method == "POST" && path[2] == "acts" && path.size() == 3)
    post_act(request.body, reply);
  else if (request.method == "POST" && path[2] == "policies" && path.size() == 3)
    post_policy(request.body, &TenantPolicies::accept, reply);
  else if (request.method == "POST" && path[2] == "policy-keys" && path.size() == 3)
    post_policy(request.body, &TenantPolicies::rotate, reply);
  else if (request.method != "GET" && request.method != "HEAD")
    reply(problem_answer(405, request.method + " " + request.path + " is not offered"));
  else
    return false;
  return true;
}

void ManagementRoutes::route(const Segments& path, const port::ServerRequest& request,
                             const port::Reply& reply) {
  const std::string& noun = path[2];
  const bool one = path.size() == 4;
  if (path.size() == 5 && noun == "releases" && path[4] == "scope") {
    return read(reply, [release = path[3], query = request.query](World& world, Instant now) {
      return one_scope(world, release, query, now);
    });
  }
  if (path.size() == 5 && noun == "releases" && path[4] == "evidence") {
    return read(reply,
                [release = path[3]](World& world, Instant) { return evidence_of(world, release); });
  }
  if (path.size() == 5 && noun == "releases" && path[4] == "acts") {
    return read(reply, [release = path[3]](World& world, Instant now) {
      return acts_of(world, release, now);
    });
  }
  if (path.size() > 4) return reply(problem_answer(404, "no such resource: " + request.path));
  const std::uint64_t cursor = number(request, "cursor", 0);
  const std::string id = one ? path[3] : "";
  if (noun == "status" && !one) {
    return read(reply, [this](World& world, Instant) {
      return json_answer(200, status_view(world, p_.config));
    });
  }
  if (noun == "incidents") return get_incident(id, reply);
  if (noun == "inventory" && !one) {
    return read(reply, [this](World& world, Instant now) -> Result<port::ServerResponse> {
      FB_ASSIGN(const auto envelope,
                p_.signers.rollouts.seal(statement::kInventoryType,
                                         statement::encode(world.devices.inventory(now))));
      return json_answer(200, statement::encode(envelope));
    });
  }
  if (noun == "releases") {
    return read(reply,
                [one, id, cursor](World& world, Instant now) -> Result<port::ServerResponse> {
                  return one ? one_release(world, id, now) : releases_page(world, cursor, now);
                });
  }
  if (noun == "rollouts") {
    return read(reply, [one, id, cursor](World& world, Instant) -> Result<port::ServerResponse> {
      return one ? one_rollout(world, id) : rollouts_page(world, cursor);
    });
  }
  if (noun == "devices") {
    return read(reply,
                [one, id, cursor](World& world, Instant now) -> Result<port::ServerResponse> {
                  return one ? one_device(world, id, now) : devices_page(world, cursor, now);
                });
  }
  reply(problem_answer(404, "no such resource: " + request.path));
}

void ManagementRoutes::read(const port::Reply& reply, Read read) {
  const Status status = p_.decider.submit(
      {[reply, read = std::move(read)](World& world, Transaction& tx, Instant now) {
         auto answer = read(world, now);
         tx.afterwards([reply, answer = std::move(answer)] {
           reply(answer.ok() ? *answer : problem_answer(answer.error()));
         });
       },
       [reply](const Error& error) { reply(problem_answer(error)); }});
  if (!status.ok()) reply(problem_answer(status.error()));
}

void ManagementRoutes::put_blob(const std::string& name, const std::string& body,
                                const port::Reply& reply) {
  const auto digest = Digest::from_hex(name);
  if (!digest.ok()) return reply(problem_answer(digest.error()));
  if (crypto::sha256(body) != *digest) {
    return reply(problem_answer(
        Error{ErrorCode::mismatch,
              "the bytes hash to " + crypto::sha256(body).hex() + ", not to the name"}));
  }
  const Status written = p_.blobs.write_atomic(digest->hex(), body);
  if (!written.ok()) return reply(problem_answer(written.error()));
  reply(json_answer(201, json::Value{{"digest", digest->text()}, {"size", body.size()}}));
}

void ManagementRoutes::post_release(const std::string& body, const port::Reply& reply) {
  const auto value = json::parse(body, {limits::kManagementBodyBytes * 2, limits::kJsonDepth});
  if (!value.ok()) return reply(problem_answer(value.error()));
  json::Reader in(*value, "submission");
  Releases::Submission submission{in.string("role", 32),
                                  in.string("metadata", limits::kTargetsBytes)};
  if (const Status done = in.done(); !done.ok()) return reply(problem_answer(done.error()));
  const auto run = [reply, submission, this](World& world, Transaction& tx, Instant now) {
    const auto blobs = [this](const Digest& digest) {
      return p_.blobs.read(digest.hex(), limits::kManagementBodyBytes * 16);
    };
    const auto digests =
        world.releases->submit(submission, blobs, {world.devices, world.people}, tx, now);
    if (!digests.ok()) {
      tx.log(now, "refused",
             {{"what", "submission"},
              {"rule", name(digests.error().code)},
              {"detail", digests.error().detail}});
      return tx.afterwards([reply, error = digests.error()] { reply(problem_answer(error)); });
    }
    json::Value list = json::Value::array();
    for (const Digest& digest : *digests)
      list.push_back(release_view(world, digest, *world.releases->find(digest), now));
    tx.afterwards([reply, list] { reply(json_answer(201, json::Value{{"releases", list}})); });
  };
  const Status status =
      p_.decider.submit({run, [reply](const Error& error) { reply(problem_answer(error)); }});
  if (!status.ok()) reply(problem_answer(status.error()));
}

void ManagementRoutes::post_metadata(const std::string& body, const port::Reply& reply) {
  const auto change = decode_trust_change(body);
  if (!change.ok()) return reply(problem_answer(change.error()));
  const auto run = [reply, change = *change, this](World& world, Transaction& tx, Instant now) {
    const auto blobs = [this](const Digest& digest) {
      return p_.blobs.read(digest.hex(), limits::kJsonBytes);
    };
    const auto taken =
        take_trust_change(world, change, {blobs, p_.signers.log->key().id()}, tx, now);
    if (!taken.ok()) {
      tx.log(now, "refused",
             {{"what", "metadata"},
              {"rule", name(taken.error().code)},
              {"detail", taken.error().detail}});
      return tx.afterwards([reply, error = taken.error()] { reply(problem_answer(error)); });
    }
    tx.afterwards([reply, answer = *taken] { reply(json_answer(201, answer)); });
  };
  const Status status =
      p_.decider.submit({run, [reply](const Error& error) { reply(problem_answer(error)); }});
  if (!status.ok()) reply(problem_answer(status.error()));
}

void ManagementRoutes::post_act(const std::string& body, const port::Reply& reply) {
  const auto envelope = statement::parse_envelope(body);
  if (!envelope.ok()) return reply(problem_answer(envelope.error()));
  const auto run = [reply, envelope = *envelope](World& world, Transaction& tx, Instant now) {
    const auto act = statement::verify_act(envelope, world.people, now);
    auto done =
        act.ok() ? world.rollouts->order(*act, tx, now) : Result<Rollouts::Done>(act.error());
    if (!done.ok()) {
      tx.log(now, "refused",
             {{"what", "act"}, {"rule", name(done.error().code)}, {"detail", done.error().detail}});
      return tx.afterwards([reply, error = done.error()] { reply(problem_answer(error)); });
    }
    json::Value out{{"act", word(act->act.kind)},
                    {"release", act->act.release.text()},
                    {"result", done->result}};
    if (done->rollout.number() != 0) out["rollout"] = done->rollout.number();
    tx.afterwards([reply, out] { reply(json_answer(201, out)); });
  };
  const Status status =
      p_.decider.submit({run, [reply](const Error& error) { reply(problem_answer(error)); }});
  if (!status.ok()) reply(problem_answer(status.error()));
}

void ManagementRoutes::post_evidence(const std::string& release, const std::string& body,
                                     const port::Reply& reply) {
  if (body.size() > limits::kEvidenceBytes) {
    return reply(problem_answer(
        Error{ErrorCode::too_large,
              "evidence has at most " + std::to_string(limits::kEvidenceBytes) + " bytes"}));
  }
  const auto digest = Digest::parse(release);
  if (!digest.ok()) return reply(problem_answer(digest.error()));
  const auto envelope = statement::parse_envelope(body);
  if (!envelope.ok()) return reply(problem_answer(envelope.error()));
  const auto run = [reply, digest = *digest, envelope = *envelope](World& world, Transaction& tx,
                                                                   Instant now) {
    const auto evidence = statement::verify_evidence(envelope, world.people);
    const auto added = evidence.ok() ? world.releases->add_evidence(digest, *evidence, tx, now)
                                     : Result<Releases::Added>(evidence.error());
    if (!added.ok()) {
      tx.log(now, "refused",
             {{"what", "evidence"},
              {"rule", name(added.error().code)},
              {"detail", added.error().detail}});
      return tx.afterwards([reply, error = added.error()] { reply(problem_answer(error)); });
    }
    const bool first = *added == Releases::Added::now;
    json::Value out = statement::summary(*evidence);
    out["release"] = digest.text();
    out["result"] = first ? "recorded" : "recorded before";
    tx.afterwards([reply, out, first] { reply(json_answer(first ? 201 : 200, out)); });
  };
  const Status status =
      p_.decider.submit({run, [reply](const Error& error) { reply(problem_answer(error)); }});
  if (!status.ok()) reply(problem_answer(status.error()));
}

void ManagementRoutes::post_policy(const std::string& body, TakeTenantsWord take,
                                   const port::Reply& reply) {
  const auto envelope = statement::parse_envelope(body);
  if (!envelope.ok()) return reply(problem_answer(envelope.error()));
  const auto run = [reply, take, envelope = *envelope](World& world, Transaction& tx, Instant now) {
    const auto accepted = (world.policies.*take)(envelope, tx, now);
    tx.afterwards([reply, accepted] {
      reply(accepted.ok() ? json_answer(201, json::Value{{"tenant", accepted->tenant.text()},
                                                         {"version", accepted->version}})
                          : problem_answer(accepted.error()));
    });
  };
  const Status status =
      p_.decider.submit({run, [reply](const Error& error) { reply(problem_answer(error)); }});
  if (!status.ok()) reply(problem_answer(status.error()));
}

void ManagementRoutes::get_incident(std::string id, const port::Reply& reply) {
  if (id.empty()) {
    json::Value list = json::Value::array();
    const Status read =
        p_.store.scan("incident", "", [&](const std::string&, const std::string& bytes) -> Status {
          FB_ASSIGN(auto value, json::parse(bytes));
          value.erase("timeline");
          list.push_back(std::move(value));
          return {};
        });
    return reply(read.ok() ? json_answer(200, json::Value{{"incidents", std::move(list)}})
                           : problem_answer(read.error()));
  }
  const bool markdown = id.ends_with(".md");
  if (markdown) id.resize(id.size() - 3);
  const auto stored = p_.store.get("incident", id);
  if (!stored.ok()) return reply(problem_answer(stored.error()));
  if (!stored->has_value())
    return reply(problem_answer(Error{ErrorCode::not_found, "no incident " + id}));
  if (!markdown) return reply(json_answer(200, **stored));
  const auto record = incident::decode_incident(**stored);
  reply(record.ok() ? text_answer("text/markdown; charset=utf-8", incident::markdown(*record))
                    : problem_answer(record.error()));
}

}  // namespace fb::server
