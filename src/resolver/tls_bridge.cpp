#include "resolver/tls_bridge.h"

#include <mutex>
#include <thread>

#include "net/channel.h"
#include "net/dial.h"
#include "net/loop.h"
#include "tls/engine.h"

namespace pawl::resolver {
namespace {

constexpr auto kConnectTime = std::chrono::seconds(10);
constexpr auto kIdleTime = std::chrono::minutes(2);
constexpr std::size_t kBuffer = 16UL * 1024;

MonoTime in(std::chrono::steady_clock::duration time) {
  return std::chrono::steady_clock::now() + time;
}

struct Session {
  Session(std::unique_ptr<net::Stream> from, std::unique_ptr<net::Stream> to)
      : plain(std::move(from)), secured(std::move(to)) {}
  void close() {
    plain->close();
    secured.close();
  }
  std::unique_ptr<net::Stream> plain;
  net::Channel secured;
};

net::Task<> carry_questions(std::shared_ptr<Session> session) {
  std::vector<char> buffer(kBuffer);
  for (;;) {
    CO_TRY(const auto count, co_await session->plain->read_some(buffer, in(kIdleTime)));
    CO_TRY_VOID(co_await session->secured.write_all({buffer.data(), count}, in(kConnectTime)));
  }
}

net::Task<> carry_answers(std::shared_ptr<Session> session) {
  std::vector<char> buffer(kBuffer);
  for (;;) {
    CO_TRY(const auto count, co_await session->secured.read_some(buffer, in(kIdleTime)));
    CO_TRY_VOID(co_await session->plain->write_all({buffer.data(), count}, in(kConnectTime)));
  }
}

class Bridge : public TlsBridge {
 public:
  Bridge(std::vector<Forwarder> forwarders, std::shared_ptr<tls::ClientContext> context)
      : forwarders_(std::move(forwarders)), context_(std::move(context)) {}

  ~Bridge() override {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
  }

  Result<> start() {
    TRY_VOID(loop_.run_until_done(listen_for_all()));
    thread_ = std::thread([this] { loop_.run(); });
    return {};
  }

  const std::vector<Endpoint>& endpoints() const override { return endpoints_; }
  std::string last_failure() const override {
    const std::scoped_lock lock(mutex_);
    return last_failure_;
  }

 private:
  net::Task<> listen_for_all() {
    for (const auto& forwarder : forwarders_) {
      CO_TRY(auto listener, net::listen({IpAddress::v4(127, 0, 0, 1), 0}));
      endpoints_.push_back(listener->local());
      loop_.spawn(accept_all(std::move(listener), forwarder));
    }
    co_return Result<>();
  }

  net::Task<> accept_all(std::unique_ptr<net::Listener> listener, Forwarder forwarder) {
    for (;;) {
      CO_TRY(auto stream, co_await listener->accept());
      loop_.spawn(serve(std::move(stream), forwarder), [this, forwarder](const Result<>& ended) {
        const std::scoped_lock lock(mutex_);
        last_failure_ = ended ? ""
                              : forwarder.endpoint.text() + " (" + forwarder.tls_name +
                                    ") over TLS: " + ended.error().sentence();
      });
    }
  }

  // Ends without an error when the forwarder was good enough to be asked.
  net::Task<> serve(std::unique_ptr<net::Stream> plain, Forwarder forwarder) {
    CO_TRY(auto stream, co_await net::dial(forwarder.endpoint, in(kConnectTime)));
    const auto session = std::make_shared<Session>(std::move(plain), std::move(stream));
    tls::ClientProfile profile;
    profile.sni = forwarder.tls_name;
    profile.pkix = tls::PkixDemand{{forwarder.tls_name}, {}};  // rfc8310#8.1, the strict profile
    profile.min_version = tls::Version::tls1_2;
    CO_TRY(auto engine, tls::make_client_engine(context_, profile, forwarder.endpoint.text()));
    CO_TRY_VOID(co_await session->secured.start_tls(std::move(engine), in(kConnectTime)));
    CO_TRY_VOID(tls::judge(profile, session->secured.engine()->description()));
    const auto end_both = [session](const Result<>&) { session->close(); };
    loop_.spawn(carry_answers(session), end_both);
    loop_.spawn(carry_questions(session), end_both);
    co_return Result<>();
  }

  const std::vector<Forwarder> forwarders_;
  const std::shared_ptr<tls::ClientContext> context_;
  std::vector<Endpoint> endpoints_;
  mutable std::mutex mutex_;
  std::string last_failure_;
  net::Loop loop_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<TlsBridge>> make_tls_bridge(const std::vector<Forwarder>& forwarders,
                                                   const std::string& ca_file) {
  tls::ClientContextOptions options;
  options.ca_file = ca_file;
  TRY(auto context, tls::make_client_context(options));
  auto bridge = std::make_unique<Bridge>(forwarders, std::move(context));
  TRY_VOID(bridge->start());
  return bridge;
}

}  // namespace pawl::resolver
