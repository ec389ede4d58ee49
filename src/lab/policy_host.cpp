#include "lab/policy_host.h"

#include <fmt/format.h>

#include "base/text.h"

namespace pawl::lab {
namespace {

constexpr std::string_view kPath = "/.well-known/mta-sts.txt";

Result<> answer(const PolicyHost::Content& content, Connection& client) {
  TRY(std::string request, client.read_line());
  for (std::string header = request; !header.empty();) {
    TRY(header, client.read_line());
  }
  auto words = split(request, ' ');
  bool found = words.size() == 3 && words[0] == "GET" && words[1] == kPath;
  int status = found ? content.status : 404;
  const std::string& body = found ? content.policy : "";
  return client.write(
      fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n"
                  "Connection: close\r\n\r\n{}",
                  status, status == 200 ? "OK" : "No", content.content_type, body.size(), body));
}

}  // namespace

void PolicyHost::set(Content content) {
  std::lock_guard lock(mutex_);
  content_ = std::move(content);
}

PolicyHost::Content PolicyHost::content() {
  std::lock_guard lock(mutex_);
  return content_;
}

void PolicyHost::serve(Socket& client) {
  ++requests_;
  const Content served = content();
  Connection connection(client);
  if (connection.start_tls(*served.identity)) {
    // A client that leaves early has its reasons; it reports them itself.
    [[maybe_unused]] Result<> ended = answer(served, connection);
  }
}

}  // namespace pawl::lab
