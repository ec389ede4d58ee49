// Internal to net/: a Stream over a connected, non-blocking socket.
#pragma once

#include <string>

#include "net/descriptor.h"
#include "net/stream.h"

namespace pawl::net {

std::unique_ptr<Stream> make_socket_stream(std::shared_ptr<Descriptor> descriptor, Endpoint remote);

}  // namespace pawl::net
