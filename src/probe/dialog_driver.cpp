#include "probe/dialog_driver.h"

#include "net/loop.h"

namespace pawl::probe {

namespace {

using Kind = starttls::TranscriptEntry::Kind;
constexpr std::size_t kBannerBytes = 2048;

MonoTime in(std::chrono::milliseconds duration) {
  return std::chrono::steady_clock::now() + duration;
}

Kind ending(Code code) {
  if (code == Code::timeout) return Kind::timed_out;
  return code == Code::connection_reset ? Kind::reset : Kind::closed;
}

}  // namespace

DialogDriver::DialogDriver(SessionOptions options)
    : options_(std::move(options)), began_(std::chrono::steady_clock::now()) {
  const starttls::ProtocolRow& protocol = starttls::row(options_.protocol);
  transcript_.protocol = options_.protocol;
  transcript_.implicit_tls = options_.client.implicit_tls;
  dialog_ = protocol.make_client(protocol, options_.client);
}

std::chrono::milliseconds DialogDriver::elapsed() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               began_);
}

void DialogDriver::note(Kind kind, std::string_view bytes) {
  const bool tls = channel_ && channel_->is_tls();
  starttls::append(transcript_, {kind, tls, elapsed(), std::string(bytes)});
}

net::Task<std::unique_ptr<DialogDriver>> DialogDriver::connect(SessionOptions options) {
  std::unique_ptr<DialogDriver> driver(new DialogDriver(std::move(options)));
  const SessionOptions& wanted = driver->options_;
  auto stream = co_await net::dial(wanted.to, in(wanted.timeouts.connect), wanted.dial);
  if (stream) {
    driver->channel_.emplace(std::move(*stream));
    driver->timings_.connected = driver->elapsed();
  } else {
    driver->dialog_->abort(std::move(stream).error());
  }
  co_return driver;
}

net::Task<std::unique_ptr<DialogDriver>> DialogDriver::connect_to_upgrade(SessionOptions options) {
  CO_TRY(auto driver, co_await connect(std::move(options)));
  if (!driver->channel_) co_return fail(driver->dialog_->error());
  if (driver->options_.client.implicit_tls) co_return driver;
  const starttls::ClientEvent event = *co_await driver->next_event();
  if (event == starttls::ClientEvent::upgrade) co_return driver;
  if (event == starttls::ClientEvent::failed) co_return fail(driver->dialog_->error());
  co_return fail(driver->dialog_->downgrade().value_or(
      Error(Code::starttls_not_offered, driver->options_.host + " went on without")));
}

net::Task<> DialogDriver::exchange() {
  std::string_view out = dialog_->output();
  Result<> written;
  if (!out.empty()) {
    note(Kind::client, out);
    spoke_ = true;
    written = co_await channel_->write_all(out, in(options_.timeouts.reply));
    dialog_->sent();
  }
  // A host that closes while we write has often said why.
  const MonoTime until = in(written ? options_.timeouts.reply : std::chrono::milliseconds(1000));
  auto count = co_await channel_->read_some(buffer_, until);
  if (!count) co_return fail(written ? std::move(count).error() : std::move(written).error());
  const std::string_view bytes(buffer_.data(), *count);
  if (!timings_.greeted) timings_.greeted = elapsed();
  if (!spoke_ && banner_.size() < kBannerBytes) {
    banner_ += bytes.substr(0, kBannerBytes - banner_.size());
  }
  note(Kind::server, bytes);
  dialog_->feed(bytes);
  co_return written;
}

net::Task<starttls::ClientEvent> DialogDriver::next_event() {
  while (true) {
    if (auto event = dialog_->next_event()) co_return *event;
    if (!channel_) co_return starttls::ClientEvent::failed;
    auto done = co_await exchange();
    if (done) continue;
    note(ending(done.error().code), done.error().detail);
    if (done.error().code == Code::connection_lost) dialog_->end_of_input();
    if (auto event = dialog_->next_event()) co_return *event;
    dialog_->abort(std::move(done).error());
    co_return starttls::ClientEvent::failed;
  }
}

net::Task<> DialogDriver::start_tls(std::unique_ptr<tls::Engine> engine) {
  timings_.upgrading = elapsed();
  auto shaken = co_await channel_->start_tls(std::move(engine), in(options_.timeouts.handshake));
  if (!shaken) {
    note(Kind::tls_failed, shaken.error().sentence());
    co_return fail(std::move(shaken).error());
  }
  timings_.established = elapsed();
  note(Kind::tls_established, "");
  if (options_.client.implicit_tls) co_return Result<>();
  const auto first = starttls::row(options_.protocol).first_after_upgrade;
  if (first == starttls::FirstAfterUpgrade::capability_list) co_return Result<>();
  CO_TRY(const bool spoke, co_await channel_->has_unread_input(options_.timeouts.silence));
  if (!spoke) co_return Result<>();
  CO_TRY(const std::string bytes, co_await channel_->read_available(in(options_.timeouts.reply)));
  note(Kind::server, bytes);
  dialog_->feed(bytes);  // which ends the session: nobody may speak before we do
  co_return fail(dialog_->error());
}

}  // namespace pawl::probe
