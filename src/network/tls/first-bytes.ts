/**
 * Who speaks there? Judged by the four bytes that should have been the size of a Kafka frame.
 *
 * Neighbours: frame-splitter.ts refuses a size with it; connection-errors.ts makes an error of it.
 */

/** What listens on the port instead of a plaintext Kafka broker. */
export interface Stranger {
  /** Of the ConnectionError. */
  readonly code: 'ERR_OTTLA_TLS_EXPECTED' | 'ERR_OTTLA_NOT_KAFKA'
  /** What it is, and the fix. */
  readonly words: string
}

/** By their first words. */
const GREETINGS: Readonly<Record<string, string>> = {
  HTTP: 'in HTTP, so this is the port of a web server',
  'SSH-': 'in SSH, so this is the port of an SSH server',
  '220 ': 'as mail and FTP servers do',
  '220-': 'as mail and FTP servers do',
  '+OK ': 'as a mail server does (POP3)',
  '* OK': 'as a mail server does (IMAP)',
  '-ERR': 'as Redis does',
  AMQP: 'in AMQP, so this is the port of a message broker of another kind',
  'RFB ': 'as a VNC server does',
}

/** Undefined where the bytes say nothing. */
export function strangerBy(head: Uint8Array): Stranger | undefined {
  const [type = 0, major] = head
  // A TLS record: change cipher spec, alert, handshake or data, of version 3.x.
  if (type >= 0x14 && type <= 0x17 && major === 0x03) {
    return {
      code: 'ERR_OTTLA_TLS_EXPECTED',
      words:
        'the other side answers in TLS, so this is a TLS listener; connect to it with TLS (option tls), or use its plaintext port',
    }
  }
  const greeting = GREETINGS[Buffer.from(head).toString('latin1')]
  const isText = head.every((byte) => byte >= 0x20 && byte < 0x7f)
  if (greeting === undefined && !isText) return undefined
  return {
    code: 'ERR_OTTLA_NOT_KAFKA',
    words: `the other side answers ${greeting ?? 'in a protocol of text'}; no Kafka broker listens there: check host and port`,
  }
}
