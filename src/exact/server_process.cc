#include "exact/server_process.h"

#include <utility>

namespace fb::exact {
namespace {

constexpr std::string_view kScheme = "http://";
constexpr std::size_t kFileBytes = 64U << 20U;

// "http://server/tuf/x" -> "/tuf/x".
std::string path_of(const std::string& url) {
  const std::size_t slash = url.find('/', kScheme.size());
  return slash == std::string::npos ? "/" : url.substr(slash);
}

}  // namespace

ServerProcess::ServerProcess(server::Config config, const server::OnlineSigners& signers,
                             std::uint64_t seed)
    : config_(std::move(config)), signers_(signers), entropy_(seed) {}

Status ServerProcess::open() {
  store.mend();
  dying_ = false;
  FB_ASSIGN(const auto parameters, config_.common_parameters());
  server::DeciderOptions options;
  options.tick = parameters.tick;
  options.notify = [](const server::Notice&) {};
  options.on_fatal = [this](const Error&) { dying_ = true; };
  FB_ASSIGN(decider_, server::Decider::open(config_, {store, repository, blobs, clock, entropy_},
                                            signers_, std::move(options)));
  router_ = std::make_unique<server::Router>(
      *decider_,
      server::ManagementRoutes::Parts{config_, *decider_, blobs, store, signers_, api_token},
      repository);
  return {};
}

void ServerProcess::kill() {
  router_.reset();
  decider_.reset();
}

void ServerProcess::turn() {
  if (!running()) return;
  decider_->turn();
  if (dying_) kill();
}

std::optional<port::ServerResponse> ServerProcess::ask(port::ServerRequest request) {
  if (!running()) return std::nullopt;
  const auto answer = std::make_shared<std::optional<port::ServerResponse>>();
  router_->handle(std::move(request),
                  [answer](port::ServerResponse response) { *answer = std::move(response); });
  turn();
  // What a dying process still had to say reaches nobody.
  if (!running()) return std::nullopt;
  return std::move(*answer);
}

Result<port::HttpResponse> ServerProcess::send(const port::HttpRequest& request) {
  port::ServerRequest asked;
  asked.method = request.method;
  asked.path = path_of(request.url);
  asked.headers = request.headers;
  asked.body = request.body;
  auto answer = ask(std::move(asked));
  if (!answer) return Error{ErrorCode::unreachable, "connection refused"};
  port::HttpResponse response{answer->status, std::move(answer->headers), std::move(answer->body)};
  if (!answer->file.empty()) {
    FB_ASSIGN(response.body, read_file(answer->file));
  }
  if (request.sink && response.status / 100 == 2) {
    FB_TRY(request.sink(response.body));
    response.body.clear();
  }
  return response;
}

Result<std::string> ServerProcess::read_file(const std::string& path) {
  return repository.read(path.substr(repository.absolute("").size()), kFileBytes);
}

}  // namespace fb::exact
