#include "server/device_routes.h"

#include "crypto/sha256.h"
#include "server/answers.h"

namespace fb::server {
namespace {

// Submits `run`; whatever fails becomes the problem that the device reads.
void submit(Decider& decider, const port::Reply& reply,
            std::function<void(World&, Transaction&, Instant)> run) {
  const Status status = decider.submit(
      {std::move(run), [reply](const Error& error) { reply(problem_answer(error)); }});
  if (!status.ok()) reply(problem_answer(status.error()));
}

void answer_later(Transaction& tx, const port::Reply& reply, port::ServerResponse response) {
  tx.afterwards([reply, response = std::move(response)] { reply(response); });
}

}  // namespace

bool DeviceRoutes::handle(const port::ServerRequest& request, const port::Reply& reply) {
  struct Route {
    std::string_view method, path;
    void (DeviceRoutes::*serve)(const port::ServerRequest&, const port::Reply&);
  };
  static constexpr std::array kRoutes{Route{"POST", "/v1/enroll", &DeviceRoutes::enroll},
                                      Route{"POST", "/v1/check-in", &DeviceRoutes::check_in},
                                      Route{"POST", "/v1/permit", &DeviceRoutes::permit},
                                      Route{"GET", "/v1/policy", &DeviceRoutes::policy},
                                      Route{"GET", "/v1/policy-keys", &DeviceRoutes::policy_keys}};
  for (const Route& route : kRoutes) {
    if (request.path != route.path) continue;
    if (request.method == route.method)
      (this->*route.serve)(request, reply);
    else
      reply(problem_answer(405, request.path + " takes " + std::string(route.method)));
    return true;
  }
  return false;
}

void DeviceRoutes::enroll(const port::ServerRequest& request, const port::Reply& reply) {
  const auto ask = wire::decode_enrolment(request.body);
  if (!ask.ok()) return reply(problem_answer(ask.error()));
  submit(decider_, reply, [reply, ask = *ask](World& world, Transaction& tx, Instant now) {
    const auto enrolled = world.devices.enroll(ask, tx, now);
    answer_later(tx, reply,
                 enrolled.ok() ? json_answer(200, wire::encode(*enrolled))
                               : problem_answer(enrolled.error()));
  });
}

void DeviceRoutes::check_in(const port::ServerRequest& request, const port::Reply& reply) {
  auto body = wire::decode_check_in(request.body);
  if (!body.ok()) return reply(problem_answer(body.error()));
  ++decider_.counters.check_ins;
  decider_.counters.reports += body->events.size();
  submit(decider_, reply,
         [reply, body = std::move(body).value(), token = crypto::sha256(bearer(request))](
             World& world, Transaction& tx, Instant now) {
           const auto answer = world.check_in(token, body, tx, now);
           answer_later(tx, reply,
                        answer.ok() ? json_answer(200, *answer) : problem_answer(answer.error()));
         });
}

void DeviceRoutes::permit(const port::ServerRequest& request, const port::Reply& reply) {
  const auto ask = wire::decode_permit_ask(request.body);
  if (!ask.ok()) return reply(problem_answer(ask.error()));
  Decider& decider = decider_;
  submit(decider_, reply,
         [reply, &decider, ask = *ask, token = crypto::sha256(bearer(request))](
             World& world, Transaction& tx, Instant now) {
           auto answer = world.ask_permit(token, ask, tx, now);
           if (!answer.ok()) return answer_later(tx, reply, problem_answer(answer.error()));
           if (const auto* denied = std::get_if<wire::Denial>(&*answer)) {
             ++decider.counters.denials;
             return answer_later(
                 tx, reply,
                 json_answer(200, wire::encode(wire::PermitReply{std::nullopt, *denied})));
           }
           ++decider.counters.permits;
           tx.afterwards([reply, &decider, known = ask.log_size,
                          grant = std::get<World::Grant>(std::move(answer).value())]() mutable {
             const auto permit = decider.seal(std::move(grant), known);
             reply(permit.ok()
                       ? json_answer(200, wire::encode(wire::PermitReply{*permit, std::nullopt}))
                       : problem_answer(permit.error()));
           });
         });
}

void DeviceRoutes::policy(const port::ServerRequest& request, const port::Reply& reply) {
  submit(decider_, reply,
         [reply, token = crypto::sha256(bearer(request))](World& world, Transaction& tx, Instant) {
           const auto envelope = world.policy_for(token);
           answer_later(tx, reply,
                        envelope.ok() ? json_answer(200, statement::encode(*envelope))
                                      : problem_answer(envelope.error()));
         });
}

void DeviceRoutes::policy_keys(const port::ServerRequest& request, const port::Reply& reply) {
  submit(decider_, reply,
         [reply, token = crypto::sha256(bearer(request))](World& world, Transaction& tx, Instant) {
           const auto keys = world.policy_keys_for(token);
           answer_later(tx, reply,
                        keys.ok() ? json_answer(200, *keys) : problem_answer(keys.error()));
         });
}

}  // namespace fb::server
