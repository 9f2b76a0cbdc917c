/*
 * A crowd of chat users in one process: logs N users in, lets S of them talk, and checks every line
 * at every receiver: each message of each other user exactly once and in its sender's order.
 *
 *   load port=5000 pid=1234 users=100 senders=10 window=16 seconds=2
 *   load check users=3 senders=2 listener=2 sent=5 <bytes        (checks a recorded stream, for tests)
 *
 * Closed loop (rate=0): every sender keeps `window` messages without a receipt in flight.
 * Open loop (rate=R): message k of all is due at k/R seconds, whatever the server does; latencies
 * count from the due time, so a server that stalls cannot hide what it kept waiting.
 *
 * A text is 64 bytes: its number in 8 hexadecimal digits, the microsecond it was due in 8 more, and
 * padding. So all message lines of a run have one layout, and a line is checked by comparing all its
 * fixed bytes and reading two numbers, without looking for its end. Every other line takes the slow
 * way. Where a listener stands as the one before it stood and gets the very bytes that were checked
 * for that one, comparing the bytes is the check. The result is one JSON object on standard output; a
 * failure is a sentence on standard error.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LITERAL(text) text, sizeof text - 1
#define GET(counter) atomic_load_explicit(&(counter), memory_order_relaxed)
#define SET(counter, value) atomic_store_explicit(&(counter), (value), memory_order_relaxed)
#define ADD(counter, value) atomic_fetch_add_explicit(&(counter), (value), memory_order_relaxed)

enum {
    NAME = 6,            /* u00042 */
    TEXT = 64,           /* bytes of a message's text */
    DUE_AT = 9,          /* where in the text the due time stands */
    PAD_AT = 18,         /* where the padding begins */
    LINE = 512,          /* longest line any dialect of ours has */
    IN = 1 << 16,        /* bytes read at once */
    OUT = 1 << 15,       /* bytes of one sender's lines that wait for its socket */
    FLIGHT = 1 << 14,    /* most messages of one sender without a receipt, a power of two */
    MESSAGES = 1024,     /* more than fit into `IN` bytes */
    EVENTS = 1024,
    BUCKETS = 32 * 28,   /* of a histogram: exact below 64 us, then 32 to the octave */
};

static const char PADDING[] = "about as many words as people write in a line.";
_Static_assert(PAD_AT + sizeof PADDING - 1 == TEXT, "the padding fills the text");

static struct {
    long port, pid, users, senders, window, threads, underway, irc, join, listener, sent, chunk;
    double rate, warmup, seconds, idle, patience;
} set = {.window = 1, .threads = 1, .underway = 64, .join = 1, .chunk = IN,
         .warmup = 0.5, .seconds = 1, .patience = 60};

enum state { CONNECTING, PROMPTED, ENTERING, JOINING, READY };

struct sender {
    _Atomic uint32_t sent;      /* messages given to the socket */
    _Atomic uint32_t answered;  /* receipts */
    uint32_t due[FLIGHT];       /* microsecond of each message without a receipt */
    bool blocked;
    size_t used;
    char out[OUT];
};

struct peer {
    int fd, index;
    enum state state;
    uint32_t *next;             /* number of the message wanted next from each sender */
    struct sender *sender;      /* NULL: only listens */
    size_t kept;
    char tail[LINE];            /* begin of a line whose end has not come */
};

/* A piece of the stream that was checked line by line, and what it makes of a listener. */
struct proof {
    size_t size;                /* 0: there is none */
    uint32_t *before, *after;   /* what is wanted next from each sender */
    uint32_t due[MESSAGES];
    size_t messages;
    char bytes[LINE + IN];
};

struct worker {
    pthread_t thread;
    int epoll;
    long first, ready;
    double begin, end;          /* microseconds in which a message must be due to be timed */
    _Atomic uint64_t delivered, answered;
    uint64_t doubled, skipped, own, strange;
    char firstStrange[LINE];
    size_t textAt, length;      /* of a message line; 0 while its layout is not known */
    char *layouts;              /* one line of `length` bytes for each sender */
    uint32_t due[MESSAGES];     /* of the messages just checked */
    size_t checked;
    struct proof proof;
    uint64_t delivery[BUCKETS], receipt[BUCKETS];
    char in[LINE + IN];
};

