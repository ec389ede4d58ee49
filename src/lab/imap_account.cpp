// IMAP's authenticated and selected states (rfc9051#3.2) over a few mailboxes.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"
#include "lab/client_command.h"
#include "lab/imap_mailbox.h"
#include "lab/session_owner.h"

namespace pawl::lab {
namespace {

class ImapAccount {
 public:
  explicit ImapAccount(SessionOwner account) : account_(std::move(account)) {
    for (std::string_view name : {"INBOX", "Sent", "Drafts", "Trash"}) {
      boxes_[std::string(name)];
    }
    boxes_["INBOX"].push_back({.uid = 1, .content = account_.server.content, .flags = {}});
  }

  Result<> run() {
    while (true) {
      TRY(std::string command, read_command(account_.client, "+ go on\r\n"));
      words_ = arguments_of(command);
      if (words_.size() < 2) {
        TRY_VOID(account_.client.write("* BAD a tag and a command\r\n"));
        continue;
      }
      tag_ = words_[0];
      uid_ = equal_ignoring_case(words_[1], "UID") && words_.size() > 2;
      verb_ = words_[uid_ ? 2 : 1];
      words_.erase(words_.begin(), words_.begin() + (uid_ ? 3 : 2));
      words_.resize(std::max<std::size_t>(words_.size(), 2));
      out_.clear();
      std::string result = obey();
      out_ += tag_ + ' ' + result + "\r\n";
      TRY_VOID(account_.client.write(out_));
      if (is("LOGOUT")) return {};
    }
  }

 private:
  bool is(std::string_view verb) const { return equal_ignoring_case(verb_, verb); }
  void tell(const std::string& text) { out_ += "* " + text + "\r\n"; }

  std::string obey() {
    if (is("CAPABILITY")) {
      tell("CAPABILITY IMAP4rev1 LITERAL+ NAMESPACE UIDPLUS UNSELECT CHILDREN");
      return "OK done";
    }
    if (is("NAMESPACE")) tell(R"(NAMESPACE (("" "/")) NIL NIL)");
    if (is("ID")) tell("ID NIL");
    if (is("LOGOUT")) tell("BYE goodbye");
    for (std::string_view quiet :
         {"NAMESPACE", "ID", "LOGOUT", "NOOP", "CHECK", "SUBSCRIBE", "UNSUBSCRIBE"}) {
      if (is(quiet)) return "OK done";
    }
    if (is("LIST") || is("LSUB")) return list();
    if (is("CREATE")) {
      boxes_[box_name(words_[0])];
      return "OK done";
    }
    if (is("STATUS")) return status();
    if (is("SELECT") || is("EXAMINE")) return select();
    if (is("APPEND")) return append();
    if (box_ == nullptr) return "BAD no such command here";
    if (is("FETCH")) return fetch();
    if (is("SEARCH")) return search();
    if (is("STORE")) return store();
    if (is("COPY")) return copy();
    if (is("EXPUNGE")) return expunge(true);
    if (is("CLOSE") || is("UNSELECT")) {
      if (is("CLOSE")) expunge(false);
      box_ = nullptr;
      return "OK done";
    }
    return "BAD no such command here";
  }

  static std::string box_name(const std::string& name) {
    return equal_ignoring_case(name, "INBOX") ? "INBOX" : name;
  }

  std::string list() {
    if (words_[1].empty()) {
      tell(std::string(verb_) + R"( (\Noselect) "/" "")");
      return "OK done";
    }
    bool all = words_[1].find_first_of("*%") != std::string::npos;
    for (const auto& [name, messages] : boxes_) {
      if (all || name == box_name(words_[1])) {
        tell(fmt::format(R"({} (\HasNoChildren) "/" "{}")", verb_, name));
      }
    }
    return "OK done";
  }

  std::string status() {
    auto box = boxes_.find(box_name(words_[0]));
    if (box == boxes_.end()) return "NO [NONEXISTENT] no such mailbox";
    const ImapMailbox& messages = box->second;
    auto unseen = std::ranges::count_if(
        messages, [](const ImapMessage& message) { return !message.flags.contains("\\Seen"); });
    tell(fmt::format("STATUS \"{}\" (MESSAGES {} RECENT 0 UIDNEXT {} UIDVALIDITY 1 UNSEEN {})",
                     box->first, messages.size(), next_uid_, unseen));
    return "OK done";
  }

  std::string select() {
    auto box = boxes_.find(box_name(words_[0]));
    box_ = nullptr;
    if (box == boxes_.end()) return "NO [NONEXISTENT] no such mailbox";
    box_ = &box->second;
    box_name_ = box->first;
    tell(R"(FLAGS (\Answered \Flagged \Deleted \Seen \Draft))");
    tell(fmt::format("{} EXISTS", box_->size()));
    tell("0 RECENT");
    tell(R"(OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft)] these)");
    tell("OK [UIDVALIDITY 1] ever");
    tell(fmt::format("OK [UIDNEXT {}] next", next_uid_));
    return is("SELECT") ? "OK [READ-WRITE] chosen" : "OK [READ-ONLY] chosen";
  }

