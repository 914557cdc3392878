#ifndef VOTEBENCH_CLIBPQ_H
#define VOTEBENCH_CLIBPQ_H

#include <libpq-fe.h>

#endif
