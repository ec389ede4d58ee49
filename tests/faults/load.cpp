#include "tests/faults/load.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <optional>
#include <random>

#include "base/text.h"
#include "lab/connection.h"

namespace pawl::faults {
namespace {

constexpr std::string_view kDomain = "@sender.test";
constexpr std::string_view kRelay = "relay-";
constexpr int kLargeEvery = 100;
constexpr std::size_t kLarge = 1200UL * 1024;  // over InboundOptions::held_content
// A relay that is being started refuses connections; asked again after this.
constexpr std::chrono::milliseconds kKnock{2};

std::string stuffed(const std::string& content) {
  std::string out;
  for (std::size_t at = 0; at < content.size();) {
    std::size_t end = content.find('\n', at) + 1;
    if (content[at] == '.') out += '.';
    out.append(content, at, end - at);
    at = end;
  }
  return out + ".\r\n";
}

}  // namespace

std::string sender(const Copy& copy) {
  return fmt::format("m{}.{}{}", copy.message, copy.number, kDomain);
}

bool parse_sender(std::string_view address, Copy& copy) {
  if (!address.starts_with('m') || !address.ends_with(kDomain)) return false;
  address = address.substr(1, address.size() - 1 - kDomain.size());
  auto dot = address.find('.');
  if (dot == std::string_view::npos) return false;
  auto message = parse_decimal(address.substr(0, dot), 1U << 20U);
  auto number = parse_decimal(address.substr(dot + 1), 1U << 20U);
  if (!message || !number) return false;
  copy = {static_cast<int>(*message), static_cast<int>(*number)};
  return true;
}

int recipients_of(int message) {
  return message % 10 == 0 ? 3 : 1;
}

std::string content(const Copy& copy, std::uint64_t seed) {
  std::minstd_rand random(static_cast<unsigned>(
      seed + static_cast<std::uint64_t>(copy.message) * 1000 + unsigned(copy.number)));
  std::size_t size = 200 + random() % 4000;
  if (random() % 20 == 0) size *= 16;
  if (copy.message % kLargeEvery == 0) size = kLarge;
  std::string text = fmt::format("Subject: {}\r\nFrom: <{}>\r\n\r\n", copy.message, sender(copy));
  for (int line = 0; text.size() < size; ++line) {
    if (random() % 8 == 0) text += '.';
    text += fmt::format("{} {} {}", copy.message, line, random());
    text.append(random() % 60, 'x');
    text += "\r\n";
  }
  return text;
}

std::string life_name(int life) {
  return fmt::format("{}{}.test", kRelay, life);
}

int parse_life(std::string_view name) {
  if (!name.starts_with(kRelay)) return 0;
  name.remove_prefix(kRelay.size());
  auto life = parse_decimal(name.substr(0, name.find('.')), 1U << 20U);
  return life ? static_cast<int>(*life) : 0;
}

// One connection to one life of the relay.
class Load::Session {
 public:
  // Nothing: nobody listens, or who did died before it could greet.
  bool open(const Endpoint& to) {
    auto connected = lab::connect_to(to);
    if (!connected) return false;
    socket_.emplace(*std::move(connected));
    connection_ = std::make_unique<lab::Connection>(*socket_);
    auto greeting = reply();
    if (!greeting || !greeting->starts_with("220 ")) return false;
    life_ = parse_life(std::string_view(*greeting).substr(4));
    return say("EHLO client.test").has_value();
  }
  void close() {
    connection_.reset();
    socket_.reset();
  }
  bool is_open() const { return connection_ != nullptr; }
  int life() const { return life_; }

  Result<std::string> say(const std::string& command) {
    TRY_VOID(connection_->write(command + "\r\n"));
    return reply();
  }
  Result<> send(const std::string& bytes) { return connection_->write(bytes); }
  Result<std::string> reply() {
    while (true) {
      TRY(std::string line, connection_->read_line());
      if (line.size() < 4 || line[3] != '-') return line;
    }
  }

 private:
  std::optional<lab::Socket> socket_;
  std::unique_ptr<lab::Connection> connection_;
  int life_ = 0;
};

Load::Load(LoadOptions options) : options_(options) {
  for (int i = 0; i < options_.clients; ++i) {
    threads_.emplace_back([this, i] { be_client(i); });
  }
}

Load::~Load() {
  give_up_ = true;
}

void Load::join() {
  for (std::jthread& thread : threads_) thread.join();
  threads_.clear();
}

std::vector<Submission> Load::submissions() const {
  std::lock_guard lock(mutex_);
  return submissions_;
}

std::vector<std::string> Load::refusals() const {
  std::lock_guard lock(mutex_);
  return refusals_;
}

void Load::be_client(int index) {
  std::minstd_rand random(static_cast<unsigned>(options_.seed) + unsigned(index));
  Session session;
  while (!give_up_) {
    int message = next_++;
    if (message > options_.messages) return;
    submit(session, message);
    if (random() % 20 == 0) session.close();
  }
}

void Load::submit(Session& session, int message) {
  // One copy in one session: whether it got its 250. An error is a connection that broke.
  auto once = [&](Submission& submission) -> Result<bool> {
    auto expect = [&](Result<std::string> reply, char digit) -> Result<bool> {
      if (!reply) return fail(std::move(reply).error());
      if (reply->front() == digit) return true;
      std::lock_guard lock(mutex_);
      refusals_.push_back(*reply);
      return false;
    };
    const std::string address = sender(submission.copy);
    TRY(bool sender_taken, expect(session.say("MAIL FROM:<" + address + ">"), '2'));
    if (!sender_taken) return false;
    for (int i = 0; i < recipients_of(message); ++i) {
      TRY(bool taken, expect(session.say(fmt::format("RCPT TO:<r{}@example.test>", i)), '2'));
      if (!taken) return false;
    }
    TRY(bool go_ahead, expect(session.say("DATA"), '3'));
    if (!go_ahead) return false;
    std::string bytes = stuffed(content(submission.copy, options_.seed));
    // A write that fails may have passed on the end of the message all the same.
    submission.sent = true;
    TRY_VOID(session.send(bytes));
    ++awaiting_;
    auto reply = session.reply();
    --awaiting_;
    return expect(std::move(reply), '2');
  };
  for (Copy copy{message, 1}; !give_up_;) {
    if (!session.is_open() && !session.open(options_.relay)) {
      session.close();
      std::this_thread::sleep_for(kKnock);
      continue;
    }
    Submission submission{copy, session.life(), false, false};
    auto taken = once(submission);
    submission.acknowledged = taken && *taken;
    if (!submission.acknowledged) session.close();
    {
      std::lock_guard lock(mutex_);
      submissions_.push_back(submission);
    }
    if (submission.acknowledged) {
      ++acknowledged_;
      return;
    }
    ++copy.number;
  }
}

}  // namespace pawl::faults
