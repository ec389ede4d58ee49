#include "fetch/policy_source.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "http/codec.h"
#include "net/channel.h"
#include "net/start.h"

namespace pawl::fetch {

namespace {

constexpr std::uint16_t kHttps = 443;
constexpr std::string_view kPath = "/.well-known/mta-sts.txt";
// One address that does not answer must leave time for the next.
constexpr Seconds kPerAddress{20};

std::string url(const dns::Name& host) {
  return "https://" + host.text() + std::string(kPath);
}

// rfc8461#3.3: the certificate must be valid for the policy host, TLS 1.2 or newer.
tls::ClientProfile profile(const dns::Name& host) {
  tls::ClientProfile profile;
  profile.sni = host.text();
  profile.pkix = tls::PkixDemand{{host.text()}, {}};
  profile.min_version = tls::Version::tls1_2;
  profile.alpn = {"http/1.1"};
  return profile;
}

net::Task<http::Response> exchange(net::Channel& channel, dns::Name host, MonoTime deadline) {
  http::Request request;
  request.target = kPath;
  request.headers = {{"Host", host.text()}, {"User-Agent", "Pawl"}, {"Accept", "text/plain"}};
  const std::string bytes = http::serialize(request);
  CO_TRY_VOID(co_await channel.write_all(bytes, deadline));
  http::ResponseReader reader;
  std::array<char, 4096> buffer;
  while (!reader.done()) {
    auto count = co_await channel.read_some(buffer, deadline);
    if (count) {
      CO_TRY_VOID(reader.feed(std::string_view(buffer.data(), *count)));
      continue;
    }
    // Only a close_notify says that a body without a length is whole: a cut connection must not
    // pass for a shorter policy.
    const bool closed_properly =
        channel.engine() && channel.engine()->state() == tls::Engine::State::closed;
    if (count.error().code != Code::connection_lost || !closed_properly) {
      co_return fail(std::move(count).error());
    }
    CO_TRY_VOID(reader.finish());
  }
  co_return reader.take();
}

Result<FetchedPolicy> policy_in(http::Response response) {
  if (response.status != 200) {
    std::string why = "it answered with status " + std::to_string(response.status);
    if (response.status >= 300 && response.status < 400) why += "; redirects are not followed";
    return fail(Code::sts_fetch, why);
  }
  const std::string* type = http::find(response.headers, "Content-Type");
  if (!type || http::media_type(*type) != "text/plain") {
    return fail(Code::sts_policy_invalid,
                type ? "its type is \"" + printable(*type, 60) + "\", not text/plain"
                     : "its answer names no type, text/plain is due");
  }
  FetchedPolicy fetched;
  TRY(fetched.policy, mta_sts::parse_policy(response.body));
  fetched.text = std::move(response.body);
  return fetched;
}

// What went wrong at one address, as one of the three types of RFC 8460.
Error typed(const IpAddress& address, const Error& error) {
  const bool is_typed = error.code == Code::sts_webpki || error.code == Code::sts_policy_invalid;
  Code code = is_typed ? error.code : Code::sts_fetch;
  std::string why = is_typed || error.code == Code::sts_fetch ? error.detail : error.sentence();
  return {code, address.text() + ": " + why};
}

}  // namespace

net::Task<std::vector<IpAddress>> HttpsPolicySource::addresses(dns::Name host) {
  auto v6 = net::start(resolver_.lookup(host, dns::Type::aaaa));
  auto v4 = net::start(resolver_.lookup(host, dns::Type::a));
  std::array<Result<dns::Answer>, 2> answers = {co_await v6.wait(), co_await v4.wait()};
  std::vector<IpAddress> found;
  std::string why;
  for (const auto& answer : answers) {
    if (!answer) {
      why += (why.empty() ? "" : "; ") + answer.error().sentence();
    } else if (auto list = dns::addresses(*answer)) {
      found.insert(found.end(), list->begin(), list->end());
    } else {
      why += (why.empty() ? "" : "; ") + list.error().sentence();
    }
  }
  if (found.empty()) co_return fail(Code::sts_fetch, why.empty() ? "it has no address" : why);
  if (found.size() > limits::kAddressesPerHost) {
    found.erase(found.begin() + limits::kAddressesPerHost, found.end());
  }
  co_return found;
}

net::Task<FetchedPolicy> HttpsPolicySource::ask(Endpoint at, dns::Name host, MonoTime deadline) {
  CO_TRY(auto stream, co_await net::dial(at, deadline, options_.dial));
  net::Channel channel(std::move(stream));
  const tls::ClientProfile demand = profile(host);
  CO_TRY(auto engine, tls::make_client_engine(options_.tls, demand));
  CO_TRY_VOID(co_await channel.start_tls(std::move(engine), deadline));
  // Before a byte of the request is sent.
  if (auto judged = tls::judge(demand, channel.engine()->description()); !judged) {
    co_return fail(Code::sts_webpki, judged.error().sentence());
  }
  CO_TRY(auto response, co_await exchange(channel, host, deadline));
  channel.close();
  co_return policy_in(std::move(response));
}

net::Task<FetchedPolicy> HttpsPolicySource::fetch(dns::Name policy_domain) {
  const MonoTime deadline = clock_.monotonic() + options_.time_limit;
  CO_TRY(const dns::Name host, policy_domain.prepend("mta-sts"));
  auto found = co_await addresses(host);
  if (!found) co_return fail(Code::sts_fetch, url(host) + ": " + found.error().detail);
  std::optional<Error> failure;
  for (const IpAddress& address : *found) {
    const bool allowed = std::ranges::any_of(
        options_.private_networks, [&](const Network& net) { return net.contains(address); });
    std::optional<Error> here;
    if (address.is_special() && !allowed) {
      here = Error(Code::sts_fetch, "it is not a public address, and no setting allows it");
    } else {
      const MonoTime until = std::min(deadline, clock_.monotonic() + kPerAddress);
      auto fetched = co_await ask({address, kHttps}, host, until);
      if (fetched) co_return std::move(fetched);
      here = std::move(fetched).error();
    }
    here = typed(address, *here);
    // A certificate says more than a refused connection, whichever came first.
    if (!failure || (failure->code == Code::sts_fetch && here->code != Code::sts_fetch)) {
      here->detail += failure ? "; " + failure->detail : "";
      failure = std::move(here);
    } else {
      failure->detail += "; " + here->detail;
    }
    if (clock_.monotonic() >= deadline) break;
  }
  co_return fail(failure->code, url(host) + ": " + failure->detail);
}

}  // namespace pawl::fetch
