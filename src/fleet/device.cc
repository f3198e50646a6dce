#include "fleet/device.h"

#include "json/reader.h"

namespace fb::fleet {

std::string encode(const Device& device) {
  json::Value installed = json::Value::object();
  for (const auto& [component, what] : device.installed) {
    installed[component.text()] = {{"version", what.version}, {"release", what.manifest.text()}};
  }
  return json::compact({{"id", device.id.text()},
                        {"tenant", device.tenant.text()},
                        {"token_hash", device.token_hash.text()},
                        {"ring", word(device.ring)},
                        {"os", device.os},
                        {"arch", device.arch},
                        {"enrolled", to_rfc3339(device.enrolled)},
                        {"last_sequence", device.last_sequence},
                        {"installed", std::move(installed)}});
}

Result<Device> decode_device(std::string_view bytes) {
  FB_ASSIGN(const json::Value value, json::parse(bytes));
  json::Reader in(value, "device");
  Device device;
  device.id = in.id<DeviceId>("id");
  device.tenant = in.id<TenantId>("tenant");
  device.token_hash = in.digest("token_hash");
  device.ring = in.word("ring", statement::ring_words());
  device.os = in.string("os", 64);
  device.arch = in.string("arch", 64);
  device.enrolled = in.instant("enrolled");
  device.last_sequence =
      static_cast<std::uint64_t>(in.integer("last_sequence", 0, std::int64_t{1} << 53U));
  in.members("installed", 64, [&](const std::string& name, json::Reader& each) {
    const auto component = ComponentId::parse(name);
    if (!component.ok()) return each.fail("", component.error().detail);
    device.installed[*component] = {each.string("version", 64), each.digest("release")};
  });
  FB_TRY(in.done());
  return device;
}

std::string stratum_name(const Device& device, const std::optional<ComponentId>& core) {
  std::string name = device.os + " " + device.arch;
  if (!core) return name;
  const auto it = device.installed.find(*core);
  return name + " " + core->text() + " " +
         (it == device.installed.end() ? "none" : it->second.version);
}

}  // namespace fb::fleet
