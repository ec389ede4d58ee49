// How often this test program has asked for memory: for tests. allocation_counter_test.cpp counts.
#pragma once

#include <cstddef>

namespace pawl::starttls {

std::size_t allocations();

}  // namespace pawl::starttls
