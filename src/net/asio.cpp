// Asio compiled once (BOOST_ASIO_SEPARATE_COMPILATION): everyone else only declares.
#include <boost/asio/impl/src.hpp>
