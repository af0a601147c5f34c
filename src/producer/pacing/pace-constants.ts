/**
 * The constants of the pace: how much is sent at once, how often, and how long a broker is waited
 * for. Whatever can be measured at run time is (round-trips.ts, throttle-pace.ts); what stands here
 * cannot, or is a property of Kafka. Each says where its figure comes from.
 *
 * Neighbours: pace.ts, round-trips.ts and throttle-pace.ts; broker-sink.ts, partition-queue.ts,
 * leader-search.ts and old-leader.ts in sending/; obstacles.ts in completing/.
 */

/**
 * How many mean deviations of a broker's work a request keeps behind the one before it. With two, a
 * request finds the broker busy about once in twenty times. A model of one connection (network 0.2
 * to 100 ms, work of 3 to 10 ms, steady and erratic, 100 to 4,000 records/s) has its best p99 with
 * two; with one, requests over a short network to a steady broker queue up (p50 27 ms instead of
 * 10), with none everything does.
 */
export const SPREADS_OF_BROKER_TIME = 2

/**
 * Answers after which a longer network time counts: seconds at the slowest rate that is paced at
 * all.
 */
export const NETWORK_WINDOW_ANSWERS = 64

/**
 * What gathers while a partition is held up goes in batches of this, of four times as much, and so
 * on: brokers that have just started are slow, and one batch of all that has gathered would keep
 * its first record, and the partitions behind it, waiting until the broker is through with the last.
 * Java's default batch.size; all brokers down for 10 s: own recovery 1.69, 1.85 and 3.66 s with whole
 * batches (seeds 81 to 83 of `npm run chaos`), 3.33, 0.88 and 0.69 with these (91 to 93).
 */
export const FIRST_FILL_BYTES = 16_384

/**
 * How long a broker waits for its replicas with a probe. Of several partitions that it has come to
 * lead, one may wait a second longer than another: its follower asked too early, and asks again
 * only then (replica.fetch.backoff.ms, 1 s). The others are not to wait for it: a quarter of that.
 */
export const PROBE_TIMEOUT_MS = 250

/**
 * Beside a probe there is one other request in flight, which the broker may be working on. With
 * five: own recovery 1.55 and 1.38 s with all brokers down (seeds 311, 312), 0.77 and 0.81 with
 * one.
 */
export const IN_FLIGHT_BESIDE_PROBES = 2

/**
 * A broker that owes an answer for so long has stalled: it may be frozen, and leaders have moved.
 * Twice the time in which a healthy broker answers where a request with acks all takes long (a
 * follower that lags a fetch behind: replica.fetch.wait.max.ms, 500).
 */
export const STALL_MS = 1000

/**
 * How long an old leader may owe answers once there is a newer one; 0 if it has stalled. A healthy
 * one refuses within a round trip; for one that is not this adds to each recovery.
 */
export const OLD_LEADER_GRACE_MS = 200

/**
 * How often leaders are looked for again while some are missing: it is the time by which recovery
 * lags an election, which takes seconds.
 */
export const LEADER_LOOK_MS = 250

/**
 * The pause that a request should bring about while a broker throttles us. Kafka's quotas are rates over
 * windows of a second (quota.window.size.seconds), so that shorter pauses gain nothing and cost requests.
 */
export const THROTTLE_AIM_MS = 1000

/** Less in one throttled request only costs requests: its headers would weigh as much as its records. */
export const LEAST_THROTTLED_BYTES = 1024

/**
 * Pauses while the transaction before is still being ended, each twice the last: its markers take from one
 * to some 20 ms, and a failure's backoff would be paid by every transaction (KAFKA-5477).
 */
const ENDING_FIRST_PAUSE_MS = 2
const ENDING_LAST_PAUSE_MS = 20

/** The pause after so many answers of that kind, from 1. */
export function endingPauseMs(answers: number): number {
  return Math.min(ENDING_FIRST_PAUSE_MS * 2 ** Math.min(answers - 1, 10), ENDING_LAST_PAUSE_MS)
}
