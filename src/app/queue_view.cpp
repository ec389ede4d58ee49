#include "app/queue_view.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/text.h"

namespace pawl::app {

namespace {

std::string sender_of(const store::QueuedMessage& message) {
  return message.envelope.sender.empty() ? "<>" : printable(message.envelope.sender);
}

bool was_tried(const store::QueuedRecipient& r) {
  return r.attempts > 0;
}

json::Value notify_json(const std::optional<smtp::Notify>& notify) {
  if (!notify) return {};
  json::Array wanted;
  if (notify->never) wanted.emplace_back("never");
  if (notify->success) wanted.emplace_back("success");
  if (notify->failure) wanted.emplace_back("failure");
  if (notify->delay) wanted.emplace_back("delay");
  return wanted;
}

json::Value recipient_json(const store::QueuedRecipient& r) {
  return json::Object{{"address", r.recipient.address},
                      {"notify", notify_json(r.recipient.notify)},
                      {"orcpt", r.recipient.orcpt},
                      {"next_hop", r.next_hop},
                      {"attempts", r.attempts},
                      {"next_attempt", format_rfc3339(r.next_attempt)},
                      {"delay_notified", r.delay_notified},
                      {"last_status", r.last_status},
                      {"last_text", r.last_text}};
}

// A file that is written beside its place and moved there when it is whole and on the disk.
class NewFile {
 public:
  static Result<NewFile> create(std::string path) {
    NewFile file(std::move(path));
    file.descriptor_ = ::open(file.temporary().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                              S_IRUSR | S_IWUSR);
    if (file.descriptor_ < 0) return file.failure("create");
    return file;
  }
  NewFile(NewFile&& other) noexcept
      : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile() {
    if (descriptor_ < 0) return;
    ::close(descriptor_);
    ::unlink(temporary().c_str());
  }

  Result<> append(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return failure("write");
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }
  Result<> finish() {
    if (::fsync(descriptor_) != 0) return failure("write");
    if (::rename(temporary().c_str(), path_.c_str()) != 0) return failure("rename");
    ::close(std::exchange(descriptor_, -1));
    return {};
  }

 private:
  explicit NewFile(std::string path) : path_(std::move(path)) {}
  std::string temporary() const { return path_ + ".part"; }
  std::unexpected<Error> failure(std::string_view doing) const {
    int error = errno;
    Code code = error == ENOSPC || error == EDQUOT ? Code::disk_full : Code::io;
    return fail(code, fmt::format("cannot {} {}: {}", doing, path_, std::strerror(error)));
  }
  std::string path_;
  int descriptor_ = -1;
};

}  // namespace

std::string queue_line(const store::QueuedMessage& message) {
  std::string line = fmt::format("{:<11} {} {:>9} {}{} ->", store::queue_id(message.id),
                                 format_rfc3339(message.arrived), message.content.size,
                                 message.held ? "HELD " : "", sender_of(message));
  for (const auto& r : message.recipients) {
    line += ' ' + printable(r.recipient.address);
    if (was_tried(r)) line += fmt::format(" ({} {})", r.last_status, printable(r.last_text, 80));
  }
  return line;
}

std::string queue_page(const store::QueuedMessage& message) {
  std::string page =
      fmt::format("{}\n  from      {}\n  arrived   {}, {}\n  size      {} bytes\n",
                  store::queue_id(message.id), sender_of(message), format_rfc3339(message.arrived),
                  printable(message.origin), message.content.size);
  if (message.held) page += "  held      until `pawl queue release`\n";
  if (message.envelope.require_tls) page += "  demands   REQUIRETLS\n";
  for (const auto& r : message.recipients) {
    page += fmt::format("  to        {}\n    by        {}\n", printable(r.recipient.address),
                        printable(r.next_hop));
    if (!was_tried(r)) {
      page += "    attempts  none yet\n";
      continue;
    }
    page +=
        fmt::format("    attempts  {}, the next at {}\n    last      {} {}\n", r.attempts,
                    format_rfc3339(r.next_attempt), r.last_status, printable(r.last_text, 1000));
  }
  return page;
}

json::Value queue_json(const store::QueuedMessage& message) {
  constexpr std::string_view kRet[] = {"", "full", "hdrs"};
  json::Array recipients;
  for (const auto& r : message.recipients) recipients.push_back(recipient_json(r));
  const smtp::Envelope& e = message.envelope;
  return json::Object{{"queue_id", store::queue_id(message.id)},
                      {"sender", e.sender},
                      {"recipients", std::move(recipients)},
                      {"arrived", format_rfc3339(message.arrived)},
                      {"origin", message.origin},
                      {"held", message.held},
                      {"size", message.content.size},
                      {"body_8bitmime", e.eight_bit},
                      {"smtputf8", e.smtputf8},
                      {"requiretls", e.require_tls},
                      {"tls_required_no", message.content.tls_required_no},
                      {"ret", kRet[static_cast<std::size_t>(e.ret)]},
                      {"envid", e.envid}};
}

net::Task<> export_message(store::Queue& queue, store::QueuedMessage message,
                           std::string directory) {
  constexpr std::size_t kPiece = 256UL * 1024;
  std::string base = directory + "/" + store::queue_id(message.id);
  CO_TRY(NewFile content, NewFile::create(base + ".eml"));
  for (std::uint64_t at = 0; at < message.content.size;) {
    CO_TRY(std::string piece, co_await queue.read_content(message.id, at, kPiece));
    if (piece.empty()) {
      co_return fail(Code::store, store::queue_id(message.id) + " ends before its size");
    }
    CO_TRY_VOID(content.append(piece));
    at += piece.size();
  }
  CO_TRY(NewFile envelope, NewFile::create(base + ".json"));
  CO_TRY_VOID(envelope.append(json::write(queue_json(message))));
  CO_TRY_VOID(content.finish());
  co_return envelope.finish();
}

}  // namespace pawl::app