static struct peer *peers;
static struct timespec birth;
static _Atomic bool finished;

static void fail(const char *form, ...)
{
    va_list rest;
    va_start(rest, form);
    vfprintf(stderr, form, rest);
    va_end(rest);
    fputc('\n', stderr);
    exit(1);
}

/* Microseconds since this process was born. */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (t.tv_sec - birth.tv_sec) * 1e6 + (t.tv_nsec - birth.tv_nsec) / 1e3;
}

static double cpuOf(clockid_t clock)
{
    struct timespec t;
    return clock_gettime(clock, &t) ? 0 : t.tv_sec + t.tv_nsec / 1e9;
}

/* Seconds of CPU time all threads of the server have used. */
static double serverCpu(void)
{
    clockid_t clock;
    if (clock_getcpuclockid((pid_t)set.pid, &clock))
        fail("The server (process %ld) is gone.", set.pid);
    return cpuOf(clock);
}

/* The number in the given column of a /proc file of the server; 0 when there is none. */
static double proc(const char *file, int column)
{
    char path[64];
    double value = 0;
    snprintf(path, sizeof path, "/proc/%ld/%s", set.pid, file);
    FILE *stream = fopen(path, "r");
    if (!stream)
        return 0;
    while (column-- >= 0 && fscanf(stream, "%lf", &value) == 1)
        ;
    fclose(stream);
    return value;
}

static double serverMemory(void) { return proc("statm", 1) * sysconf(_SC_PAGESIZE); }

/* Seconds the server's main thread was ready to run while its core served others. */
static double serverWaited(void) { return proc("schedstat", 1) / 1e9; }

static void count(uint64_t *histogram, uint32_t micros)
{
    int octave = micros < 64 ? 0 : 26 - __builtin_clz(micros);
    histogram[octave * 32 + (micros >> octave)]++;
}

static void printHistogram(const char *name, const uint64_t *histogram)
{
    const char *comma = "";
    printf(", \"%s\": [", name);
    for (int i = 0; i < BUCKETS; i++) {
        if (!histogram[i])
            continue;
        int octave = i < 64 ? 0 : i / 32 - 1;
        double low = (double)((uint64_t)(i - octave * 32) << octave);
        printf("%s[%.1f, %lu]", comma, low + ((1u << octave) - 1) / 2.0, histogram[i]);
        comma = ", ";
    }
    printf("]");
}

/* Eight hexadecimal digits (lower case) as a number, all at once. */
static uint32_t hex8(const char *digits)
{
    uint64_t v;
    memcpy(&v, digits, 8);
    v = (v & 0x0f0f0f0f0f0f0f0f) + ((v >> 6) & 0x0101010101010101) * 9;
    v = ((v << 4) | (v >> 8)) & 0x00ff00ff00ff00ff;
    v = ((v << 8) | (v >> 16)) & 0x0000ffff0000ffff;
    return (uint32_t)((v << 16) | (v >> 32));
}

/* ---- what a message line looks like ------------------------------------------------------- */

/* All message lines are `head` NAME `middle` TEXT CR LF. */
static void learnLayout(struct worker *w, const char *head, const char *middle, size_t size)
{
    size_t nameAt = strlen(head);
    w->textAt = nameAt + NAME + size;
    w->length = w->textAt + TEXT + 2;
    w->layouts = calloc(set.senders, w->length + 1);
    w->proof.before = calloc(set.senders, sizeof *w->proof.before);
    w->proof.after = calloc(set.senders, sizeof *w->proof.after);
    for (long s = 0; s < set.senders; s++)
        snprintf(w->layouts + s * w->length, w->length + 1, "%su%05ld%.*s%*s%s\r\n", head, s,
                 (int)size, middle, PAD_AT, "", PADDING);
}

/* Checks one message line of the known layout; false when it is something else. */
static inline bool message(struct worker *w, struct peer *p, const char *line)
{
    const char *digit = line + set.irc + 1, *text = line + w->textAt;
    unsigned long s = 0;
    for (int i = 0; i < 5; i++)
        s = s * 10 + (unsigned char)(digit[i] - '0');
    if (s >= (unsigned long)set.senders)
        return false;
    const char *layout = w->layouts + s * w->length;
    if (memcmp(line, layout, w->textAt) || text[DUE_AT - 1] != ' '
        || memcmp(text + PAD_AT - 1, layout + w->textAt + PAD_AT - 1, TEXT + 3 - PAD_AT))
        return false;
    uint32_t number = hex8(text), wanted = p->next[s];
    w->due[w->checked++] = hex8(text + DUE_AT);
    if ((long)s == p->index)
        w->own++;
    if (number < wanted) {
        w->doubled++;
        return true;
    }
    w->skipped += number - wanted;
    p->next[s] = number + 1;
    return true;
}

