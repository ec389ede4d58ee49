// Messages and what FETCH says of them (rfc9051#7.5.2): as much as fetchers and mail programs ask.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::lab {

struct ImapMessage {
  std::uint32_t uid = 1;
  std::string content;
  std::set<std::string> flags;  // "\Seen"
  bool deleted() const { return flags.contains("\\Deleted"); }
};

using ImapMailbox = std::vector<ImapMessage>;

// The places in `box` that a sequence set names; `uids`: it names UIDs.
std::vector<std::size_t> messages_of(const ImapMailbox& box, std::string_view set, bool uids);
// `(FLAGS UID ...)` of one message, for the list of items of a FETCH. `read`: content was among it.
std::string fetched(const ImapMessage& message, std::string_view items, bool uid, bool& read);
// `(\Seen \Flagged)`
std::string flag_list(const ImapMessage& message);

}  // namespace pawl::lab
