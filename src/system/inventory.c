/* inventory.c - listing sockets, finding their processes, and why a port is taken or refused */
#include "system/inventory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/errname.h"
#include "base/number.h"
#include "system/interfaces.h"
#include "sock/unix.h"

/* ---- the list ---- */

/* Makes room at ARRAY, which has N members of SIZE bytes, for one more: it grows at powers of two.
 * Returns where it is now, or NULL with errno ENOMEM and ARRAY as it was. */
static void *array_grow(void *array, size_t n, size_t size)
{
	if (n & (n - 1))
		return array;
	return realloc(array, (n ? 2 * n : 1) * size);
}

int inventory_add(struct inventory *i, const struct inventory_socket *socket)
{
	struct inventory_socket *more = array_grow(i->sockets, i->n, sizeof *more);

	if (!more)
		return -1;
	i->sockets = more;
	more[i->n++] = *socket;
	return 0;
}

int inventory_add_info(struct inventory *i, struct inventory_socket *s,
		       const struct inventory_tcp *info)
{
	struct inventory_tcp *more = array_grow(i->infos, i->n_infos, sizeof *more);

	if (!more)
		return -1;
	i->infos = more;
	more[i->n_infos++] = *info;
	s->info = i->n_infos;
	return 0;
}

void inventory_free(struct inventory *i)
{
	free(i->sockets);
	free(i->infos);
	free(i->owners);
	*i = (struct inventory){ 0 };
}

static bool socket_has_name(const struct inventory_socket *s)
{
	return s->protocol == INVENTORY_UNIX ? s->local.length > 0 : address_port(&s->local) > 0;
}

static bool socket_waits(const struct inventory_socket *s)
{
	if (s->type != SOCK_DGRAM)
		return s->state == INVENTORY_LISTEN;
	return s->state == INVENTORY_CLOSE && socket_has_name(s);
}

static bool port_fits(const struct address *a, const struct inventory_query *q)
{
	uint16_t port = address_port(a);

	if (q->ports)
		return port && ports_next(q->ports, port) == port;
	return q->port == 0 || port == q->port;
}

