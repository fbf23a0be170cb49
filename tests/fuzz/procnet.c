/* procnet.c - the reader of /proc/net: an input is a line. */
#include "fuzz.h"

#include "proto/procnet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = take(size);
	struct procnet_inet inet;
	struct procnet_unix local;

	if (size)
		memcpy(line, data, size);
	if (procnet_read_inet(line, size, &inet)) {
		CHECK(inet.state <= 0xff);
		/* Of IPv4 the rest is not used. */
		for (size_t i = 4; i < 16 && !inet.six; i++)
			CHECK(inet.local[i] == 0 && inet.peer[i] == 0);
	}
	if (procnet_read_unix(line, size, &local) && local.path_n > 0)
		CHECK(local.path > line && local.path_n == (size_t)(line + size - local.path));
	free(line);
	return 0;
}
