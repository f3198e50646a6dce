#include "server/router.h"

#include "base/limits.h"
#include "server/answers.h"
#include "server/metrics.h"

namespace fb::server {
namespace {

constexpr std::string_view kStatic = "/tuf/";
constexpr std::size_t kBlobBytes =
    64U << 20U;  // uploads are held in memory; larger artifacts go to the repository's disk

}  // namespace

std::size_t Router::body_limit(std::string_view method, std::string_view path) const {
  if (path.starts_with("/v1/")) return limits::kDeviceBodyBytes;
  if (method == "PUT" && path.starts_with("/api/v1/blobs/")) return kBlobBytes;
  if (path.starts_with("/api/")) return limits::kManagementBodyBytes;
  return 0;
}

void Router::handle(port::ServerRequest request, port::Reply reply) {
  if (devices_.handle(request, reply)) return;
  if (log_.handle(request, reply)) return;
  if (request.path.starts_with(kStatic)) return serve_file(request, reply);
  if (management_.handle(request, reply)) return;
  serve_operations(request, reply);
}

port::ServerResponse Router::refusal(int status, std::string_view detail) const {
  return problem_answer(status, detail);
}

void Router::serve_file(const port::ServerRequest& request, const port::Reply& reply) const {
  if (request.method != "GET" && request.method != "HEAD")
    return reply(problem_answer(405, "static files take GET and HEAD"));
  const std::string path = request.path.substr(kStatic.size());
  // A name that the store of files would take for a broken promise of ours is only a wrong address
  // here. Names that begin with a dot are the repository's own: files being written, locks.
  const bool hidden = path.find("/.") != std::string::npos;
  const bool name = !hidden && !path.ends_with('/') && path.find('\0') == std::string::npos;
  const bool ours = name && (path.starts_with("metadata/") || path.starts_with("targets/"));
  if (!ours || !repository_.size(path).ok())
    return reply(problem_answer(404, "no such file: " + request.path));
  port::ServerResponse response;
  response.file = repository_.absolute(path);
  const bool changes = path == "metadata/timestamp.json";
  response.headers["cache-control"] = changes ? "no-cache" : "public, max-age=31536000, immutable";
  response.headers["content-type"] =
      path.ends_with(".json") ? "application/json" : "application/octet-stream";
  if (!changes) response.headers["etag"] = "\"" + path.substr(path.rfind('/') + 1) + "\"";
  reply(response);
}

void Router::serve_operations(const port::ServerRequest& request, const port::Reply& reply) const {
  const bool known =
      request.path == "/healthz" || request.path == "/metrics" || request.path == "/readyz";
  if (!known) return reply(problem_answer(404, "no such resource: " + request.path));
  if (request.method != "GET" && request.method != "HEAD")
    return reply(problem_answer(405, request.path + " takes GET"));
  if (request.path == "/healthz") return reply(text_answer("text/plain", "ok\n"));
  if (request.path == "/metrics")
    return reply(text_answer("text/plain; version=0.0.4", render_metrics(decider_)));
  const Status ready = decider_.ready();
  reply(ready.ok() ? text_answer("text/plain", "ready\n")
                   : problem_answer(503, ready.error().detail));
}

}  // namespace fb::server