static bool socket_fits(const struct inventory_socket *s, const struct inventory_query *q)
{
	if (q->listening && !socket_waits(s))
		return false;
	return port_fits(&s->local, q) || (!q->listening && port_fits(&s->peer, q));
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_addresses(const struct address *a, const struct address *b)
{
	socklen_t n = a->length < b->length ? a->length : b->length;
	int order = compare_numbers(address_port(a), address_port(b));

	if (order == 0)
		order = compare_numbers(a->u.sa.sa_family, b->u.sa.sa_family);
	if (order == 0)
		order = memcmp(&a->u, &b->u, n);
	return order ? order : compare_numbers(a->length, b->length);
}

static int compare_sockets(const void *a, const void *b)
{
	const struct inventory_socket *s = a, *t = b;
	int order = compare_numbers((uint64_t)s->protocol, (uint64_t)t->protocol);

	/* Sockets without a name come last. */
	if (order == 0)
		order = compare_numbers(s->local.length == 0, t->local.length == 0);
	if (order == 0)
		order = compare_addresses(&s->local, &t->local);
	if (order == 0)
		order = compare_addresses(&s->peer, &t->peer);
	/* A connection is the same when its process has given it up, and with it the inode. */
	if (order == 0 && s->peer.length && s->protocol != INVENTORY_UNIX)
		order = compare_numbers(s->cookie, t->cookie);
	if (order == 0)
		order = compare_numbers(s->inode, t->inode);
	return order ? order : compare_numbers(s->cookie, t->cookie);
}

/* Is S, but for its queues, as T? */
static bool socket_is_same(const struct inventory_socket *s, const struct inventory_socket *t)
{
	return s->state == t->state && s->inode == t->inode && s->uid == t->uid &&
	       s->peer_inode == t->peer_inode;
}

void inventory_compare(const struct inventory *old, const struct inventory *new,
		       inventory_pair_fn *fn, void *arg)
{
	for (size_t i = 0, k = 0; i < old->n || k < new->n;) {
		struct inventory_pair pair = { i < old->n ? &old->sockets[i] : NULL,
					       k < new->n ? &new->sockets[k] : NULL };
		const struct inventory_pair gone = { .old = pair.old };
		bool both = pair.old && pair.new;
		int order = !pair.old ? 1 : !pair.new ? -1 : compare_sockets(pair.old, pair.new);

		if (both && pair.old->cookie && pair.old->cookie == pair.new->cookie)
			order = 0;
		if (order > 0)
			pair.old = NULL;
		if (order < 0)
			pair.new = NULL;
		i += order <= 0;
		k += order >= 0;
		if (order == 0 && !socket_is_same(pair.old, pair.new)) {
			fn(arg, &gone);
			pair.old = NULL;
		}
		fn(arg, &pair);
	}
}

/* What could not be bound, or is looked for. */
struct wish {
	const struct address *wanted;
	const char *path;	 /* of `wanted`; NULL: it has none */
	const struct stat *file; /* what is at that path; NULL: nothing */
};

/* Is S bound to W's path? Equal paths are not enough, since a relative one means another file in
 * another directory; nor are they needed, since a long one is bound by a shorter one. */
static bool socket_has_path(const struct inventory_socket *s, const struct wish *w)
{
	bool equal = address_equal(&s->local, w->wanted);

	if (w->file && s->file_inode == (uint32_t)w->file->st_ino &&
	    (equal || s->file_device == (uint64_t)w->file->st_dev))
		return true;
	return equal && *w->path == '/';
}

static bool socket_is_called(const struct inventory_socket *s, const struct wish *w)
{
	return s->protocol == INVENTORY_UNIX &&
	       (w->path ? socket_has_path(s, w) : address_equal(&s->local, w->wanted));
}

static int compare_inodes(const void *a, const void *b)
{
	const struct inventory_socket *s = *(const struct inventory_socket *const *)a;
	const struct inventory_socket *t = *(const struct inventory_socket *const *)b;

	return compare_numbers(s->inode, t->inode);
}

/* Gives each UNIX socket of I the address of its peer; then, if there is a WISH, keeps those alone
 * that it is about, or (unless they are LISTENING) whose peer it is about. Returns 0, or -1 with
 * errno ENOMEM. */
static int inventory_join_peers(struct inventory *i, const struct wish *wish, bool listening)
{
	struct inventory_socket **by_inode = calloc(i->n + 1, sizeof *by_inode);
	bool *keep = calloc(i->n + 1, sizeof *keep);
	size_t n = 0;

	for (size_t k = 0; by_inode && k < i->n; k++)
		by_inode[k] = &i->sockets[k];
	if (by_inode && keep) {
		qsort(by_inode, i->n, sizeof *by_inode, compare_inodes);
		for (size_t k = 0; k < i->n; k++) {
			struct inventory_socket *s = &i->sockets[k];
			struct inventory_socket key = { .inode = s->peer_inode }, *wanted = &key;
			struct inventory_socket **peer =
				!s->peer_inode ? NULL :
						 bsearch(&wanted, by_inode, i->n, sizeof *by_inode,
							 compare_inodes);
			if (peer)
				s->peer = (*peer)->local;
			keep[k] = !wish || socket_is_called(s, wish) ||
				  (peer && !listening && socket_is_called(*peer, wish));
		}
		for (size_t k = 0; k < i->n; k++)
			if (keep[k])
				i->sockets[n++] = i->sockets[k];
		i->n = n;
	}
	n = by_inode && keep;
	free(by_inode);
	free(keep);
	return n ? 0 : -1;
}

static int compare_inode_numbers(const void *a, const void *b)
{
	return compare_numbers(*(const uint64_t *)a, *(const uint64_t *)b);
}

/* Marks those of TCP in I that one of MPTCP has for its connections: they have its inode. The
 * kernel tells it by a socket's TCP_INFO too, which is more than all else together. */
static int inventory_mark_subflows(struct inventory *i, const struct inventory_query *q)
{
	const struct inventory_query all = { .wanted[INVENTORY_MPTCP] = true,
					     .family = q->family,
					     .listening = q->listening };
	struct inventory whole = { 0 };
	uint64_t *inodes = NULL;
	int status = 0;

	/* A kernel without it has none. */
	if (inventory_list(&all, &whole) < 0)
		status = errno_is_lack(errno) ? -1 : 0;
	else if (whole.n > 0 && !(inodes = calloc(whole.n, sizeof *inodes)))
		status = -1;
	for (size_t k = 0; inodes && k < whole.n; k++)
		inodes[k] = whole.sockets[k].inode;
	if (inodes)
		qsort(inodes, whole.n, sizeof *inodes, compare_inode_numbers);
	for (size_t k = 0; inodes && k < i->n; k++) {
		struct inventory_socket *s = &i->sockets[k];
		s->subflow =
			s->protocol == INVENTORY_TCP && s->inode &&
			bsearch(&s->inode, inodes, whole.n, sizeof *inodes, compare_inode_numbers);
	}
	inventory_free(&whole);
	free(inodes);
	return status;
}

/* Lists the sockets as inventory_get() does, but for order and ports. */
static int inventory_list_named(const struct inventory_query *q, struct inventory *out)
{
	struct wish wish = { .wanted = q->name, .path = q->name ? unix_path(q->name) : NULL };
	struct stat file;

	if (inventory_list(q, out) < 0)
		return -1;
	if (q->subflows && q->wanted[INVENTORY_TCP] && inventory_mark_subflows(out, q) < 0)
		return -1;
	if (!q->wanted[INVENTORY_UNIX])
		return 0;
	if (wish.path && lstat(wish.path, &file) == 0)
		wish.file = &file;
	return inventory_join_peers(out, q->name ? &wish : NULL, q->listening);
}

int inventory_get(const struct inventory_query *q, struct inventory *out)
{
	size_t n = 0;

	*out = (struct inventory){ .has_infos = q->info };
	if (inventory_list_named(q, out) < 0) {
		int error = errno;
		inventory_free(out);
		errno = error;
		return -1;
	}
	for (size_t i = 0; i < out->n; i++)
		if (socket_fits(&out->sockets[i], q))
			out->sockets[n++] = out->sockets[i];
	out->n = n;
	if (n > 0)
		qsort(out->sockets, n, sizeof *out->sockets, compare_sockets);
	return 0;
}

const char *inventory_protocol(enum inventory_protocol protocol)
{
	static const char names[][6] = { "tcp", "mptcp", "udp", "unix" };

	return names[protocol];
}

const char *inventory_state(enum inventory_protocol protocol, unsigned state)
{
	static const char names[INVENTORY_STATES][13] = {
		"unknown",    "established", "syn-sent",     "syn-recv",   "fin-wait-1",
		"fin-wait-2", "time-wait",   "close",	     "close-wait", "last-ack",
		"listen",     "closing",     "new-syn-recv", "bound",
	};

	if (protocol >= INVENTORY_UDP && state == INVENTORY_CLOSE)
		return "unconnected";
	return names[state < INVENTORY_STATES ? state : 0];
}

/* ---- owners ---- */

/* Inodes of sockets and of their peers: a table with open addressing. */
struct inodes {
	struct inventory *inventory; /* its owners are those that were found so far */
	struct inode_slot {
		uint64_t inode; /* 0: none */
		size_t owner, n_owners;
	} * slots;
	size_t size; /* a power of two */
	bool failed; /* no memory */
};

/* Returns the slot of INODE, or an empty one. */
static struct inode_slot *inodes_slot(const struct inodes *t, uint64_t inode)
{
	size_t at = (size_t)(inode * 0x9e3779b97f4a7c15U >> 32) & (t->size - 1);

	while (t->slots[at].inode && t->slots[at].inode != inode)
		at = (at + 1) & (t->size - 1);
	return &t->slots[at];
}

bool inodes_has(const struct inodes *t, uint64_t inode)
{
	return inodes_slot(t, inode)->inode == inode;
}

static void inodes_add(struct inodes *t, uint64_t inode)
{
	if (inode)
		inodes_slot(t, inode)->inode = inode;
}

void inodes_add_owner(struct inodes *t, const struct inventory_owner *owner)
{
	struct inventory *i = t->inventory;
	struct inventory_owner *more = array_grow(i->owners, i->n_owners, sizeof *more);

	t->failed |= !more;
	if (!more)
		return;
	i->owners = more;
	more[i->n_owners++] = *owner;
}

static int copy_owners(struct inventory *to, const struct inventory *from, size_t first, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		struct inventory_owner *more = array_grow(to->owners, to->n_owners, sizeof *more);
		if (!more)
			return -1;
		to->owners = more;
		more[to->n_owners++] = from->owners[first + k];
	}
	return 0;
}

