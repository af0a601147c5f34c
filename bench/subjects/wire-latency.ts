/**
 * Subject: what latency the wire has. A Produce request that was made beforehand, of one record, for
 * each record that is due, down one raw socket; its answer is decoded and checked. At rates where
 * records do not meet no client can do less; at higher ones a client that batches can.
 *
 * One broker. Neighbours: wire-limit.ts does the same at full speed.
 */
import type { SubjectTask } from '../contract.js'
import { RawConnection } from '../support/raw-connection.js'
import { checkProduced, makeRequests, type ReadyRequest } from '../support/ready-requests.js'
import { runSubject } from '../support/subject.js'
import { Window } from '../support/window.js'
import { runWorkload, type Client } from '../support/workload.js'

class WireClient implements Client {
  readonly version = '-'
  readonly #connection: RawConnection
  readonly #requests: readonly ReadyRequest[]
  readonly #window: Window

  constructor(connection: RawConnection, task: SubjectTask) {
    this.#connection = connection
    this.#requests = makeRequests(task)
    this.#window = new Window(task.settings.maxInFlight)
  }

  async hand(from: number, to: number): Promise<void> {
    for (let index = from; index < to; index++) {
      const full = this.#window.add()
      this.handOne(index, this.#window.acked)
      if (full !== null) await full
    }
  }

  async settle(): Promise<void> {
    await this.#window.drained()
  }

  handOne(index: number, onAck: () => void): void {
    const request = this.#requests[index % this.#requests.length] as ReadyRequest // never empty
    const onAnswer = (frame: Buffer): void => {
      checkProduced(frame)
      onAck()
    }
    this.#connection.send(request.frame, onAnswer, this.#window.failed)
  }

  close(): Promise<void> {
    this.#connection.close()
    return Promise.resolve()
  }
}

runSubject(async (task) => {
  const [address = ''] = task.brokers
  return await runWorkload(task, new WireClient(await RawConnection.open(address), task))
})
