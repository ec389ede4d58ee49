// pawl send: one message, in the foreground, under the same verdicts as the relay's.
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>

#include "app/commands.h"
#include "app/composition.h"
#include "app/delivery_side.h"
#include "app/outgoing_message.h"
#include "app/send_report.h"
#include "app/sendmail_options.h"
#include "base/text.h"
#include "smtp/address.h"
#include "store/memory_policy_cache.h"
#include "store/sqlite_store.h"

namespace pawl::app {

namespace {

using net::Task;

struct Sending {
  Settings settings;
  SendmailOptions options;
  net::DialMap dial_map;
  store::NewMessage message;
  std::map<std::string, std::vector<std::int32_t>> by_next_hop;  // indexes of recipients
  std::vector<std::string> next_hops;                            // by recipient
};

Result<std::string> read_input(const std::optional<std::string>& file) {
  if (!file) {
    return std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  }
  std::ifstream stream(*file, std::ios::binary);
  if (!stream) {
    return fail(Code::not_found, fmt::format("{} cannot be read ({})", *file,
                                             std::generic_category().message(errno)));
  }
  return std::string(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
}

Result<smtp::Recipient> recipient_of(std::string address, const Settings& settings) {
  if (address.starts_with('<') && address.ends_with('>')) {
    address = address.substr(1, address.size() - 2);
  }
  if (address.find('@') == std::string::npos) address += "@" + settings.hostname;
  auto mailbox = smtp::parse_mailbox(address, smtp::Charset::utf8);
  if (!mailbox) {
    return fail(Code::invalid_argument, fmt::format("{} is not an address: {}", printable(address),
                                                    mailbox.error().detail));
  }
  smtp::Recipient recipient;
  recipient.address = mailbox->text();
  recipient.domain = mailbox->domain;
  return recipient;
}

bool is_ascii(std::string_view text) {
  for (char c : text) {
    if (static_cast<unsigned char>(c) > 127) return false;
  }
  return true;
}

Result<> compose(Sending& sending) {
  const SendmailOptions& options = sending.options;
  Origin origin;
  origin.hostname = sending.settings.hostname;
  origin.now = net::SystemClock().now();
  origin.unique = fmt::format("{}.{}", origin.now.time_since_epoch().count(), getpid());
  const passwd* user = getpwuid(getuid());
  origin.user = user != nullptr ? user->pw_name : fmt::format("uid{}", getuid());
  origin.full_name = options.full_name;
  origin.sender = options.sender.value_or(fmt::format("{}@{}", origin.user, origin.hostname));

  TRY(std::string input, read_input(options.file));
  bool dot_ends = !options.dot_is_text && !options.file;
  TRY(OutgoingMessage outgoing, make_outgoing(input, dot_ends, options.recipients_from_header,
                                              origin, sending.settings.limits.message_size));
  std::vector<std::string> addresses = options.recipients;
  for (std::string& address : outgoing.header_recipients) addresses.push_back(std::move(address));
  if (addresses.empty()) {
    return fail(Code::invalid_argument,
                "there is no recipient; name one, or say -t to take To, Cc and Bcc of the message");
  }
  store::NewMessage& message = sending.message;
  smtp::Envelope& envelope = message.envelope;
  envelope.sender = origin.sender;
  envelope.eight_bit = outgoing.eight_bit;
  envelope.require_tls = options.require_tls;
  envelope.ret = options.ret;
  envelope.envid = options.envid;
  envelope.smtputf8 = outgoing.header_utf8 || !is_ascii(envelope.sender);
  relay::Routes routes = routes_of(sending.settings);
  for (const std::string& address : addresses) {
    TRY(smtp::Recipient recipient, recipient_of(address, sending.settings));
    recipient.notify = options.notify;
    if (!is_ascii(recipient.address)) envelope.smtputf8 = true;
    TRY(relay::NextHop hop, routes.next_hop(recipient));
    sending.by_next_hop[hop.key()].push_back(static_cast<std::int32_t>(sending.next_hops.size()));
    sending.next_hops.push_back(hop.key());
    envelope.recipients.push_back(std::move(recipient));
  }
  message.content = std::move(outgoing.content);
  message.size = message.content.size();
  message.eight_bit = outgoing.eight_bit;
  message.tls_required_no = outgoing.tls_required_no;
  message.arrived = origin.now;
  message.origin = fmt::format("send uid {}", getuid());
  return {};
}

std::unique_ptr<store::SqliteStore> open_as_guest(const Settings& settings, Result<>* why) {
  store::SqliteOptions options;
  options.path = settings.store.substr(std::string_view("sqlite:").size());
  options.owner = false;
  auto store = store::SqliteStore::open(options);
  if (store) return *std::move(store);
  if (why != nullptr) *why = fail(std::move(store).error());
  return nullptr;
}

Task<> put_into_queue(store::Queue* queue, Sending* sending) {
  CO_TRY(store::QueuedMessage queued,
         co_await queue->commit(std::move(sending->message), std::move(sending->next_hops)));
  queue->release(queued.id);
  if (sending->options.verbose) {
    fmt::print("queued as {}; the relay delivers it\n", store::queue_id(queued.id));
  }
  co_return Result<>();
}

int hand_to_queue(Sending& sending) {
  Result<> why;
  auto store = open_as_guest(sending.settings, &why);
  if (!store) {
    return complain("send", Error(why.error().code,
                                  fmt::format("{} (is `pawl relay` set up here, and may you write "
                                              "to {}?)",
                                              why.error().detail, sending.settings.store)));
  }
  net::Loop loop;
  auto queued = loop.run_until_done(put_into_queue(&store->queue(), &sending));
  return queued ? 0 : complain("send", queued.error());
}

Task<> deliver_all(Sending* sending, DeliverySide* side, SendReport* report) {
  std::unique_ptr<relay::Outbound> outbound = side->make_outbound();
  auto content = std::make_shared<const std::string>(std::move(sending->message.content));
  for (const auto& [next_hop, indexes] : sending->by_next_hop) {
    relay::DeliveryJob job;
    CO_TRY(job.next_hop, relay::NextHop::parse(next_hop));
    job.message.envelope = sending->message.envelope;
    job.message.envelope.recipients.clear();
    job.message.content.size = content->size();
    job.message.content.eight_bit = sending->message.eight_bit;
    job.message.content.tls_required_no = sending->message.tls_required_no;
    job.message.content.memory = content;
    job.message.arrived = sending->message.arrived;
    for (std::int32_t index : indexes) {
      store::QueuedRecipient recipient;
      recipient.index = index;
      recipient.recipient = sending->message.envelope.recipients[static_cast<std::size_t>(index)];
      recipient.next_hop = next_hop;
      job.message.envelope.recipients.push_back(recipient.recipient);
      job.message.recipients.push_back(std::move(recipient));
    }
    report->begin(next_hop);
    auto result = co_await outbound->deliver(job);
    report->end();
    if (!result) co_return fail(std::move(result).error());
    report->add(job, *result);
  }
  outbound->close_idle();
  co_return Result<>();
}

int deliver_now(Sending& sending) {
  net::SystemClock clock;
  SendReport report(sending.options.quiet, sending.options.verbose);
  // What the relay remembers of policies holds here too, where it may be read.
  auto store = open_as_guest(sending.settings, nullptr);
  store::MemoryPolicyCache memory;
  DeliveryParts parts{
      .policies = store ? store->policy_cache() : static_cast<store::PolicyCache&>(memory),
      .events = report,
      .clock = clock,
      .dial_map = sending.dial_map.empty() ? nullptr : &sending.dial_map};
  auto side = DeliverySide::make(sending.settings, parts);
  if (!side) return complain("send", side.error());
  net::Loop loop;
  loop.spawn(report.animate());
  auto delivered = loop.run_until_done(deliver_all(&sending, side->get(), &report));
  if (!delivered) return complain("send", delivered.error());
  return report.exit_status();
}

int run_send(const Arguments& arguments) {
  Sending sending;
  auto options = parse_sendmail_options(arguments.operands());
  if (!options) return complain("send", options.error());
  sending.options = *std::move(options);
  auto settings = load_settings_or_default(sending.options.config);
  if (!settings) return complain("send", settings.error());
  sending.settings = *std::move(settings);
  auto dial_map = parse_dial_map(sending.options.test_dial);
  if (!dial_map) return complain("send", dial_map.error());
  sending.dial_map = *std::move(dial_map);
  if (auto composed = compose(sending); !composed) return complain("send", composed.error());
  return sending.options.queue ? hand_to_queue(sending) : deliver_now(sending);
}

constexpr Option kOptions[] = {
    {"config", 0, "FILE", "read this file (default: /etc/pawl/pawl.toml)"},
    {"file", 0, "FILE", "the message (default: standard input)"},
    {"queue", 0, "", "hand it to the queue of the relay on this host; also -odq, -odb"},
    {"require-tls", 0, "", "verified TLS on the whole way, or not at all (REQUIRETLS)"},
    {"quiet", 0, "", "say nothing but errors"},
    {"verbose", 'v', "", "say what was proved, also where nothing is a terminal"},
    {"test-dial", 0, "FROM=TO", "test only: connect to TO where FROM was meant"},
};

}  // namespace

constinit const Command send_command{
    .name = "send",
    .operands = "[RECIPIENT...]",
    .summary = "Send one message now; takes sendmail's flags",
    .description =
        "Reads a message, adds the fields that are missing, and delivers it at once under what\n"
        "the destinations promised. Exit status 75: it was not delivered, may be tried again, and\n"
        "nothing is kept (see --queue).\n\n"
        "sendmail's flags: -t recipients from the header, -i or -oi a dot ends nothing, -f "
        "SENDER,\n"
        "-F NAME, -N NOTICES, -R full|hdrs, -V ENVID, -bm; -q, -o, -O, -B and others are ignored.",
    .options = kOptions,
    .run = run_send,
    .own_arguments = true,
};

}  // namespace pawl::app
