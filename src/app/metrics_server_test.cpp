// GET /metrics over a real socket, and what else is sent there.
#include "app/metrics_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "net/loop.h"

namespace pawl::app {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

MonoTime soon() {
  return std::chrono::steady_clock::now() + std::chrono::seconds(20);
}

// Sends `request`, returns all that comes back until the server closes.
net::Task<> ask(Endpoint at, std::string request, std::string* answer, net::Loop* loop) {
  CO_TRY(auto stream, co_await net::dial(at, soon(), {}));
  CO_TRY_VOID(co_await stream->write_all(request, soon()));
  std::array<char, 4096> buffer;
  for (;;) {
    auto count = co_await stream->read_some(buffer, soon());
    if (!count) {
      // Closed, and not only silent; with RST where what was sent is not read to its end.
      EXPECT_THAT(count.error().code, AnyOf(Code::connection_lost, Code::connection_reset));
      break;
    }
    answer->append(buffer.data(), *count);
  }
  loop->stop();
  co_return Result<>();
}

class MetricsServer : public testing::Test {
 protected:
  std::string answer_to(std::string request) {
    net::Loop loop;
    relay::Metrics metrics;
    std::string answer;
    auto before = [&metrics]() -> net::Task<> { return fill(&metrics); };
    loop.spawn(start(&loop, &metrics, before, std::move(request), &answer));
    loop.run();
    return answer;
  }

 private:
  static net::Task<> fill(relay::Metrics* metrics) {
    metrics->set("pawl_queue_messages", 7);
    co_return Result<>();
  }
  static net::Task<> start(net::Loop* loop, relay::Metrics* metrics,
                           std::function<net::Task<>()> before, std::string request,
                           std::string* answer) {
    CO_TRY(auto listener, net::listen({IpAddress::v4(127, 0, 0, 1), 0}));
    Endpoint at = listener->local();
    loop->spawn(serve_metrics(std::move(listener), *metrics, before));
    loop->spawn(ask(at, std::move(request), answer, loop));
    co_return Result<>();
  }
};

TEST_F(MetricsServer, GetMetricsIsAnsweredInPrometheusTextWithFreshGauges) {
  EXPECT_THAT(answer_to("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 200 "),
                    HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"),
                    HasSubstr("# TYPE pawl_queue_messages gauge\n"),
                    HasSubstr("\npawl_queue_messages 7\n")));
}

TEST_F(MetricsServer, AnotherPathIsNotFound) {
  EXPECT_THAT(answer_to("GET /queue HTTP/1.1\r\nHost: localhost\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 404 "), Not(HasSubstr("pawl_"))));
}

TEST_F(MetricsServer, OnlyGetIsAllowed) {
  EXPECT_THAT(answer_to("DELETE /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: GET\r\n")));
}

TEST_F(MetricsServer, GarbageIsClosedWithoutAWord) {
  EXPECT_EQ(answer_to("\x16\x03\x01\x02 EHLO me\r\n\r\n"), "");
  EXPECT_EQ(answer_to(std::string(1U << 20U, 'x')), "");
}

}  // namespace
}  // namespace pawl::app
