#include "server/log_routes.h"

#include "crypto/sha256.h"
#include "server/answers.h"

namespace fb::server {
namespace {

constexpr std::string_view kPrefix = "/log/";

}  // namespace

bool LogRoutes::handle(const port::ServerRequest& request, const port::Reply& reply) {
  if (!request.path.starts_with(kPrefix)) return false;
  reply(answer(request));
  return true;
}

port::ServerResponse LogRoutes::answer(const port::ServerRequest& request) const {
  if (request.method != "GET" && request.method != "HEAD")
    return problem_answer(405, "the log takes GET and HEAD");
  const std::string path = request.path.substr(kPrefix.size());
  if (path == audit::kCheckpointPath) return checkpoint();
  const auto name = audit::parse_tile_path(path);
  if (!name.ok()) return problem_answer(404, name.error().detail);
  const bool known = crypto::equal_in_constant_time(crypto::sha256(bearer(request)).text(),
                                                    crypto::sha256(api_token_).text());
  if (name->kind == audit::TileKind::entries && !known) {
    return problem_answer(
        Error{ErrorCode::unauthenticated,
              "entries of the log want the API token; checkpoint and hash tiles do not"});
  }
  return tile(*name);
}

port::ServerResponse LogRoutes::checkpoint() const {
  auto response = text_answer("text/plain; charset=utf-8", *decider_.checkpoint());
  response.headers["cache-control"] = "no-cache";
  return response;
}

// A tile never changes: what is cut off at a width today is the same tomorrow.
port::ServerResponse LogRoutes::tile(const audit::TileName& name) const {
  const bool hashes = name.kind == audit::TileKind::hashes;
  auto bytes = hashes ? read_tile(store_, name) : read_bundle(store_, name);
  if (!bytes.ok()) return problem_answer(bytes.error());
  auto response = text_answer("application/octet-stream", std::move(bytes).value());
  response.headers["cache-control"] =
      std::string(hashes ? "public" : "private") + ", max-age=31536000, immutable";
  return response;
}

}  // namespace fb::server
