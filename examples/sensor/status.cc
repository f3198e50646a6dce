#include "status.h"

#include <sys/stat.h>
#include <array>

#include <cstdio>
#include <fstream>
#include <iterator>

namespace sensor {
namespace {

std::string utc(std::time_t time) {
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), size};
}

}  // namespace

std::string to_json(const Status& status) {
  return "{\"pid\":" + std::to_string(status.pid) + ",\"build\":\"" + status.build +
         "\",\"channel_version\":" + std::to_string(status.channel_version) +
         ",\"events\":" + std::to_string(status.events) +
         ",\"detections\":" + std::to_string(status.detections) +
         ",\"load_ms\":" + std::to_string(status.load_ms) + ",\"started\":\"" +
         utc(status.started) + "\"}\n";
}

bool write_status(const std::string& path, const Status& status) {
  const std::string aside = path + ".tmp";
  std::ofstream out(aside, std::ios::trunc);
  out << to_json(status);
  out.close();
  return !out.fail() && std::rename(aside.c_str(), path.c_str()) == 0;
}

std::string ill(const std::string& path) {
  struct stat file {};
  if (stat(path.c_str(), &file) != 0) return path + " is not there: the engine has not started";
  const std::time_t age = std::time(nullptr) - file.st_mtime;
  if (age > kStatusStale) return path + " was last written " + std::to_string(age) + " s ago";
  std::ifstream in(path);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (text.find("\"events\":") == std::string::npos) return path + " is no status file";
  if (text.find("\"events\":0,") != std::string::npos) return "the engine has scanned no event yet";
  return "";
}

}  // namespace sensor