/* Forgets what was proved: the lines this listener gets now may prove something new. */
static void beginProof(struct worker *w, const struct peer *p)
{
    w->proof.size = 0;
    memcpy(w->proof.before, p->next, set.senders * sizeof *p->next);
}

/* Keeps the lines just checked as a proof for those who get the same. */
static void endProof(struct worker *w, const struct peer *p, const char *bytes, size_t size)
{
    w->proof.size = size;
    w->proof.messages = w->checked;
    memcpy(w->proof.bytes, bytes, size);
    memcpy(w->proof.due, w->due, w->checked * sizeof *w->due);
    memcpy(w->proof.after, p->next, set.senders * sizeof *p->next);
}

/* Whether these bytes begin with what was proved, for a listener who stands where that began. */
static bool proved(const struct worker *w, const struct peer *p, const char *bytes, size_t size)
{
    const struct proof *proof = &w->proof;
    return proof->size && size >= proof->size
        && !memcmp(p->next, proof->before, set.senders * sizeof *p->next)
        && !memcmp(bytes, proof->bytes, proof->size);
}

/* Counts messages and enters their latencies. */
static void arrived(struct worker *w, const uint32_t *due, size_t messages, double at)
{
    uint32_t moment = (uint32_t)at, begin = (uint32_t)w->begin, length = (uint32_t)(w->end - w->begin);
    ADD(w->delivered, messages);
    for (size_t i = 0; i < messages; i++)
        if (due[i] - begin < length)
            count(w->delivery, moment > due[i] ? moment - due[i] : 0);
}

/* ---- talking ------------------------------------------------------------------------------ */

static void watch(struct worker *w, struct peer *p, int how, uint32_t what)
{
    struct epoll_event event = {.events = what, .data.ptr = p};
    if (epoll_ctl(w->epoll, how, p->fd, &event))
        fail("epoll_ctl: %s", strerror(errno));
}

static void sayNow(struct peer *p, const char *form, ...)
{
    char line[LINE];
    va_list rest;
    va_start(rest, form);
    int size = vsnprintf(line, sizeof line, form, rest);
    va_end(rest);
    if (send(p->fd, line, size, MSG_NOSIGNAL) != size)
        fail("u%05d cannot send: %s", p->index, strerror(errno));
}

static double dueOf(const struct sender *s, long index)
{
    return (GET(s->sent) * (double)set.senders + index) * 1e6 / set.rate;
}

