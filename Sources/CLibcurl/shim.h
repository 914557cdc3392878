#ifndef VOTEBENCH_CLIBCURL_H
#define VOTEBENCH_CLIBCURL_H

#include <curl/curl.h>

#endif
