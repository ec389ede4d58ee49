// pawl queue ...: looks at the queue and acts on it, beside a running relay or without one.
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>

#include "app/commands.h"
#include "app/queue_view.h"
#include "app/settings.h"
#include "base/text.h"
#include "net/loop.h"
#include "store/sqlite_store.h"

namespace pawl::app {

namespace {

using net::Task;

constexpr Option kFilters[] = {
    {"config", 'c', "FILE", "read this file (default: /etc/pawl/pawl.toml)"},
    {"domain", 'd', "DOMAIN", "messages to this domain; what is done is done to its recipients"},
    {"sender", 's', "ADDRESS", "messages from this sender"},
    {"held", 0, "", "messages on hold only"},
    {"all", 0, "", "all messages"},
    {"json", 0, "", "as JSON, one object in a line"},
};

struct Request {
  std::string directory;
  bool json = false;
  std::vector<store::Filter> filters;  // one for each queue id; one if none is named
};

// A queue id is a filter of its own; without one the options make one.
Result<std::vector<store::Filter>> filters_of(const Arguments& arguments, bool ids) {
  store::Filter base;
  base.domain = arguments.value("domain").value_or("");
  base.sender = arguments.value("sender").value_or("");
  base.held_only = arguments.has("held");
  std::vector<store::Filter> filters;
  if (ids) {
    for (const std::string& word : arguments.operands()) {
      base.id = store::parse_queue_id(word);
      if (!base.id) {
        return fail(Code::invalid_argument,
                    printable(word) + " is no queue id; `pawl queue list` shows them");
      }
      filters.push_back(base);
    }
  }
  if (filters.empty()) filters.push_back(base);
  return filters;
}

bool names_something(const Arguments& arguments) {
  return !arguments.operands().empty() || arguments.has("domain") || arguments.has("sender") ||
         arguments.has("held") || arguments.has("all");
}

Task<> print_each(store::Queue& queue, Request request, bool page) {
  for (store::Filter& filter : request.filters) {
    bool one = filter.id.has_value();
    CO_TRY(auto messages, co_await queue.list(std::move(filter)));
    if (one && messages.empty()) co_return fail(Code::not_found, "no such message in the queue");
    for (const auto& message : messages) {
      if (request.json) {
        fmt::print("{}\n", json::write_line(queue_json(message)));
      } else {
        fmt::print("{}\n", page ? queue_page(message) : queue_line(message));
      }
    }
  }
  co_return Result<>{};
}

Task<> list(store::Queue& queue, Request request) {
  bool json = request.json;
  CO_TRY_VOID(co_await print_each(queue, std::move(request), false));
  if (json) co_return Result<>{};
  CO_TRY(auto totals, co_await queue.totals());
  fmt::print("{} messages in the queue for {} recipients, {} tried before, {} held\n",
             totals.messages, totals.recipients, totals.deferred, totals.held);
  co_return Result<>{};
}

Task<> show(store::Queue& queue, Request request) {
  co_return co_await print_each(queue, std::move(request), true);
}

Task<> export_all(store::Queue& queue, Request request) {
  if (::mkdir(request.directory.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    co_return fail(Code::io,
                   fmt::format("cannot make {}: {}", request.directory, std::strerror(errno)));
  }
  std::size_t count = 0;
  for (store::Filter& filter : request.filters) {
    CO_TRY(auto messages, co_await queue.list(std::move(filter)));
    for (auto& message : messages) {
      auto written = co_await export_message(queue, std::move(message), request.directory);
      if (!written && written.error().code == Code::not_found) continue;  // delivered meanwhile
      CO_TRY_VOID(std::move(written));
      ++count;
    }
  }
  fmt::print("{} messages written to {}; they are still in the queue\n", count, request.directory);
  co_return Result<>{};
}

enum class Deed : unsigned char { hold, release, flush, remove };

Task<> act(store::Queue& queue, Request request, Deed deed) {
  constexpr std::string_view kDone[] = {"held", "released", "made due now", "removed"};
  net::SystemClock clock;
  std::size_t count = 0;
  for (store::Filter& filter : request.filters) {
    bool one = filter.id.has_value();
    Result<std::size_t> touched = std::size_t{0};
    switch (deed) {
      case Deed::hold:
        touched = co_await queue.set_held(std::move(filter), true);
        break;
      case Deed::release:
        touched = co_await queue.set_held(std::move(filter), false);
        break;
      case Deed::flush:
        touched = co_await queue.flush(std::move(filter), clock.now());
        break;
      case Deed::remove:
        touched = co_await queue.remove(std::move(filter));
        break;
    }
    CO_TRY(std::size_t some, std::move(touched));
    if (one && some == 0) co_return fail(Code::not_found, "no such message in the queue");
    count += some;
  }
  fmt::print("{} messages {}\n", count, kDone[static_cast<std::size_t>(deed)]);
  co_return Result<>{};
}

Task<> hold(store::Queue& queue, Request request) {
  co_return co_await act(queue, std::move(request), Deed::hold);
}
Task<> release(store::Queue& queue, Request request) {
  co_return co_await act(queue, std::move(request), Deed::release);
}
Task<> flush(store::Queue& queue, Request request) {
  co_return co_await act(queue, std::move(request), Deed::flush);
}
Task<> remove(store::Queue& queue, Request request) {
  co_return co_await act(queue, std::move(request), Deed::remove);
}

Result<> work(const Arguments& arguments, bool ids, Task<> (*job)(store::Queue&, Request)) {
  constexpr std::string_view kScheme = "sqlite:";
  TRY(Settings settings, load_settings_or_default(arguments.value("config")));
  if (!settings.store.starts_with(kScheme)) {
    return fail(Code::unsupported, "store = \"" + settings.store + "\"");
  }
  Request request;
  request.json = arguments.has("json");
  if (!ids) request.directory = arguments.operands().front();
  TRY(request.filters, filters_of(arguments, ids));
  store::SqliteOptions options;
  options.path = settings.store.substr(kScheme.size());
  options.owner = false;
  TRY(auto store, store::SqliteStore::open(options));
  net::Loop loop;
  return loop.run_until_done(job(store->queue(), std::move(request)));
}

template <Task<> (*Job)(store::Queue&, Request)>
int look(const Arguments& arguments) {
  auto done = work(arguments, true, Job);
  return done ? 0 : complain("queue", done.error());
}

// What changes the queue says which messages it means: a forgotten filter removes no queue.
template <Task<> (*Job)(store::Queue&, Request)>
int change(const Arguments& arguments) {
  if (!names_something(arguments)) {
    return complain("queue", Error(Code::invalid_argument,
                                   "name queue ids, --domain, --sender, --held, or --all"));
  }
  return look<Job>(arguments);
}

int run_export(const Arguments& arguments) {
  auto done = work(arguments, false, export_all);
  return done ? 0 : complain("queue", done.error());
}

constexpr std::size_t kManyIds = 10'000;

constexpr Command changing(std::string_view name, std::string_view summary,
                           int (*run)(const Arguments&)) {
  Command command;
  command.name = name;
  command.operands = "[ID...]";
  command.max_operands = kManyIds;
  command.summary = summary;
  command.description = "Works beside a running relay. Say which: ids, or a filter, or --all.";
  command.options = kFilters;
  command.run = run;
  return command;
}

}  // namespace

constinit const Command queue_list_command{
    .name = "queue list",
    .summary = "List the messages that wait, and why",
    .description = "Works beside a running relay.",
    .options = kFilters,
    .run = look<list>,
};
constinit const Command queue_show_command{
    .name = "queue show",
    .operands = "ID...",
    .min_operands = 1,
    .max_operands = kManyIds,
    .summary = "Show how each recipient of a message stands",
    .description = "Works beside a running relay.",
    .options = kFilters,
    .run = look<show>,
};
constinit const Command queue_hold_command =
    changing("queue hold", "Keep messages until a person releases them", change<hold>);
constinit const Command queue_release_command =
    changing("queue release", "Let held messages go again", change<release>);
constinit const Command queue_flush_command =
    changing("queue flush", "Try messages again now", change<flush>);
constinit const Command queue_remove_command =
    changing("queue remove", "Remove messages without telling their senders", change<remove>);
constinit const Command queue_export_command{
    .name = "queue export",
    .operands = "DIR",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "Write every message to a directory, as .eml and its envelope as .json",
    .description =
        "The messages stay in the queue: stop the relay first, or remove them "
        "afterwards, if another program is to deliver them.",
    .options = kFilters,
    .run = run_export,
};

}  // namespace pawl::app