int inventory_copy_owners(struct inventory *to, struct inventory_socket *s,
			  const struct inventory *from, const struct inventory_socket *same)
{
	s->owner = to->n_owners;
	if (copy_owners(to, from, same->owner, same->n_owners) < 0)
		return -1;
	s->n_owners = same->n_owners;
	s->peer_owner = to->n_owners;
	if (copy_owners(to, from, same->peer_owner, same->n_peer_owners) < 0)
		return -1;
	s->n_peer_owners = same->n_peer_owners;
	return 0;
}

static int compare_owners(const void *a, const void *b)
{
	const struct inventory_owner *o = a, *p = b;
	int order = compare_numbers(o->inode, p->inode);

	return order ? order : compare_numbers((uint64_t)o->pid, (uint64_t)p->pid);
}

/* Gives the owners that were found to their sockets and to the peers, each process once. The
 * connections of which one of MPTCP is made have its inode. */
static void inodes_give_owners(const struct inodes *t)
{
	struct inventory *i = t->inventory;
	size_t n = 0;

	if (i->n_owners > 0)
		qsort(i->owners, i->n_owners, sizeof *i->owners, compare_owners);
	for (size_t k = 0; k < i->n_owners; k++) {
		struct inventory_owner *o = &i->owners[k];
		struct inode_slot *slot = inodes_slot(t, o->inode);
		if (n > 0 && compare_owners(o, &i->owners[n - 1]) == 0)
			continue;
		if (slot->n_owners++ == 0)
			slot->owner = n;
		i->owners[n++] = *o;
	}
	i->n_owners = n;
	for (size_t k = 0; k < i->n; k++) {
		struct inventory_socket *s = &i->sockets[k];
		const struct inode_slot *own = inodes_slot(t, s->inode);
		const struct inode_slot *peer = inodes_slot(t, s->peer_inode);
		s->owner = own->owner;
		s->n_owners = own->n_owners;
		s->peer_owner = peer->owner;
		s->n_peer_owners = peer->n_owners;
	}
}