/* Sends what this sender may send by now; returns when its next message is due. */
static double talk(struct worker *w, struct peer *p, double from)
{
    struct sender *s = p->sender;
    double at = now(), due = at;
    uint32_t most = set.rate ? FLIGHT : (uint32_t)set.window;
    while (GET(s->sent) - GET(s->answered) < most && s->used + LINE < OUT) {
        if (set.rate)
            due = from + dueOf(s, p->index);
        if (due > at || due >= w->end)
            break;
        uint32_t number = GET(s->sent);
        s->due[number % FLIGHT] = (uint32_t)due;
        s->used += sprintf(s->out + s->used, set.irc ? "PRIVMSG #bench :%08x %08x %s\r\nPING :x\r\n"
                           : "%08x %08x %s\r\n", number, (uint32_t)due, PADDING);
        SET(s->sent, number + 1);
    }
    if (s->used) {
        ssize_t done = send(p->fd, s->out, s->used, MSG_NOSIGNAL);
        if (done < 0 && errno != EAGAIN)
            fail("u%05d cannot send: %s", p->index, strerror(errno));
        if (done > 0)
            memmove(s->out, s->out + done, s->used -= done);
        if (s->blocked != (s->used > 0)) {
            s->blocked = s->used > 0;
            watch(w, p, EPOLL_CTL_MOD, s->blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
        }
    }
    return due;
}

/* ---- reading ------------------------------------------------------------------------------ */

static void strange(struct worker *w, struct peer *p, const char *line, size_t size)
{
    if (!w->strange++)
        snprintf(w->firstStrange, LINE, "u%05d got: %.*s", p->index, (int)(size < 300 ? size : 300), line);
}

static void receipt(struct worker *w, struct peer *p, const char *line, size_t size, double at)
{
    struct sender *s = p->sender;
    if (!s || GET(s->answered) == GET(s->sent)) {
        strange(w, p, line, size);
        return;
    }
    uint32_t number = GET(s->answered), due = s->due[number % FLIGHT];
    SET(s->answered, number + 1);
    ADD(w->answered, 1);
    if (due >= w->begin && due < w->end)
        count(w->receipt, at > due ? (uint32_t)(at - due) : 0);
}

static bool begins(const char *line, size_t size, const char *start, size_t length)
{
    return size >= length && !memcmp(line, start, length);
}

static void enter(struct worker *w, struct peer *p)
{
    p->state = READY;
    w->ready++;
}

static void textLine(struct worker *w, struct peer *p, const char *line, size_t size, double at)
{
    if (begins(line, size, LITERAL("OK . .\r\n")) && p->state == READY)
        receipt(w, p, line, size, at);
    else if (begins(line, size, LITERAL("Connected")) && p->state == ENTERING)
        enter(w, p);
    else if (!begins(line, size, LITERAL("* ")) && !begins(line, size, LITERAL("\r\n")))
        strange(w, p, line, size);
}

static void ircLine(struct worker *w, struct peer *p, const char *line, size_t size, double at)
{
    const char *end = line + size, *word = line;
    if (*line == ':' && (word = memchr(line, ' ', size)))
        word++;
    if (!word)
        strange(w, p, line, size);
    else if (begins(word, end - word, LITERAL("PONG ")))
        receipt(w, p, line, size, at);
    else if (begins(word, end - word, LITERAL("PING ")))
        sayNow(p, "PONG %.*s", (int)(end - word - 5), word + 5);
    else if (begins(word, end - word, LITERAL("ERROR")))
        strange(w, p, line, size);
    else if (begins(word, end - word, LITERAL("PRIVMSG "))) {
        if (w->length || size < TEXT + NAME + 3)
            strange(w, p, line, size);
        else
            learnLayout(w, ":", line + 1 + NAME, size - 1 - NAME - TEXT - 2);
    } else if (p->state == ENTERING && (begins(word, end - word, LITERAL("376 "))
                                        || begins(word, end - word, LITERAL("422 ")))) {
        if (set.join) {
            p->state = JOINING;
            sayNow(p, "JOIN #bench\r\n");
        } else
            enter(w, p);
    } else if (p->state == JOINING && begins(word, end - word, LITERAL("366 ")))
        enter(w, p);
}

/* Checks the bytes of one receiver; returns how many of them were whole lines. */
static size_t take(struct worker *w, struct peer *p, const char *bytes, size_t size, double at)
{
    const char *line = bytes, *end = bytes + size, *feed;
    uint64_t faults = w->doubled + w->skipped + w->own;
    bool listener = !p->sender && w->length, proving = false;
    if (listener && proved(w, p, bytes, size)) {
        memcpy(p->next, w->proof.after, set.senders * sizeof *p->next);
        arrived(w, w->proof.due, w->proof.messages, at);
        line += w->proof.size;
    } else if ((proving = listener))
        beginProof(w, p);
    w->checked = 0;
    while (line < end) {
        if (w->length && (size_t)(end - line) >= w->length && message(w, p, line)) {
            line += w->length;
            continue;
        }
        if (!(feed = memchr(line, '\n', end - line)))
            break;
        bool taught = !w->length;
        proving = false;
        (set.irc ? ircLine : textLine)(w, p, line, feed + 1 - line, at);
        if (!taught || !w->length) /* else the line taught its layout: now it can be checked */
            line = feed + 1;
    }
    arrived(w, w->due, w->checked, at);
    if (proving && w->checked && w->doubled + w->skipped + w->own == faults)
        endProof(w, p, bytes, line - bytes);
    return line - bytes;
}

static void readable(struct worker *w, struct peer *p)
{
    memcpy(w->in, p->tail, p->kept);
    ssize_t got = recv(p->fd, w->in + p->kept, IN, 0);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0)
        fail("u%05d lost its connection: %s; its last bytes: %.*s", p->index,
             got ? strerror(errno) : "closed by the server", (int)p->kept, p->tail);
    size_t size = p->kept + got, done = 0;
    p->kept = 0;
    if (p->state == PROMPTED) {
        const char *mark = memchr(w->in, '>', size);
        if (mark) {
            done = mark + 1 - w->in;
            p->state = ENTERING;
            sayNow(p, "u%05d\r\n", p->index);
        }
    }
    if (p->state != PROMPTED)
        done += take(w, p, w->in + done, size - done, now());
    p->kept = size - done;
    if (p->kept > LINE)
        fail("u%05d got a line longer than %d bytes: %.200s", p->index, LINE, w->in + done);
    memcpy(p->tail, w->in + done, p->kept);
}

