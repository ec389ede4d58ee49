#include "resolver/unbound_resolver.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unbound.h>
#include <unistd.h>

#include <cstring>
#include <deque>
#include <mutex>
#include <thread>

#include "net/loop.h"
#include "resolver/answer_cache.h"
#include "resolver/tls_bridge.h"
#include "resolver/unbound_result.h"

namespace pawl::resolver {
namespace {

using Question = AnswerCache::Question;
using Waiters = std::vector<net::Completion<dns::Answer>>;

struct Descriptor {
  explicit Descriptor(int descriptor) : fd(descriptor) {}
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  const int fd;
};

struct DeleteContext {
  void operator()(ub_ctx* context) const { ub_ctx_delete(context); }
};
using Context = std::unique_ptr<ub_ctx, DeleteContext>;

Result<> readable(std::string_view what, const std::string& file, std::string_view remedy) {
  if (file.empty() || access(file.c_str(), R_OK) == 0) return {};
  return fail(Code::config_invalid, fmt::format("the {} {} cannot be read: {}; {}", what, file,
                                                std::strerror(errno), remedy));
}

Result<> check_files(const Options& options) {
  TRY_VOID(readable("root trust anchor", options.root_trust_anchor_file,
                    "install dns-root-data or name another file"));
  TRY_VOID(
      readable("root hints", options.root_hints_file, "name a file in the form of named.root"));
  for (const auto& file : options.trust_anchor_files)
    TRY_VOID(readable("trust anchor", file, "name a file with DS or DNSKEY records"));
  if (forwards_over_tls(options))
    TRY_VOID(readable("CA file", options.ca_file, "install ca-certificates or name another file"));
  return {};
}

// ub_ctx_config is the only way in that takes every option in time: ub_ctx_set_option ignores
// local-zone, ub_ctx_zone_remove finalises the context too early.
Result<Context> make_context(const Options& options, const std::vector<Endpoint>& bridge) {
  TRY(const auto config, unbound_config(options, bridge));
  const Descriptor file(memfd_create("unbound.conf", MFD_CLOEXEC));
  if (file.fd < 0 || write(file.fd, config.data(), config.size()) != std::ssize(config))
    return fail(Code::io,
                std::string("the generated resolver configuration: ") + std::strerror(errno));
  Context context(ub_ctx_create());
  if (!context) return fail(Code::internal, "libunbound made no context");
  const auto path = "/proc/self/fd/" + std::to_string(file.fd);
  if (const int error = ub_ctx_config(context.get(), path.c_str()); error != 0)
    return fail(Code::config_invalid,
                std::string("libunbound refuses its configuration: ") + ub_strerror(error));
  if (const int error = ub_ctx_async(context.get(), 1); error != 0)  // a thread, not a fork
    return fail(Code::internal, std::string("libunbound: ") + ub_strerror(error));
  return context;
}

class Unbound : public UnboundResolver {
 public:
  Unbound(const Options& options, std::unique_ptr<TlsBridge> bridge, Context context)
      : anchored_(!options.root_trust_anchor_file.empty()),
        timeout_(options.timeout),
        bridge_(std::move(bridge)),
        context_(std::move(context)),
        cache_(options.cached_answers),
        wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        thread_([this](const std::stop_token& stop) { take_results(stop); }) {}

  ~Unbound() override {
    thread_.request_stop();
    wake();
    thread_.join();
    context_.reset();  // ends libunbound's own thread; no callback comes after this
    for (auto& [question, flight] : flights_)
      finish(flight->waiters, fail(Code::cancelled, "the resolver is stopping"));
  }

  net::Task<dns::Answer> lookup(dns::Name name, dns::Type type) override {
    const Question question(std::move(name), type);
    const auto now = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex_);
    if (auto known = cache_.find(question, now)) {
      ++counters_.cached;
      co_return *std::move(known);
    }
    net::Completion<dns::Answer> done;
    if (auto under_way = flights_.find(question); under_way != flights_.end()) {
      ++counters_.joined;
      under_way->second->waiters.push_back(done);
    } else if (auto started = start(question, now, done); !started) {
      co_return fail(std::move(started).error());
    }
    lock.unlock();
    co_return co_await done.wait();
  }

  Counters counters() const override {
    const std::scoped_lock lock(mutex_);
    return counters_;
  }

 private:
  // One question under way. libunbound holds a plain pointer to it until it calls back or is
  // destroyed; a flight that timed out stays in `abandoned` until then.
  struct Flight {
    Unbound* resolver;
    Question question;
    MonoTime deadline;
    Waiters waiters;
    bool abandoned = false;
  };

  // Under the lock.
  Result<> start(const Question& question, MonoTime now, const net::Completion<dns::Answer>& done) {
    auto flight = std::make_unique<Flight>(Flight{this, question, now + timeout_, {done}, false});
    const auto text = question.first.text() + '.';
    int id = 0;
    const int error =
        ub_resolve_async(context_.get(), text.c_str(), static_cast<int>(question.second), 1,
                         flight.get(), &Unbound::called_back, &id);
    if (error != 0)
      return fail(Code::internal,
                  fmt::format("libunbound does not start ({}): a trust anchor or hints file may be "
                              "malformed",
                              ub_strerror(error)));
    ++counters_.asked;
    deadlines_.emplace_back(flight->deadline, question);
    flights_.emplace(question, std::move(flight));
    if (deadlines_.size() == 1) wake();  // the thread has no deadline to wait for yet
    return {};
  }

