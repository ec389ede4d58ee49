#include "app/metrics_server.h"

#include <array>

#include "http/codec.h"
#include "net/loop.h"

namespace pawl::app {

namespace {

constexpr auto kTimeLimit = std::chrono::seconds(10);
constexpr int kConnections = 16;

http::Response answer(const http::Request& request, const std::string& exposition) {
  http::Response response;
  response.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
  if (request.method != "GET") {
    response.status = 405;
    response.headers.push_back({"Allow", "GET"});
    response.body = "only GET\n";
  } else if (request.target == "/metrics") {
    response.headers[0].value = "text/plain; version=0.0.4; charset=utf-8";
    response.body = exposition;
  } else {
    response.status = 404;
    response.body = "the metrics are at /metrics\n";
  }
  return response;
}

net::Task<> serve_one(std::shared_ptr<net::Stream> stream, relay::Metrics* metrics,
                      std::function<net::Task<>()> before, std::shared_ptr<void> place) {
  MonoTime deadline = net::SystemClock().monotonic() + kTimeLimit;
  http::RequestReader reader;
  std::array<char, 4096> buffer;
  while (!reader.done()) {
    auto count = co_await stream->read_some(buffer, deadline);
    if (!count) co_return Result<>();
    if (!reader.feed(std::string_view(buffer.data(), *count))) co_return Result<>();
  }
  if (before) CO_TRY_VOID(co_await before());
  std::string bytes = http::serialize(answer(reader.take(), metrics->exposition()));
  auto written = co_await stream->write_all(bytes, deadline);
  stream->close();
  co_return written;
}

}  // namespace

net::Task<> serve_metrics(std::unique_ptr<net::Listener> listener, relay::Metrics& metrics,
                          std::function<net::Task<>()> before) {
  auto places = std::make_shared<int>(kConnections);
  for (;;) {
    auto accepted = co_await listener->accept();
    if (!accepted) co_return Result<>();
    std::shared_ptr<net::Stream> stream = *std::move(accepted);
    if (*places == 0) {
      stream->close();
      continue;
    }
    --*places;
    std::shared_ptr<void> place(nullptr, [places](void*) { ++*places; });
    net::Loop::current().spawn(serve_one(stream, &metrics, before, place));
  }
}

}  // namespace pawl::app
