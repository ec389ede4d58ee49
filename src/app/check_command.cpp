// pawl check TARGET...: what a postmaster opens first. Looks, and sends no mail.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "app/check_arguments.h"
#include "app/commands.h"
#include "app/composition.h"
#include "app/terminal.h"
#include "base/text.h"
#include "check/check.h"
#include "check/views.h"
#include "net/loop.h"
#include "resolver/unbound_resolver.h"

namespace pawl::app {

namespace {

constexpr Option kOptions[] = {
    {"json", 0, "", "print a JSON object (docs/json/check.md)"},
    {"html", 0, "FILE", "write one self-contained page to FILE as well"},
    {"transcript", 't', "", "print the dialogs, with timings"},
    {"verbose", 'v', "", "print every detail: suites, chains, records, capabilities"},
    {"days", 'd', "N", "warn of what ends within N days"},
    {"from-file", 'f', "FILE", "read targets from FILE, one a line (-: standard input)"},
    {"via", 0, "PATH", "look over this path too and compare: source=ADDRESS, resolver=ADDRESS"},
    {"resolver", 0, "ADDRESS", "ask this resolver; its answers are validated here all the same"},
    {"list", 0, "FILE", "hold the domains against this policy list (STARTTLS Everywhere JSON)"},
    {"no-enumerate", 0, "", "do not try which versions, suites and groups are offered"},
    {"no-services", 0, "", "look at the MX hosts only, not at submission and access"},
    {"timeout", 0, "SECONDS", "wait this long for a host (default: 10 to connect, 15 to answer)"},
    {"ca", 0, "FILE", "trust these authorities too, PEM"},
    {"helo", 0, "NAME", "call ourselves so (default: hostname of the configuration)"},
    {"color", 0, "WHEN", "always, never, or auto (default: on a terminal)"},
    {"config", 'c', "FILE", "read DNS and authorities from here (default: /etc/pawl/pawl.toml)"},
    {"test-dial", 0, "FROM=TO", "test only: connect to TO where FROM was meant"},
};

constexpr int kMostDays = 3650;
constexpr int kMostSeconds = 600;

// One line that moves, where somebody looks at it.
class Progress {
 public:
  ~Progress() {
    if (shown_) fmt::print(stderr, "\r\x1b[K");
  }
  void operator()(const check::Progress& now) {
    if (!terminal_) return;
    const std::string line = printable(
        fmt::format("{}/{} {}", now.done, now.of, now.doing.empty() ? now.target : now.doing),
        width_);
    fmt::print(stderr, "\r\x1b[K{}", line.substr(0, width_));
    std::fflush(stderr);
    shown_ = true;
  }