int inventory_find_owners(struct inventory *i)
{
	struct inodes t = { .inventory = i, .size = 16 };
	int status, error;

	/* Each socket may have two: at most half of the slots are used. */
	while (t.size < 4 * i->n)
		t.size *= 2;
	t.slots = calloc(t.size, sizeof *t.slots);
	if (!t.slots)
		return -1;
	for (size_t k = 0; k < i->n; k++) {
		inodes_add(&t, i->sockets[k].inode);
		inodes_add(&t, i->sockets[k].peer_inode);
	}
	status = inventory_scan(&t);
	if (t.failed) {
		errno = ENOMEM;
		status = -1;
	}
	if (status == 0)
		inodes_give_owners(&t);
	error = errno;
	free(t.slots);
	errno = error;
	return status;
}

/* ---- why a call failed ---- */

/* Does S keep others from binding what W wants? */
static bool socket_conflicts(const struct inventory_socket *s, const struct wish *w)
{
	struct address a = s->local, b = *w->wanted;

	if (w->path)
		return a.u.sa.sa_family == AF_UNIX && socket_has_path(s, w);
	if (a.u.sa.sa_family == AF_UNIX || b.u.sa.sa_family == AF_UNIX)
		return address_equal(&a, &b);
	if (address_port(&a) != address_port(&b))
		return false;
	address_unmap(&a);
	address_unmap(&b);
	if (a.u.sa.sa_family == b.u.sa.sa_family)
		return address_is_any(&a) || address_is_any(&b) || address_equal(&a, &b);
	/* An IPv6 wildcard may be one of IPv4 too. */
	return a.u.sa.sa_family == AF_INET6 ? address_is_any(&a) && !s->v6only : address_is_any(&b);
}