  // APPEND mailbox [flags] [date] message
  std::string append() {
    auto box = boxes_.find(box_name(words_[0]));
    if (box == boxes_.end()) return "NO [TRYCREATE] no such mailbox";
    ImapMessage message{.uid = next_uid_++, .content = words_.back(), .flags = {}};
    if (words_[1].starts_with('(')) message.flags = flags_in(words_[1]);
    account_.deposit(Deposit::Kind::message, box->first, message.content);
    box->second.push_back(message);
    if (box_ == &box->second) tell(fmt::format("{} EXISTS", box_->size()));
    return fmt::format("OK [APPENDUID 1 {}] kept", message.uid);
  }

  std::string fetch() {
    for (std::size_t i : messages_of(*box_, words_[0], uid_)) {
      bool read = false;
      std::string items = fetched((*box_)[i], words_[1], uid_, read);
      if (read) account_.deposit(Deposit::Kind::fetched, box_name_, (*box_)[i].content);
      tell(fmt::format("{} FETCH {}", i + 1, items));
    }
    return "OK done";
  }

  // As much of the keys as fetchers use; with any other, everything is found.
  std::string search() {
    std::string found = "SEARCH";
    for (std::size_t i = 0; i < box_->size(); ++i) {
      bool seen = (*box_)[i].flags.contains("\\Seen");
      bool wanted = true;
      for (std::size_t k = 0; k < words_.size(); ++k) {
        auto key = [&](std::string_view name) { return equal_ignoring_case(words_[k], name); };
        if (key("UNSEEN")) wanted = wanted && !seen;
        if (key("SEEN")) wanted = wanted && seen;
        if (key("UNDELETED")) wanted = wanted && !(*box_)[i].deleted();
        if (key("HEADER") && k + 2 < words_.size()) {
          wanted = wanted && (*box_)[i].content.find(words_[k + 2]) != std::string::npos;
        }
      }
      if (wanted) found += ' ' + std::to_string(uid_ ? (*box_)[i].uid : i + 1);
    }
    tell(found);
    return "OK done";
  }

  static std::set<std::string> flags_in(std::string_view list) {
    if (list.starts_with('(') && list.ends_with(')')) list = list.substr(1, list.size() - 2);
    auto words = arguments_of(list);
    return {words.begin(), words.end()};
  }

  std::string store() {
    words_.resize(std::max<std::size_t>(words_.size(), 3));
    const std::string& how = words_[1];
    bool silent = how.ends_with(".SILENT") || how.ends_with(".silent");
    std::set<std::string> flags;
    for (std::size_t k = 2; k < words_.size(); ++k) flags.merge(flags_in(words_[k]));
    for (std::size_t i : messages_of(*box_, words_[0], uid_)) {
      ImapMessage& message = (*box_)[i];
      if (how.starts_with('-')) {
        for (const std::string& flag : flags) message.flags.erase(flag);
      } else if (how.starts_with('+')) {
        message.flags.insert(flags.begin(), flags.end());
      } else {
        message.flags = flags;
      }
      if (!silent) {
        std::string uid = uid_ ? fmt::format(" UID {}", message.uid) : "";
        tell(fmt::format("{} FETCH (FLAGS {}{})", i + 1, flag_list(message), uid));
      }
    }
    return "OK done";
  }

  std::string copy() {
    auto box = boxes_.find(box_name(words_[1]));
    if (box == boxes_.end()) return "NO [TRYCREATE] no such mailbox";
    for (std::size_t i : messages_of(*box_, words_[0], uid_)) {
      ImapMessage message = (*box_)[i];
      message.uid = next_uid_++;
      box->second.push_back(std::move(message));
    }
    return "OK done";
  }

  std::string expunge(bool aloud) {
    for (std::size_t i = box_->size(); i-- > 0;) {
      if (!(*box_)[i].deleted()) continue;
      box_->erase(box_->begin() + static_cast<std::ptrdiff_t>(i));
      if (aloud) tell(fmt::format("{} EXPUNGE", i + 1));
    }
    return "OK done";
  }

  SessionOwner account_;
  std::map<std::string, ImapMailbox> boxes_;
  std::uint32_t next_uid_ = 2;
  ImapMailbox* box_ = nullptr;  // selected
  std::string box_name_;

  // Of the command.
  std::string tag_;
  std::string verb_;
  bool uid_ = false;
  std::vector<std::string> words_;  // arguments, at least two
  std::string out_;
};

}  // namespace

Result<> serve_imap_account(SessionOwner account) {
  return ImapAccount(std::move(account)).run();
}

}  // namespace pawl::lab
