#include "relay/notices.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "relay/failure_text.h"

namespace pawl::relay {

namespace {

const std::string kDsn = "dsn ";
const std::string kDoubleBounce = "double-bounce ";

std::vector<Notice> of(const Settlement& settlement, smtp::DsnAction action) {
  std::vector<Notice> some;
  for (const Notice& notice : settlement.notices) {
    if (notice.action == action) some.push_back(notice);
  }
  return some;
}

// The domain that a DSN goes to; the root for an address without one.
dns::Name domain_of(const std::string& address) {
  auto at = address.rfind('@');
  if (at == std::string::npos) return {};
  auto domain = dns::Name::parse(std::string_view(address).substr(at + 1));
  return domain ? *domain : dns::Name{};
}

smtp::Dsn head(const store::QueuedMessage& message, const NoticeSettings& settings,
               smtp::DsnAction action, WallTime now) {
  smtp::Dsn dsn;
  dsn.reporting_mta = settings.reporting_mta;
  dsn.queue_id = store::queue_id(message.id);
  dsn.id =
      fmt::format("{}.{}.{}", dsn.queue_id, smtp::name(action), now.time_since_epoch().count());
  dsn.to = message.envelope.sender;
  dsn.envid = message.envelope.envid;
  dsn.ret = message.envelope.ret;
  dsn.smtputf8 = message.envelope.smtputf8;
  dsn.arrived = message.arrived;
  dsn.now = now;
  dsn.contact = settings.contact;
  return dsn;
}

store::NewMessage queued(const smtp::Dsn& dsn, std::string content, dns::Name domain) {
  store::NewMessage message;
  smtp::Recipient to;
  to.address = dsn.to;
  to.domain = std::move(domain);
  to.notify = smtp::Notify{.never = true};  // rfc3461#6.1: no DSN about a DSN
  message.envelope.recipients.push_back(std::move(to));
  message.envelope.smtputf8 = dsn.smtputf8;
  for (char c : content) message.eight_bit = message.eight_bit || (c & '\x80') != 0;
  message.envelope.eight_bit = message.eight_bit;
  message.size = content.size();
  message.content = std::move(content);
  message.arrived = dsn.now;
  message.origin = (dsn.to_postmaster ? kDoubleBounce : kDsn) + dsn.queue_id;
  return message;
}

// The way back to the sender often leads over the host that took no 8-bit text: the notice must not
// fail for the same reason, and message/rfc822 cannot be encoded (rfc6152#3).
bool failed_for_eight_bits(const std::vector<Notice>& notices) {
  return std::ranges::any_of(notices, [](const Notice& notice) {
    return notice.outcome.error && notice.outcome.error->code == Code::smtp_no_8bitmime;
  });
}

// A failing mail to the postmaster ends here: telling the postmaster of it would never end.
bool postmaster_may_be_told(const store::QueuedMessage& message, const NoticeSettings& settings) {
  if (settings.contact.empty() || message.origin.starts_with(kDoubleBounce)) return false;
  return std::ranges::none_of(message.recipients, [&](const store::QueuedRecipient& r) {
    return equal_ignoring_case(r.recipient.address, settings.contact);
  });
}

void tell_postmaster(Notices& made, const std::vector<Notice>& lost,
                     const store::QueuedMessage& message, const DeliveryResult& result,
                     std::string_view original, const NoticeSettings& settings, WallTime now) {
  dns::Name domain = domain_of(settings.contact);
  std::string next_hop = settings.next_hop ? settings.next_hop(domain) : domain.text();
  if (next_hop.empty()) return;
  smtp::Dsn dsn = head(message, settings, smtp::DsnAction::failed, now);
  dsn.to = settings.contact;
  dsn.to_postmaster = true;
  dsn.id = "double." + dsn.id;
  for (const Notice& notice : lost) {
    dsn.recipients.push_back(dsn_recipient(notice.recipient.recipient, result, notice.outcome,
                                           smtp::DsnAction::failed, now, std::nullopt));
  }
  dsn.original = std::string(original);  // its header section is enough to know it again
  made.messages.push_back(queued(dsn, smtp::build_dsn(dsn), std::move(domain)));
  made.next_hops.push_back(std::move(next_hop));
}

}  // namespace

bool needs_whole_message(const Settlement& settlement, const store::QueuedMessage& message) {
  auto failed = of(settlement, smtp::DsnAction::failed);
  if (failed.empty()) return false;
  smtp::Dsn dsn;
  dsn.ret = message.envelope.ret;
  dsn.recipients.push_back({});
  return smtp::returns_full_content(dsn, message.content.size, smtp::kDsnReturnLimit);
}

Notices make_notices(const Settlement& settlement, const store::QueuedMessage& message,
                     const DeliveryResult& result, std::string_view original, bool complete,
                     const NoticeSettings& settings, WallTime now) {
  Notices made;
  dns::Name domain = domain_of(message.envelope.sender);
  std::string next_hop = settings.next_hop ? settings.next_hop(domain) : domain.text();
  for (auto action :
       {smtp::DsnAction::failed, smtp::DsnAction::delayed, smtp::DsnAction::relayed}) {
    auto some = of(settlement, action);
    if (some.empty()) continue;
    if (next_hop.empty()) {
      made.undeliverable.insert(made.undeliverable.end(), some.begin(), some.end());
      continue;
    }
    smtp::Dsn dsn = head(message, settings, action, now);
    for (const Notice& notice : some) {
      dsn.recipients.push_back(dsn_recipient(notice.recipient.recipient, result, notice.outcome,
                                             action, now, notice.retry_until));
    }
    dsn.original = std::string(original);
    dsn.original_complete =
        complete && !failed_for_eight_bits(some) &&
        smtp::returns_full_content(dsn, message.content.size, smtp::kDsnReturnLimit);
    made.messages.push_back(queued(dsn, smtp::build_dsn(dsn), domain));
    made.next_hops.push_back(next_hop);
  }
  std::vector<Notice> lost = settlement.double_bounces;
  for (const Notice& notice : made.undeliverable) {
    if (notice.action == smtp::DsnAction::failed) lost.push_back(notice);
  }
  if (!lost.empty() && postmaster_may_be_told(message, settings)) {
    tell_postmaster(made, lost, message, result, original, settings, now);
  }
  return made;
}

}  // namespace pawl::relay
