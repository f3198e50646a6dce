#include "publisher/revocation_words.h"

#include <algorithm>

#include "publisher/request_words.h"

namespace fb::publisher {
namespace {

using statement::Floor;
using statement::Revoked;
using statement::Unblocked;

// All that a list says of one: two that say the same are the same.
std::string whole(const Revoked& each) {
  return each.manifest.text() + "\n" + to_rfc3339(each.since) + "\n" + each.reason;
}
std::string whole(const Unblocked& each) {
  return each.manifest.text() + "\n" + each.rollout.text() + "\n" + to_rfc3339(each.since) + "\n" +
         each.reason;
}
std::string whole(const Floor& each) {
  return each.component.text() + "\n" + each.version + "\n" + to_rfc3339(each.since) + "\n" +
         each.reason;
}

std::string sentence(const Revoked& each, const ReleaseName& name) {
  return name(each.manifest) + " is revoked for good";
}
std::string sentence(const Unblocked& each, const ReleaseName& name) {
  return "the halt of rollout " + each.rollout.text() + " no longer blocks " + name(each.manifest);
}
std::string sentence(const Floor& each, const ReleaseName&) {
  return "no version of " + each.component.text() + " below " + plain(each.version) +
         " starts any more";
}

template <class T>
bool holds(const std::vector<T>& list, const T& item) {
  return std::any_of(list.begin(), list.end(),
                     [&](const T& each) { return whole(each) == whole(item); });
}

// A floor takes the place of the one before it; nothing else that devices saw is ever taken back.
template <class T>
bool replaced(const std::vector<T>&, const T&) {
  return false;
}
bool replaced(const std::vector<Floor>& after, const Floor& floor) {
  return std::any_of(after.begin(), after.end(),
                     [&](const Floor& each) { return each.component == floor.component; });
}

template <class T>
void changes(const std::vector<T>& before, const std::vector<T>& after, const ReleaseName& name,
             std::vector<std::string>& lines) {
  for (const T& each : before) {
    if (holds(after, each)) continue;
    lines.push_back("  no longer listed: " + sentence(each, name) +
                    (replaced(after, each) ? "" : " (devices that saw it keep it)"));
  }
  for (const T& each : after) {
    if (!holds(before, each))
      lines.push_back("  " + sentence(each, name) + ", since " + to_rfc3339(each.since) + ": " +
                      plain(each.reason));
  }
}

}  // namespace

std::vector<std::string> revocation_words(const statement::Revocations& before,
                                          const statement::Revocations& after,
                                          const ReleaseName& name) {
  std::vector<std::string> lines{"what may not run any more (trust/revoked.json) changes:"};
  changes(before.revoked, after.revoked, name, lines);
  changes(before.floors, after.floors, name, lines);
  changes(before.unblocked, after.unblocked, name, lines);
  return lines;
}

}  // namespace fb::publisher
