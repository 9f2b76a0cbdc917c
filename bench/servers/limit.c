/*
 * The physical limit: the least a single-threaded chat server can do on epoll. It joins all lines of
 * one wake-up and calls send() once per user, senders first. No names are checked, nothing is kept.
 *
 *   limit PORT
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { IN = 1 << 16, LINE = 4096, EVENTS = 1024 };

struct bytes { char *data; size_t size, room; };
struct user {
    int fd;
    long place;                 /* index in `users` */
    char name[32];
    struct bytes tail;          /* begin of a line whose end has not come */
    unsigned receipts;          /* owed after this wake-up */
    struct bytes backlog;       /* what the socket did not take */
};
struct part { struct user *from; size_t size; };

static int loop;
static struct user **users, *talkers[EVENTS];
static struct part *parts;
static long userCount, userRoom, talkerCount, partCount, partRoom;
static struct bytes batch, own;

static void add(struct bytes *to, const char *data, size_t size)
{
    if (to->size + size > to->room)
        to->data = realloc(to->data, to->room = 2 * (to->size + size));
    memcpy(to->data + to->size, data, size);
    to->size += size;
}

static void watch(struct user *u, int how, uint32_t what)
{
    epoll_ctl(loop, how, u->fd, &(struct epoll_event){.events = what, .data.ptr = u});
}

static void put(struct user *u, const char *data, size_t size)
{
    ssize_t done = 0;
    if (!u->backlog.size && (done = send(u->fd, data, size, MSG_NOSIGNAL)) < 0)
        done = 0;
    if ((size_t)done == size)
        return;
    if (!u->backlog.size)
        watch(u, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    add(&u->backlog, data + done, size - done);
}

static void drain(struct user *u)
{
    ssize_t done = send(u->fd, u->backlog.data, u->backlog.size, MSG_NOSIGNAL);
    if (done > 0)
        memmove(u->backlog.data, u->backlog.data + done, u->backlog.size -= done);
    if (!u->backlog.size)
        watch(u, EPOLL_CTL_MOD, EPOLLIN);
}

static void lineReceived(struct user *u, const char *line, size_t size)
{
    char prefix[40];
    if (!u->name[0]) {
        snprintf(u->name, sizeof u->name, "%.*s", (int)size, line);
        put(u, "Connected... Start sending messages\r\n", 37);
        return;
    }
    size_t before = batch.size;
    add(&batch, prefix, snprintf(prefix, sizeof prefix, "%s :: ", u->name));
    add(&batch, line, size);
    add(&batch, "\r\n", 2);
    if (partCount == partRoom)
        parts = realloc(parts, (partRoom = 2 * partRoom + 64) * sizeof *parts);
    parts[partCount++] = (struct part){u, batch.size - before};
    if (!u->receipts++)
        talkers[talkerCount++] = u;
}

/* Reads once; false when the user has gone. */
static bool readable(struct user *u)
{
    static char in[LINE + IN];
    if (u->tail.size)
        memcpy(in, u->tail.data, u->tail.size);
    ssize_t got = recv(u->fd, in + u->tail.size, IN, 0);
    if (got <= 0)
        return false;
    char *line = in, *end = in + u->tail.size + got, *feed;
    for (; (feed = memchr(line, '\n', end - line)); line = feed + 1)
        lineReceived(u, line, feed - line - (feed > line && feed[-1] == '\r'));
    u->tail.size = 0;
    if (line < end)
        add(&u->tail, line, (end - line) % LINE);
    return true;
}

static void flush(void)
{
    for (long t = 0; t < talkerCount; t++) {
        const char *from = batch.data;
        own.size = 0;
        for (long i = 0; i < partCount; from += parts[i++].size)
            if (parts[i].from != talkers[t])
                add(&own, from, parts[i].size);
        for (unsigned i = 0; i < talkers[t]->receipts; i++)
            add(&own, "OK . .\r\n", 8);
        put(talkers[t], own.data, own.size);
    }
    for (long i = 0; i < userCount; i++)
        if (!users[i]->receipts && users[i]->name[0])
            put(users[i], batch.data, batch.size);
    while (talkerCount)
        talkers[--talkerCount]->receipts = 0;
    partCount = batch.size = 0;
}

static void accepted(int fd)
{
    struct user *u = calloc(1, sizeof *u);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (userCount == userRoom)
        users = realloc(users, (userRoom = 2 * userRoom + 64) * sizeof *users);
    u->fd = fd;
    users[u->place = userCount++] = u;
    watch(u, EPOLL_CTL_ADD, EPOLLIN);
    put(u, "Enter your name to enter the chat >\r\n", 37);
}

static void lost(struct user *u)
{
    users[u->place] = users[--userCount];
    users[u->place]->place = u->place;
    close(u->fd);
    free(u->backlog.data);
    free(u->tail.data);
    free(u);
}

int main(int count, char **words)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(count > 1 ? atoi(words[1]) : 0),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct user door = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)};
    struct epoll_event events[EVENTS];
    setsockopt(door.fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    loop = epoll_create1(0);
    if (bind(door.fd, (struct sockaddr *)&address, sizeof address) || listen(door.fd, 1024)) {
        perror("limit");
        return 1;
    }
    watch(&door, EPOLL_CTL_ADD, EPOLLIN);
    for (;;) {
        int n = epoll_wait(loop, events, EVENTS, -1), fd;
        for (int i = 0; i < n; i++) {
            struct user *u = events[i].data.ptr;
            if (u == &door) {
                while ((fd = accept4(door.fd, NULL, NULL, SOCK_NONBLOCK)) >= 0)
                    accepted(fd);
                continue;
            }
            if (events[i].events & EPOLLOUT)
                drain(u);
            if (events[i].events & ~EPOLLOUT && !readable(u) && !u->receipts)
                lost(u);
        }
        if (partCount)
            flush();
    }
}