/* ---- logging in --------------------------------------------------------------------------- */

static void dial(struct worker *w, struct peer *p)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(set.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (p->fd < 0)
        fail("No socket for u%05d: %s (see ulimit -n)", p->index, strerror(errno));
    setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (connect(p->fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS)
        fail("u%05d cannot connect: %s", p->index, strerror(errno));
    watch(w, p, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT);
}

static void dialled(struct worker *w, struct peer *p)
{
    int error = 0;
    getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){sizeof error});
    if (error)
        fail("u%05d cannot connect: %s", p->index, strerror(error));
    watch(w, p, EPOLL_CTL_MOD, EPOLLIN);
    p->state = set.irc ? ENTERING : PROMPTED;
    if (set.irc)
        sayNow(p, "NICK u%05d\r\nUSER bench 0 * :bench\r\n", p->index);
}

/* Waits once (microseconds) and serves what came; returns how many users something came for. */
static int turn(struct worker *w, double wait)
{
    struct epoll_event events[EVENTS];
    struct timespec limit = {(time_t)(wait / 1e6), (long)(wait - 1e6 * (time_t)(wait / 1e6)) * 1000};
    int n = epoll_pwait2(w->epoll, events, EVENTS, &limit, NULL);
    for (int i = 0; i < n; i++) {
        struct peer *p = events[i].data.ptr;
        if (p->state == CONNECTING)
            dialled(w, p);
        else if (events[i].events & ~EPOLLOUT)
            readable(w, p);
    }
    if (w->strange)
        fail("%s", w->firstStrange);
    return n;
}

/* Lets all users in, at most `underway` at a time. */
static void loginAll(struct worker *w)
{
    long begun = 0;
    while (w->ready < set.users) {
        while (begun < set.users && begun - w->ready < set.underway)
            dial(w, &peers[begun++]);
        turn(w, 1e5);
        if (now() > set.patience * 1e6)
            fail("Only %ld of %ld users were in after %.0f s.", w->ready, set.users, set.patience);
    }
}

/* Reads what the logins brought until nothing has come for a fifth of a second. */
static void settle(struct worker *w)
{
    while (turn(w, 2e5) > 0)
        if (now() > set.patience * 1e6)
            fail("After %.0f s the server is still busy with logins.", set.patience);
}

/* ---- the measured talk -------------------------------------------------------------------- */

static void *work(void *argument)
{
    struct worker *w = argument;
    struct epoll_event events[EVENTS];
    double from = w->begin - set.warmup * 1e6, next = 0;
    prctl(PR_SET_TIMERSLACK, 1UL);
    while (!GET(finished)) {
        double at = now(), wait;
        if (at >= next) {
            next = at + 2e4;
            for (long s = w->first; s < set.senders; s += set.threads) {
                double due = talk(w, &peers[s], from);
                if (set.rate && due > at && due < next)
                    next = due;
            }
        }
        wait = next > (at = now()) ? next - at : 0;
        struct timespec limit = {0, (long)(wait * 1e3)};
        int n = epoll_pwait2(w->epoll, events, EVENTS, &limit, NULL);
        for (int i = 0; i < n; i++) {
            struct peer *p = events[i].data.ptr;
            if (events[i].events & ~EPOLLOUT)
                readable(w, p);
            if (p->sender)
                talk(w, p, from);
        }
    }
    return NULL;
}

struct reading { double at, server, waited, load; uint64_t delivered, answered; };

