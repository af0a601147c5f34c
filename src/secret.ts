/**
 * A password, a token or a key on its way to the one place that needs it.
 *
 * It prints nothing: not as text, JSON, in `util.inspect`, nor spread into another object. So an
 * error, a log line or a dump that holds one by mistake tells nobody. `reveal()` is the only way to
 * the value, and easy to search for.
 *
 * Neighbours: none; network/tls and network/sasl keep their credentials in it.
 */

const HIDDEN = '[secret]'

/** Holds one value and shows it to nobody who does not ask by name. */
export class Secret<Value> {
  readonly #value: Value

  constructor(value: Value) {
    this.#value = value
  }

  /** The value itself. Keep it out of messages, causes and closures that live long. */
  reveal(): Value {
    return this.#value
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return HIDDEN
  }
}
