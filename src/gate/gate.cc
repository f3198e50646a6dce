#include "gate/gate.h"

#include <algorithm>
#include <set>

#include "base/check.h"

namespace fb::gate {
namespace {

using statement::ActKind;
using statement::Role;
using statement::SignedAct;

GateResult result(std::string gate, std::vector<std::string> reasons, const Question& question) {
  GateResult out{std::move(gate), Verdict::open, std::move(reasons)};
  if (!out.reasons.empty())
    out.verdict = waived(out.gate, question) ? Verdict::waived : Verdict::closed;
  return out;
}

GateResult notes_gate(const Question& question) {
  const auto& notes = question.manifest.notes;
  std::vector<std::string> reasons;
  const auto blank = [](const std::string& text) {
    return text.find_first_not_of(" \t\r\n") == std::string::npos;
  };
  for (const auto& [name, text] : {std::pair{"what", &notes.what},
                                   {"why", &notes.why},
                                   {"risk", &notes.risk},
                                   {"undo", &notes.undo}}) {
    if (blank(*text))
      reasons.push_back(std::string("release note '") + name +
                        "' is blank; customers read it before they allow an update");
  }
  return result("notes", std::move(reasons), question);
}

GateResult size_gate(const Question& question) {
  std::vector<std::string> reasons;
  for (const auto& artifact : question.manifest.artifacts) {
    if (artifact.size == 0) reasons.push_back("artifact " + artifact.name + " is empty");
  }
  return result("size", std::move(reasons), question);
}

GateResult approval_gate(const Question& question) {
  std::set<PersonId> approvers;
  for (const SignedAct& signed_act : question.acts) {
    const auto& act = signed_act.act;
    if (act.kind != ActKind::approve || act.release != question.digest ||
        act.expires < question.now)
      continue;
    if (act.person == question.manifest.author) continue;  // one's own release does not count
    const auto* person = question.people.find(act.person);
    if (person != nullptr &&
        (person->roles.contains(Role::reviewer) || person->roles.contains(Role::operations) ||
         person->roles.contains(Role::security))) {
      approvers.insert(act.person);
    }
  }
  const int needed = approvals_needed(question.manifest, question.lane);
  std::vector<std::string> reasons;
  if (static_cast<int>(approvers.size()) < needed) {
    reasons.push_back(std::to_string(approvers.size()) + " of " + std::to_string(needed) +
                      " approvals; a reviewer, operator or security person other than the author " +
                      question.manifest.author.text() + " must approve");
  }
  return result("approval", std::move(reasons), question);
}

// Two waivers count when some choice of one role each gives two different roles.
bool two_roles(const std::vector<const statement::Person*>& people) {
  for (std::size_t i = 0; i < people.size(); ++i) {
    for (std::size_t j = i + 1; j < people.size(); ++j) {
      std::set<Role> both = people[i]->roles;
      both.insert(people[j]->roles.begin(), people[j]->roles.end());
      const bool each_has_one = !people[i]->roles.empty() && !people[j]->roles.empty();
      if (people[i]->id != people[j]->id && each_has_one && both.size() >= 2) return true;
    }
  }
  return false;
}

}  // namespace

std::string_view word(Verdict verdict) {
  switch (verdict) {
    case Verdict::open: return "open";
    case Verdict::closed: return "closed";
    case Verdict::waived: return "waived";
  }
  FB_CHECK(false);
}

std::vector<GateResult> evaluate_content(const Question& question) {
  return {notes_gate(question), size_gate(question), contract_gate(question)};
}

std::vector<GateResult> evaluate(const Question& question) {
  auto results = evaluate_content(question);
  results.push_back(approval_gate(question));
  return results;
}

bool all_open(const std::vector<GateResult>& results) {
  return std::none_of(results.begin(), results.end(),
                      [](const GateResult& r) { return r.verdict == Verdict::closed; });
}

std::string closed_reasons(const std::vector<GateResult>& results) {
  std::string text;
  for (const auto& each : results) {
    if (each.verdict != Verdict::closed) continue;
    for (const auto& reason : each.reasons)
      text += (text.empty() ? "" : "; ") + each.gate + ": " + reason;
  }
  return text;
}

GateResult contract_gate(const Question& question) {
  using release::Kind;
  const auto& manifest = question.manifest;
  std::vector<std::string> reasons;
  if (manifest.kind == Kind::content && !manifest.needs) {
    reasons.push_back(
        "says nothing about what it reads; add `needs` so that it can be held against each engine");
  }
  if (manifest.needs && !manifest.reader) {
    reasons.push_back(
        "names no reader; say which core component interprets it, or nothing can be held against "
        "it");
  }
  if (manifest.needs) {
    for (const Reader& reader : question.fleet.readers) {
      for (const std::string& reason : release::unmet(*manifest.needs, reader.contract)) {
        reasons.push_back(reason + "; " + std::to_string(reader.devices) +
                          (reader.devices == 1 ? " device" : " devices"));
      }
    }
    // Devices with a core that nobody signed are not served; where others are, they stop nobody.
    if (question.fleet.readers.empty() && question.fleet.unknown_devices > 0) {
      reasons.push_back(std::to_string(question.fleet.unknown_devices) +
                        " devices run an engine whose contract nobody signed");
    }
  }
  return result("contract", std::move(reasons), question);
}

int approvals_needed(const release::Manifest& manifest, statement::Lane lane) {
  const bool two = manifest.cls == release::Class::emergency || manifest.one_way ||
                   lane == statement::Lane::emergency;
  return two ? 2 : 1;
}

bool waived(const std::string& gate, const Question& question) {
  std::vector<const statement::Person*> people;
  for (const SignedAct& signed_act : question.acts) {
    const auto& act = signed_act.act;
    if (act.kind != ActKind::waive || act.release != question.digest || act.gate != gate) continue;
    if (act.expires < question.now || act.reason.empty()) continue;
    if (const auto* person = question.people.find(act.person)) people.push_back(person);
  }
  return two_roles(people);
}

json::Value encode(const std::vector<GateResult>& results) {
  json::Value list = json::Value::array();
  for (const GateResult& each : results) {
    list.push_back(
        {{"gate", each.gate}, {"verdict", word(each.verdict)}, {"reasons", each.reasons}});
  }
  return list;
}

}  // namespace fb::gate