 private:
  bool terminal_ = isatty(STDERR_FILENO) == 1;
  bool shown_ = false;
  std::size_t width_ = static_cast<std::size_t>(std::max(columns_of(STDERR_FILENO) - 1, 20));
};

// All that a check is made of, in the order in which it is taken apart again.
struct Checking {
  Settings settings;
  net::DialMap dial_map;
  std::unique_ptr<resolver::Resolver> resolver;
  std::vector<std::unique_ptr<resolver::Resolver>> other_resolvers;
  net::SystemClock clock;
  std::unique_ptr<fetch::HttpsPolicySource> policies;
  check::CheckOptions options;
};

Result<std::string> authorities(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream) {
    return fail(Code::io, fmt::format("{} cannot be read; --ca takes a PEM file of authorities",
                                      printable(file)));
  }
  return text;
}

Result<std::shared_ptr<tls::ClientContext>> tls_of(const Settings& settings,
                                                   const Arguments& arguments) {
  tls::ClientContextOptions options;
  options.ca_file = settings.ca_file;
  options.resumption = false;  // every look sees the whole certificate
  if (auto file = arguments.value("ca")) {
    constexpr const char* kSystem = "/etc/ssl/certs/ca-certificates.crt";
    TRY(auto own, authorities(*file));
    TRY(auto known, authorities(settings.ca_file.empty() ? kSystem : settings.ca_file));
    options.ca_pem = known + "\n" + own;
    options.ca_file.clear();
  }
  return tls::make_client_context(options);
}

Result<> add_paths(const Arguments& arguments, Checking& into) {
  for (const std::string& text : arguments.values("via")) {
    TRY(const ViaPath via, parse_via(text));
    check::Path path{.name = via.name, .source = via.source, .resolver = nullptr};
    if (via.resolver) {
      resolver::Options options = into.settings.dns;
      options.forwarders = {{*via.resolver, ""}};
      TRY(auto other, resolver::make_unbound_resolver(options));
      path.resolver = into.other_resolvers.emplace_back(std::move(other)).get();
    }
    into.options.via.push_back(std::move(path));
  }
  return {};
}

Result<> compose(const Arguments& arguments, Checking& into) {
  TRY(into.settings, load_settings_or_default(arguments.value("config")));
  TRY(into.dial_map, parse_dial_map(arguments.values("test-dial")));
  TRY(const auto days, number_option(arguments, "days", 0, kMostDays));
  TRY(const auto seconds, number_option(arguments, "timeout", 1, kMostSeconds));
  if (auto address = arguments.value("resolver")) {
    TRY(const Endpoint at, resolver_address("--resolver", *address));
    into.settings.dns.forwarders = {{at, ""}};
  }
  check::CheckOptions& options = into.options;
  options.private_networks = into.settings.sts_private_networks;
  options.days = days.value_or(0);
  if (seconds) {
    const std::chrono::seconds limit(*seconds);
    options.timeouts.connect = options.timeouts.reply = options.timeouts.handshake = limit;
    into.settings.dns.timeout =
        std::min<std::chrono::milliseconds>(into.settings.dns.timeout, limit);
  }
  options.enumerate = !arguments.has("no-enumerate");
  options.services = !arguments.has("no-services");
  options.list_file = arguments.value("list").value_or("");
  options.helo = arguments.value("helo").value_or(into.settings.hostname);
  options.dial.map = &into.dial_map;
  TRY(options.tls, tls_of(into.settings, arguments));
  TRY(into.resolver, resolver::make_unbound_resolver(into.settings.dns));
  fetch::HttpsOptions https;
  https.tls = options.tls;
  https.private_networks = into.settings.sts_private_networks;
  options.private_networks = into.settings.sts_private_networks;
  https.dial = options.dial;
  into.policies = std::make_unique<fetch::HttpsPolicySource>(*into.resolver, into.clock, https);
  return add_paths(arguments, into);
}

net::Task<> check_all(std::vector<check::Target> targets, Checking& with, check::Report& report) {
  CO_TRY(report, co_await check::check(std::move(targets), *with.resolver, *with.policies,
                                       with.clock, with.options));
  co_return Result<>();
}

// Told before the check, which may take a while. Nothing that is there is lost by asking.
Result<> can_write(const std::string& file) {
  if (std::ofstream(file, std::ios::app)) return {};
  return fail(Code::io, fmt::format("{} cannot be written; --html takes the name of a file",
                                    printable(file)));
}

Result<> write_html(const std::string& file, const check::Report& report) {
  std::ofstream stream(file, std::ios::binary);
  stream << check::html_view(report);
  stream.close();
  if (stream) return {};
  return fail(Code::io, printable(file) + " cannot be written");
}

// Where no DNS answer came at all, it is the network more often than the domain.
void advise(const check::Report& report, const Settings& settings) {
  const bool silent = std::ranges::all_of(report.targets, [](const check::TargetReport& target) {
    return target.error &&
           (target.error->code == Code::dns_timeout || target.error->code == Code::dns_servfail);
  });
  if (!silent || !settings.dns.forwarders.empty() || !settings.dns.stub_zones.empty()) return;
  fmt::print(stderr,
             "pawl check: the DNS was asked directly, from the root servers on. Where a network "
             "lets only its own resolver out, name that: --resolver ADDRESS, or [[dns.forwarder]] "
             "in the configuration.\n");
}

int run(const Arguments& arguments) {
  auto colour = wants_colour(arguments.value("color").value_or(""), STDOUT_FILENO);
  if (!colour) return complain("check", colour.error());
  auto targets = check_targets(arguments);
  if (!targets) return complain("check", targets.error());
  const auto html = arguments.value("html");
  if (html) {
    if (auto writable = can_write(*html); !writable) return complain("check", writable.error());
  }
  Checking checking;
  if (auto composed = compose(arguments, checking); !composed) {
    return complain("check", composed.error());
  }
  check::Report report;
  {
    Progress progress;
    checking.options.progress = std::ref(progress);
    net::Loop loop;
    auto checked = loop.run_until_done(check_all(*std::move(targets), checking, report));
    if (!checked) return complain("check", checked.error());
  }
  if (arguments.has("json")) {
    fmt::print("{}", json::write(check::json_view(report)));
  } else {
    check::TextOptions view;
    view.colour = *colour;
    view.ascii = !shows_unicode();
    view.verbose = arguments.has("verbose");
    view.transcript = arguments.has("transcript");
    view.width = columns_of(STDOUT_FILENO);
    fmt::print("{}", check::text_view(report, view));
  }
  advise(report, checking.settings);
  if (html) {
    if (auto written = write_html(*html, report); !written) {
      return complain("check", written.error());
    }
  }
  return check::exit_status(report);
}

}  // namespace

constinit const Command check_command{
    .name = "check",
    .operands = "TARGET...",
    .min_operands = 0,
    .max_operands = 10'000,
    .summary = "Look at all that protects mail to a domain or a host, and say what to do",
    .description =
        "A target is a mail domain (example.org) or a host with its protocol:\n"
        "smtp://, submission://, submissions://, lmtp://, imap://, imaps://, pop3://, pop3s://,\n"
        "sieve://HOST[:PORT].\n"
        "Of a domain everything is looked at: MX, DNSSEC, every address of every host, STARTTLS,\n"
        "TLS versions and suites, certificates, DANE, MTA-STS, TLSRPT, submission and access, and\n"
        "signs that somebody on the path tampers. No mail is sent and nobody logs in.\n"
        "Exit status 0 nothing worse than a note, 1 a warning, 2 a fault, 3 tampering was seen,\n"
        "75 a target could not be checked. docs/check.md explains every finding.",
    .options = kOptions,
    .run = run,
};

}  // namespace pawl::app
