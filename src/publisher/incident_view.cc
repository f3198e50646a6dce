#include "publisher/incident_view.h"

#include "publisher/columns.h"
#include "publisher/fields.h"

namespace fb::publisher {

Result<Outcome> list_incidents(ServerClient& server) {
  FB_ASSIGN(json::Value list, server.list("/api/v1/incidents", "incidents"));
  if (list.empty())
    return Outcome{
        Answer::yes, "no incidents: nothing was halted\n", {{"incidents", std::move(list)}}};
  Columns columns({"INCIDENT", "RELEASE", "OPENED", "EXPOSED", "WHAT"});
  for (const json::Value& each : list) {
    columns.row(
        {text_of(each, "rollout"), text_of(each, "component") + " " + text_of(each, "version"),
         text_of(each, "opened"), text_of(each, "exposed") + "/" + text_of(each, "eligible"),
         text_of(each, "sentence")});
  }
  return Outcome{Answer::yes, columns.text(), {{"incidents", std::move(list)}}};
}

Result<Outcome> show_incident(ServerClient& server, const std::string& id) {
  FB_ASSIGN(json::Value record, server.get("/api/v1/incidents/" + escaped(id)));
  FB_ASSIGN(std::string text, server.text("/api/v1/incidents/" + escaped(id) + ".md"));
  return Outcome{Answer::yes, std::move(text), std::move(record)};
}

}  // namespace fb::publisher
