// Desk: what a publisher's command works with; built once by main, or by a test from fakes.
#pragma once

#include "port/clock.h"
#include "port/files.h"
#include "publisher/key_store.h"
#include "publisher/server_client.h"

namespace fb::publisher {

struct Desk {
  port::Files& home;
  ServerClient& server;
  KeyStore& keys;
  port::Clock& clock;
  port::Entropy& entropy;
};

}  // namespace fb::publisher
