// GET /metrics on a local port, in Prometheus' text format. One request per connection, few at a
// time, ten seconds each: a scraper needs no more, and nobody else shall ask.
#pragma once

#include <functional>
#include <memory>

#include "net/dial.h"
#include "relay/metrics.h"

namespace pawl::app {

// Until the loop ends. `before` fills the gauges for each scrape; it and `metrics` outlive the
// task.
net::Task<> serve_metrics(std::unique_ptr<net::Listener> listener, relay::Metrics& metrics,
                          std::function<net::Task<>()> before);

}  // namespace pawl::app
