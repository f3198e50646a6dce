#include "publisher/incident_view.h"

#include "publisher/columns.h"
#include "publisher/fields.h"

namespace fb::publisher {
namespace {

std::string first_of(const json::Value& record, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (auto text = text_of(record, key); !text.empty()) return text;
  }
  return "-";
}

}  // namespace

Result<Outcome> list_incidents(ServerClient& server) {
  FB_ASSIGN(json::Value list, server.list("/api/v1/incidents", "incidents"));
  if (list.empty())
    return Outcome{
        Answer::yes, "no incidents: nothing was halted\n", {{"incidents", std::move(list)}}};
  Columns columns({"INCIDENT", "ROLLOUT", "STATE", "OPENED", "WHAT"});
  for (const json::Value& each : list) {
    columns.row({first_of(each, {"incident", "id"}), first_of(each, {"rollout"}),
                 first_of(each, {"state"}), first_of(each, {"opened", "halted_at"}),
                 first_of(each, {"title", "reason", "summary"})});
  }
  return Outcome{Answer::yes, columns.text(), {{"incidents", std::move(list)}}};
}

Result<Outcome> show_incident(ServerClient& server, const std::string& id) {
  FB_ASSIGN(json::Value record, server.get("/api/v1/incidents/" + escaped(id)));
  FB_ASSIGN(std::string text, server.text("/api/v1/incidents/" + escaped(id) + ".md"));
  return Outcome{Answer::yes, std::move(text), std::move(record)};
}

}  // namespace fb::publisher