  void take_results(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pollfd watched[] = {{ub_fd(context_.get()), POLLIN, 0}, {wake_.fd, POLLIN, 0}};
      poll(watched, 2, milliseconds_to_deadline());
      if (watched[1].revents != 0) {
        std::uint64_t ignored = 0;
        (void)!read(wake_.fd, &ignored, sizeof ignored);
      }
      if (watched[0].revents != 0) ub_process(context_.get());
      give_up_on_late_ones();
    }
  }

  static void called_back(void* data, int error, ub_result* result) {
    const std::unique_ptr<ub_result, void (*)(ub_result*)> owned(result, ub_resolve_free);
    auto* flight = static_cast<Flight*>(data);
    flight->resolver->land(*flight, error, result);
  }

  void land(Flight& flight, int error, const ub_result* result) {
    auto answer =
        explain(answer_of(flight.question.first, flight.question.second, error, result, anchored_));
    Waiters waiters;
    {
      const std::scoped_lock lock(mutex_);
      if (answer)
        cache_.store(*answer, std::chrono::steady_clock::now());
      else if (!flight.abandoned)
        ++(answer.error().code == Code::dnssec_bogus ? counters_.bogus : counters_.failed);
      waiters = std::move(flight.waiters);
      if (flight.abandoned)
        std::erase_if(abandoned_, [&flight](const auto& each) { return each.get() == &flight; });
      else
        flights_.erase(Question(flight.question));
      while (!deadlines_.empty() && !flights_.contains(deadlines_.front().second))
        deadlines_.pop_front();
    }
    finish(waiters, answer);
  }

  // libunbound cannot know why the bridge did not ask for it.
  Result<dns::Answer> explain(Result<dns::Answer> answer) const {
    if (answer || answer.error().code != Code::dns_servfail || !bridge_) return answer;
    const auto why = bridge_->last_failure();
    if (why.empty()) return answer;
    return fail(Code::dns_servfail, answer.error().detail + "; " + why);
  }

  int milliseconds_to_deadline() {
    const std::scoped_lock lock(mutex_);
    if (deadlines_.empty()) return -1;
    const auto left = deadlines_.front().first - std::chrono::steady_clock::now();
    return static_cast<int>(
        std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(left).count()));
  }

  // Every lookup has the same time, so deadlines stand in the order of the questions.
  void give_up_on_late_ones() {
    const auto now = std::chrono::steady_clock::now();
    std::vector<std::pair<Question, Waiters>> late;
    {
      const std::scoped_lock lock(mutex_);
      for (; !deadlines_.empty() && deadlines_.front().first <= now; deadlines_.pop_front()) {
        const auto& [deadline, question] = deadlines_.front();
        const auto flight = flights_.find(question);
        if (flight == flights_.end() || flight->second->deadline != deadline) continue;
        ++counters_.timed_out;
        late.emplace_back(question, std::move(flight->second->waiters));
        flight->second->abandoned = true;
        abandoned_.push_back(std::move(flight->second));
        flights_.erase(flight);
      }
    }
    for (auto& [question, waiters] : late)
      finish(waiters, fail(Code::dns_timeout,
                           fmt::format("{}. {}: no answer within {} ms", question.first.text(),
                                       dns::name(question.second), timeout_.count())));
  }

  static void finish(Waiters& waiters, const Result<dns::Answer>& answer) {
    for (auto& waiter : waiters) waiter.complete(answer);
  }

  void wake() const {
    const std::uint64_t one = 1;
    (void)!write(wake_.fd, &one, sizeof one);
  }

  const bool anchored_;
  const std::chrono::milliseconds timeout_;
  const std::unique_ptr<TlsBridge> bridge_;  // null: no forwarders over TLS
  Context context_;
  mutable std::mutex mutex_;  // held for map operations only, never while anything waits
  AnswerCache cache_;
  Counters counters_;
  std::map<Question, std::unique_ptr<Flight>> flights_;
  std::vector<std::unique_ptr<Flight>> abandoned_;
  std::deque<std::pair<MonoTime, Question>> deadlines_;
  Descriptor wake_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace

Result<std::unique_ptr<UnboundResolver>> make_unbound_resolver(const Options& options) {
  TRY_VOID(check_files(options));
  std::unique_ptr<TlsBridge> bridge;
  if (forwards_over_tls(options)) {
    TRY(bridge, make_tls_bridge(options.forwarders, options.ca_file));
  }
  TRY(auto context, make_context(options, bridge ? bridge->endpoints() : std::vector<Endpoint>()));
  return std::make_unique<Unbound>(options, std::move(bridge), std::move(context));
}

}  // namespace pawl::resolver
