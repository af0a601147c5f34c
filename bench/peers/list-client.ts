/**
 * A Client of the workload for peers whose one call takes a list of messages and returns a promise:
 * one message a call in mode `send`, 1,000 in the others.
 */
import type { SubjectTask } from '../contract.js'
import { RecordSource } from '../support/record-source.js'
import { Window } from '../support/window.js'
import type { Client } from '../support/workload.js'

const LIST_RECORDS = 1_000

/** What an adapter has to say of its peer. */
export interface ListPeer<Message> {
  readonly version: string
  /** Message number `index` of the task. */
  message(source: RecordSource, index: number): Message
  /** Resolves when all of them are acknowledged. */
  send(messages: Message[]): Promise<unknown>
  close(): Promise<void>
}

export class ListClient<Message> implements Client {
  readonly version: string
  readonly #peer: ListPeer<Message>
  readonly #source: RecordSource
  readonly #window: Window
  readonly #listRecords: number

  constructor(task: SubjectTask, peer: ListPeer<Message>) {
    this.version = peer.version
    this.#peer = peer
    this.#source = new RecordSource(task)
    this.#window = new Window(task.outstanding)
    this.#listRecords = task.mode === 'send' ? 1 : LIST_RECORDS
  }

  async hand(from: number, to: number): Promise<void> {
    for (let index = from; index < to; index += this.#listRecords) {
      const length = Math.min(this.#listRecords, to - index)
      const messages = Array.from({ length }, (_, offset) => this.#message(index + offset))
      const full = this.#window.add(length)
      this.#peer.send(messages).then(() => this.#window.remove(length), this.#window.failed)
      if (full !== null) await full
    }
  }

  settle(): Promise<void> {
    return this.#window.drained()
  }

  handOne(index: number, onAck: () => void): void {
    this.#peer.send([this.#message(index)]).then(onAck, this.#window.failed)
  }

  close(): Promise<void> {
    return this.#peer.close()
  }

  #message(index: number): Message {
    return this.#peer.message(this.#source, index)
  }
}