/* All counters at one moment; `load` is what our busiest thread used since the look before. */
static struct reading look(struct worker *workers, double *cpu)
{
    struct reading r = {.at = now(), .server = serverCpu(), .waited = serverWaited()};
    for (long i = 0; i < set.threads; i++) {
        clockid_t clock;
        r.delivered += GET(workers[i].delivered);
        r.answered += GET(workers[i].answered);
        double before = cpu[i];
        cpu[i] = pthread_getcpuclockid(workers[i].thread, &clock) ? 0 : cpuOf(clock);
        if (cpu[i] - before > r.load)
            r.load = cpu[i] - before;
    }
    return r;
}

static uint64_t sentByAll(void)
{
    uint64_t sum = 0;
    for (long s = 0; s < set.senders; s++)
        sum += GET(peers[s].sender->sent);
    return sum;
}

/* Waits until all that was sent has come everywhere, as long as something still comes. */
static double drain(struct worker *workers, double *cpu)
{
    double from = now(), last = from;
    uint64_t before = 0;
    for (;;) {
        struct reading r = look(workers, cpu);
        if (r.answered == sentByAll() && r.delivered >= r.answered * (set.users - 1))
            break;
        if (r.delivered + r.answered != before)
            last = r.at;
        before = r.delivered + r.answered;
        if (r.at - last > 5e6 || r.at - from > set.patience * 1e6)
            break;
        usleep(5000);
    }
    double took = now() - from;
    usleep(50000); /* for a line too many */
    return took / 1e6;
}

static void sleepUntil(double micros)
{
    double wait = micros - now();
    if (wait > 0)
        usleep((useconds_t)wait);
}

static void talkAndMeasure(struct worker *workers)
{
    double cpu[set.threads];
    memset(cpu, 0, sizeof cpu);
    double begin = now() + set.warmup * 1e6, end = begin + set.seconds * 1e6;
    for (long i = 0; i < set.threads; i++) {
        struct worker *w = &workers[i];
        w->epoll = epoll_create1(0);
        w->first = i;
        w->begin = begin;
        w->end = end;
        if (!set.irc)
            learnLayout(w, "", LITERAL(" :: "));
        for (long p = i; p < set.users; p += set.threads)
            watch(w, &peers[p], EPOLL_CTL_ADD, EPOLLIN);
        pthread_create(&w->thread, NULL, work, w);
    }
    sleepUntil(begin);
    struct reading first = look(workers, cpu);
    sleepUntil(end);
    struct reading last = look(workers, cpu);
    double drained = drain(workers, cpu);
    SET(finished, true);
    for (long i = 0; i < set.threads; i++)
        pthread_join(workers[i].thread, NULL);

    double wall = (last.at - first.at) / 1e6;
    printf(", \"wall\": %f, \"delivered\": %lu, \"answered\": %lu, \"sent\": %lu", wall,
           last.delivered - first.delivered, last.answered - first.answered, sentByAll());
    printf(", \"serverCpu\": %f, \"serverWaited\": %f, \"loadBusy\": %f, \"drained\": %f",
           last.server - first.server, last.waited - first.waited, last.load / wall, drained);
}

/* Prints what was wrong and the latencies, of all workers together. */
static void printVerdict(struct worker *workers, long threads)
{
    struct worker *all = &workers[0];
    for (long i = 1; i < threads; i++) {
        all->doubled += workers[i].doubled;
        all->skipped += workers[i].skipped;
        all->own += workers[i].own;
        if (!all->strange)
            memcpy(all->firstStrange, workers[i].firstStrange, LINE);
        all->strange += workers[i].strange;
        for (int b = 0; b < BUCKETS; b++) {
            all->delivery[b] += workers[i].delivery[b];
            all->receipt[b] += workers[i].receipt[b];
        }
    }
    uint64_t missing = 0, unanswered = 0;
    for (long s = 0; s < set.senders; s++) {
        uint32_t sent = set.sent ? (uint32_t)set.sent : GET(peers[s].sender->sent);
        unanswered += set.sent ? 0 : sent - GET(peers[s].sender->answered);
        for (long p = 0; p < set.users; p++)
            if (p != s && peers[p].state == READY)
                missing += sent - peers[p].next[s];
    }
    printf(", \"missing\": %lu, \"skipped\": %lu, \"doubled\": %lu, \"own\": %lu, \"strange\": %lu"
           ", \"unanswered\": %lu", missing, all->skipped, all->doubled, all->own, all->strange, unanswered);
    printf(", \"firstStrange\": \"");
    for (const char *c = all->firstStrange; *c; c++)
        if (*c >= ' ' && *c != '"' && *c != '\\')
            putchar(*c);
    printf("\"");
    printHistogram("delivery", all->delivery);
    printHistogram("receipt", all->receipt);
}