static struct inventory_query inventory_query_for(int type, const struct address *wanted)
{
	struct inventory_query q = { .port = address_port(wanted) };

	q.wanted[wanted->u.sa.sa_family == AF_UNIX ? INVENTORY_UNIX :
		 type == SOCK_STREAM		   ? INVENTORY_TCP :
						     INVENTORY_UDP] = true;
	return q;
}

/* Keeps the first N sockets of OUT, and finds their owners. Returns whether there are any. */
static bool inventory_finish(struct inventory *out, size_t n)
{
	out->n = n;
	if (n == 0)
		inventory_free(out);
	else
		inventory_find_owners(out);
	return n > 0;
}

bool inventory_find_holder(int type, const struct address *wanted, struct inventory *out)
{
	struct inventory_query q = inventory_query_for(type, wanted);
	const struct inventory_socket *best = NULL;
	struct wish w = { .wanted = wanted, .path = unix_path(wanted) };
	struct stat file;

	if (w.path && lstat(w.path, &file) == 0)
		w.file = &file;
	if ((!q.wanted[INVENTORY_UNIX] && q.port == 0) || inventory_get(&q, out) < 0)
		return false;
	/* Prefer a socket that listens to one of its connections. */
	for (size_t i = 0; i < out->n; i++)
		if (socket_conflicts(&out->sockets[i], &w) &&
		    (!best || (socket_waits(&out->sockets[i]) && !socket_waits(best))))
			best = &out->sockets[i];
	if (best)
		out->sockets[0] = *best;
	return inventory_finish(out, best != NULL);
}

bool inventory_find_full(int type, const struct address *wanted, struct inventory *out)
{
	struct inventory_query q = inventory_query_for(type, wanted);
	struct wish w = { .wanted = wanted, .path = unix_path(wanted) };
	struct stat file;
	size_t i = 0;

	q.listening = true;
	if (w.path && lstat(w.path, &file) == 0)
		w.file = &file;
	if ((!q.wanted[INVENTORY_UNIX] && (q.port == 0 || !interfaces_have(wanted))) ||
	    inventory_get(&q, out) < 0)
		return false;
	while (i < out->n &&
	       !(out->sockets[i].state == INVENTORY_LISTEN &&
		 socket_conflicts(&out->sockets[i], &w) && out->sockets[i].send_queue != UNSET &&
		 out->sockets[i].recv_queue > out->sockets[i].send_queue))
		i++;
	if (i < out->n)
		out->sockets[0] = out->sockets[i];
	return inventory_finish(out, i < out->n);
}

bool inventory_find_elsewhere(int type, const struct address *wanted, struct inventory *out)
{
	struct inventory_query q = inventory_query_for(type, wanted);
	size_t n = 0;

	q.listening = true;
	if (q.port == 0 || (!address_is_any(wanted) && !interfaces_have(wanted)) ||
	    inventory_get(&q, out) < 0)
		return false;
	for (size_t i = 0; i < out->n; i++)
		if (!address_equal(&out->sockets[i].local, wanted))
			out->sockets[n++] = out->sockets[i];
	return inventory_finish(out, n);
}
