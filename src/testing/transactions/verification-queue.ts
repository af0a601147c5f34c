/**
 * How the brokers ask coordinators about transactions: each leader has one request under way to each
 * coordinator. What comes meanwhile waits for the next one, which has one question of each transactional
 * id: a second one takes the place of the first, whose producer is told to try again.
 *
 * Spec: Kafka's AddPartitionsToTxnManager. Neighbours: leader-verification.ts asks through it.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'

/** What a leader wants to know. */
export interface Question {
  readonly transactionalId: string
  readonly producerEpoch: number
  /** Puts it to the coordinator; calls back when that has answered. */
  readonly ask: (answered: () => void) => void
  /** Takes it out of the line. */
  readonly refuse: (errorCode: number) => void
}

/** Of one leader to one coordinator. */
class VerificationQueue {
  #unanswered = 0
  #waiting = new Map<string, Question>()

  put(question: Question): void {
    const { transactionalId, producerEpoch } = question
    const known = this.#waiting.get(transactionalId)
    if (known !== undefined && known.producerEpoch > producerEpoch) {
      return question.refuse(ErrorCodes.INVALID_PRODUCER_EPOCH)
    }
    this.#waiting.set(transactionalId, question)
    if (known !== undefined) {
      const isFenced = known.producerEpoch < producerEpoch
      known.refuse(isFenced ? ErrorCodes.INVALID_PRODUCER_EPOCH : ErrorCodes.NETWORK_EXCEPTION)
    }
    this.#send()
  }

  #send(): void {
    if (this.#unanswered > 0) return
    const sent = [...this.#waiting.values()]
    this.#waiting = new Map()
    this.#unanswered = sent.length
    for (const { ask } of sent) {
      ask(() => {
        this.#unanswered--
        if (this.#waiting.size > 0) this.#send()
      })
    }
  }
}

/** Of all brokers. */
export class VerificationQueues {
  readonly #queues = new Map<string, VerificationQueue>()

  /** Nobody waits for what was asked before. */
  clear(): void {
    this.#queues.clear()
  }

  /** Puts a question behind those that the leader has for the coordinator. */
  put(leaderId: number, coordinatorId: number, question: Question): void {
    const way = `${leaderId} to ${coordinatorId}`
    const queue = this.#queues.get(way) ?? new VerificationQueue()
    this.#queues.set(way, queue)
    queue.put(question)
  }
}
