/* errname_linux.c - the names of errno that not every system of POSIX has: Linux's */
#include <errno.h>

#include "base/errname.h"

#define NAME(x) x, #x

const struct error_name errnos_more[] = {
	{ NAME(EADV) },		{ NAME(EBADE) },	   { NAME(EBADFD) },
	{ NAME(EBADR) },	{ NAME(EBADRQC) },	   { NAME(EBADSLT) },
	{ NAME(EBFONT) },	{ NAME(ECHRNG) },	   { NAME(ECOMM) },
	{ NAME(EDOTDOT) },	{ NAME(EHOSTDOWN) },	   { NAME(EHWPOISON) },
	{ NAME(EISNAM) },	{ NAME(EKEYEXPIRED) },	   { NAME(EKEYREJECTED) },
	{ NAME(EKEYREVOKED) },	{ NAME(EL2HLT) },	   { NAME(EL2NSYNC) },
	{ NAME(EL3HLT) },	{ NAME(EL3RST) },	   { NAME(ELIBACC) },
	{ NAME(ELIBBAD) },	{ NAME(ELIBEXEC) },	   { NAME(ELIBMAX) },
	{ NAME(ELIBSCN) },	{ NAME(ELNRNG) },	   { NAME(EMEDIUMTYPE) },
	{ NAME(ENAVAIL) },	{ NAME(ENOANO) },	   { NAME(ENOCSI) },
	{ NAME(ENOKEY) },	{ NAME(ENOMEDIUM) },	   { NAME(ENONET) },
	{ NAME(ENOPKG) },	{ NAME(ENOSR) },	   { NAME(ENOSTR) },
	{ NAME(ENOTBLK) },	{ NAME(ENOTNAM) },	   { NAME(ENOTUNIQ) },
	{ NAME(EPFNOSUPPORT) }, { NAME(EREMCHG) },	   { NAME(EREMOTE) },
	{ NAME(EREMOTEIO) },	{ NAME(ERESTART) },	   { NAME(ERFKILL) },
	{ NAME(ESHUTDOWN) },	{ NAME(ESOCKTNOSUPPORT) }, { NAME(ESRMNT) },
	{ NAME(ESTRPIPE) },	{ NAME(ETIME) },	   { NAME(ETOOMANYREFS) },
	{ NAME(EUCLEAN) },	{ NAME(EUNATCH) },	   { NAME(EUSERS) },
	{ NAME(EXFULL) },
};
const size_t n_errnos_more = sizeof errnos_more / sizeof *errnos_more;
