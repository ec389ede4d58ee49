#include "lab/ledger.h"

namespace pawl::lab {
namespace {

std::string field(const Event& event, std::string_view name) {
  for (const auto& [key, value] : event.fields) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

void Ledger::emit(const Event& event) {
  std::lock_guard lock(mutex_);
  events_.push_back(event);
  if (event.name == "alert.raised") ++alerts_[field(event, "domain")];
  if (!event.name.starts_with("delivery.")) return;
  Account& account = accounts_[field(event, "to")];
  if (event.name == "delivery.delivered") account.delivered = true;
  if (event.name == "delivery.deferred") ++account.deferrals;
  if (event.name == "delivery.failed") account.failed = true;
  if (std::string reason = field(event, "reason"); !reason.empty()) account.reason = reason;
}

Account Ledger::account(const std::string& recipient) const {
  std::lock_guard lock(mutex_);
  auto found = accounts_.find(recipient);
  Account account = found != accounts_.end() ? found->second : Account();
  account.alerted = alerts_.contains(recipient.substr(recipient.find('@') + 1));
  return account;
}

std::vector<Event> Ledger::events() const {
  std::lock_guard lock(mutex_);
  return events_;
}

}  // namespace pawl::lab
