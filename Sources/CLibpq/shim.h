#ifndef VOTEBENCH_CLIBPQ_H
#define VOTEBENCH_CLIBPQ_H

#include <libpq-fe.h>

// A list of C strings is awkward to build in Swift; two and three text parameters are all that is needed here.

static inline int votingd_send_prepared_2(PGconn *connection, const char *name, const char *first, const char *second) {
  const char *values[2] = {first, second};
  return PQsendQueryPrepared(connection, name, 2, values, NULL, NULL, 0);
}

static inline int votingd_send_prepared_3(
    PGconn *connection, const char *name, const char *first, const char *second, const char *third) {
  const char *values[3] = {first, second, third};
  return PQsendQueryPrepared(connection, name, 3, values, NULL, NULL, 0);
}

// PQconnectdbParams wants two parallel NULL-terminated lists. A null password means that none is sent.
static inline PGconn *votingd_connect(
    const char *host, const char *port, const char *dbname, const char *user, const char *password,
    const char *options) {
  const char *keywords[] = {
      "host", "port", "dbname", "user", "password", "options",
      // The shortest limit that libpq takes; it holds for each address of the host.
      "connect_timeout", "fallback_application_name", "client_encoding", NULL};
  const char *values[] = {host, port, dbname, user, password, options, "2", "votingd", "UTF8", NULL};
  return PQconnectdbParams(keywords, values, 0);
}

#endif
