/**
 * The connections of the control plane: one for each address that was asked, and which of them is asked
 * first next time.
 *
 *   open ──> dialling ──> open ──adopt──> the first to be asked
 *                │          └──rest, too many, silent──> retiring: closed when its last answer is in
 *                └──left──> given up
 *
 * Never those that records are produced on: they may be blocked behind acks, or belong to a broker that
 * is frozen.
 *
 * Neighbours: control-addresses.ts is the only user; open-connection.ts opens.
 */
import { ConnectionError, type OttlaError } from '../../errors.js'
import { formatAddress } from '../address.js'
import type { Connection, ConnectionTarget } from '../connection/connection.js'
import { openConnection } from '../connection/open-connection.js'
import type { NetworkContext } from '../context.js'

/** Connections kept while one broker after the other is asked; the one that answered longest ago goes. */
const MOST_CONNECTIONS = 4

/** An address being dialled or connected to. */
interface Line {
  readonly dialling: AbortController
  readonly opened: Promise<Connection>
  connection?: Connection
  /** This broker alone can answer something: it stays until it is idle for long. */
  isKept: boolean
}

/** By address. */
export class ControlConnections {
  readonly #context: NetworkContext
  readonly #onOpened: (connection: Connection) => void
  /** The one that answered last is the last. */
  readonly #lines = new Map<string, Line>()
  /** No longer asked anything; open until their last answers are in. */
  readonly #retiring = new Set<Connection>()
  #first: Connection | undefined

  /** `onOpened` is called with each connection that has come up. */
  constructor(context: NetworkContext, onOpened: (connection: Connection) => void) {
    this.#context = context
    this.#onOpened = onOpened
  }

  /** The one to ask first, if it is open. */
  get first(): Connection | undefined {
    return this.#first?.isOpen === true ? this.#first : undefined
  }

  /** The connection to an address, dialled where there is none. Rejects as `openConnection`. */
  open(target: ConnectionTarget, isKept: boolean): Promise<Connection> {
    const address = formatAddress(target)
    const line = this.#lines.get(address) ?? this.#dial(address, target)
    line.isKept ||= isKept
    return line.opened
  }

  /** From now on this one is asked first. */
  adopt(connection: Connection): void {
    this.#first = connection
    const address = formatAddress(connection)
    const line = this.#lines.get(address)
    if (line?.connection === connection) {
      this.#lines.delete(address)
      this.#lines.set(address, line)
    }
    const spare = this.#spare(() => true)
    for (const connection of spare.slice(0, -MOST_CONNECTIONS)) this.#retire(connection)
  }

  /** Another one is asked first. */
  turnFrom(connection: Connection): void {
    if (this.#first === connection) this.#first = undefined
  }

  /** One connection is enough. */
  rest(): void {
    for (const connection of this.#spare((it) => it !== this.#first)) this.#retire(connection)
  }

  /** It was of no use: given up where it is not open, and else not the first to be asked. */
  failed(target: ConnectionTarget): void {
    const connection = this.#lines.get(formatAddress(target))?.connection
    if (connection?.isOpen === true) this.turnFrom(connection)
    else this.leave(target)
  }

  /** Gives a dial up; an open connection may answer what else it was asked. */
  leave(target: ConnectionTarget): void {
    const address = formatAddress(target)
    const line = this.#lines.get(address)
    this.#lines.delete(address)
    if (line?.connection === undefined) line?.dialling.abort()
    else this.#retire(line.connection)
  }

  /** Closes everything; what is being asked is rejected with `reason`. */
  closeAll(reason: OttlaError): void {
    for (const [address, line] of [...this.#lines]) {
      this.#lines.delete(address)
      line.dialling.abort()
      line.connection?.close(reason)
    }
    for (const connection of [...this.#retiring]) connection.close(reason)
  }

  /** The open ones that nobody wants kept, in the order of their last answers. */
  #spare(isSpare: (connection: Connection) => boolean): Connection[] {
    return [...this.#lines.values()].flatMap(({ connection, isKept }) =>
      connection !== undefined && !isKept && isSpare(connection) ? connection : [],
    )
  }

  #dial(address: string, { nodeId, host, port }: ConnectionTarget): Line {
    const dialling = new AbortController()
    const opened = openConnection({
      context: this.#context,
      target: { nodeId, host, port },
      signal: dialling.signal,
      listener: {
        onWritable: () => {},
        onClose: () => {
          if (line.connection !== undefined) this.#forget(address, line.connection)
        },
      },
    })
    const line: Line = { dialling, opened, isKept: false }
    this.#lines.set(address, line)
    opened.then(
      (connection) => {
        line.connection = connection
        if (this.#lines.get(address) !== line) connection.close(unneeded(connection))
        else if (!connection.isOpen) this.#lines.delete(address)
        else this.#onOpened(connection)
      },
      () => {
        if (this.#lines.get(address) === line) this.#lines.delete(address)
      },
    )
    return line
  }

  #forget(address: string, connection: Connection): void {
    if (this.#lines.get(address)?.connection === connection) {
      this.#lines.delete(address)
      this.#context.cluster.connectionLost()
    }
    this.turnFrom(connection)
    this.#retiring.delete(connection)
  }

  #retire(connection: Connection): void {
    const address = formatAddress(connection)
    if (this.#lines.get(address)?.connection === connection) this.#lines.delete(address)
    this.#forget(address, connection)
    this.#retiring.add(connection)
    connection.closeWhenIdle(unneeded(connection))
  }
}

function unneeded({ host, port }: ConnectionTarget): ConnectionError {
  const message = `control requests no longer go to ${formatAddress({ host, port })}`
  return new ConnectionError(message, { host, port, phase: 'close' })
}