/* Checks a stream from standard input as that of user `listener`, in pieces of `chunk` bytes. */
static void check(struct worker *w)
{
    struct peer *p = &peers[set.listener];
    size_t kept = 0;
    ssize_t got;
    p->state = READY;
    if (!set.irc)
        learnLayout(w, "", LITERAL(" :: "));
    while ((got = read(0, w->in + kept, set.chunk)) > 0) {
        size_t done = take(w, p, w->in, kept + got, 0);
        kept += got - done;
        if (kept > LINE)
            fail("A line is longer than %d bytes.", LINE);
        memmove(w->in, w->in + done, kept);
    }
    printf("{\"delivered\": %lu, \"tail\": %zu", GET(w->delivered), kept);
}

static void readSettings(int count, char **words)
{
    struct { const char *name; long *whole; double *real; } table[] = {
        {"port", &set.port, 0}, {"pid", &set.pid, 0}, {"users", &set.users, 0},
        {"senders", &set.senders, 0}, {"window", &set.window, 0}, {"threads", &set.threads, 0},
        {"underway", &set.underway, 0}, {"irc", &set.irc, 0}, {"join", &set.join, 0},
        {"listener", &set.listener, 0}, {"sent", &set.sent, 0}, {"chunk", &set.chunk, 0},
        {"rate", 0, &set.rate}, {"warmup", 0, &set.warmup}, {"seconds", 0, &set.seconds},
        {"idle", 0, &set.idle}, {"patience", 0, &set.patience},
    };
    for (int i = 0; i < count; i++) {
        char *value = strchr(words[i], '=');
        size_t row = 0, rows = sizeof table / sizeof *table;
        while (row < rows && value && strncmp(words[i], table[row].name, value - words[i]))
            row++;
        if (!value || row == rows)
            fail("%s is no setting of the load generator.", words[i]);
        if (table[row].whole)
            *table[row].whole = atol(value + 1);
        else
            *table[row].real = atof(value + 1);
    }
    if (set.users < 1 || set.senders > set.users || set.window < 1 || set.window > FLIGHT
        || set.chunk < 1 || set.chunk > IN || set.threads < 1 || set.listener >= set.users)
        fail("These settings of the load generator do not go together.");
}

int main(int count, char **words)
{
    bool checking = count > 1 && !strcmp(words[1], "check");
    clock_gettime(CLOCK_MONOTONIC, &birth);
    readSettings(count - 1 - checking, words + 1 + checking);
    peers = calloc(set.users, sizeof *peers);
    struct worker *workers = calloc(set.threads, sizeof *workers);
    for (long i = 0; i < set.users; i++) {
        peers[i].index = (int)i;
        peers[i].next = calloc(set.senders + 1, sizeof(uint32_t));
        if (i < set.senders)
            peers[i].sender = calloc(1, sizeof(struct sender));
    }
    if (checking) {
        check(workers);
        printVerdict(workers, 1);
        puts("}");
        return 0;
    }
    struct worker *door = calloc(1, sizeof *door);
    door->epoll = epoll_create1(0);
    double memory = serverMemory(), cpu = serverCpu(), at = now();
    loginAll(door);
    double took = (now() - at) / 1e6;
    settle(door);
    printf("{\"loginSeconds\": %f, \"loginCpu\": %f, \"memoryBefore\": %.0f, \"memoryAfter\": %.0f", took,
           serverCpu() - cpu, memory, serverMemory());
    cpu = serverCpu();
    sleepUntil(now() + set.idle * 1e6);
    printf(", \"idleSeconds\": %f, \"idleCpu\": %f", set.idle, serverCpu() - cpu);
    close(door->epoll);
    if (set.senders) {
        talkAndMeasure(workers);
        printVerdict(workers, set.threads);
    }
    puts("}");
    return 0;
}
