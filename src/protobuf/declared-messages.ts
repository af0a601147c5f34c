/**
 * The messages that a Protobuf file declares, in order: read from a `.proto` text, or from a
 * FileDescriptorProto in base64, for a registry has either.
 *
 * Messages that a compiler makes for map fields are left out, as Confluent's clients count them: they
 * are in no text, but in descriptors.
 *
 * Neighbours: message-indexes.ts finds a message here.
 */
import { fromBinary } from '@bufbuild/protobuf'
import {
  FileDescriptorProtoSchema,
  type DescriptorProto,
  type FileDescriptorProto,
} from '@bufbuild/protobuf/wkt'

/** A message, and those declared within it. */
export interface DeclaredMessage {
  readonly name: string
  readonly messages: readonly DeclaredMessage[]
}

/** A file's messages. */
export interface DeclaredFile {
  /** Empty where the file has none. */
  readonly packageName: string
  readonly messages: readonly DeclaredMessage[]
}

/** What a schema of a registry declares; null for what is neither text nor descriptor. */
export function declaredMessages(schema: string): DeclaredFile | null {
  return (isBase64(schema) ? ofDescriptor(schema) : null) ?? ofText(schema)
}

/** Text has spaces and semicolons, which base64 has not. */
function isBase64(schema: string): boolean {
  return /^[\w+/-]+={0,2}\s*$/.test(schema)
}

function ofDescriptor(base64: string): DeclaredFile | null {
  let file: FileDescriptorProto
  try {
    file = fromBinary(FileDescriptorProtoSchema, Buffer.from(base64, 'base64'))
  } catch {
    return null
  }
  return { packageName: file.package, messages: declaredOf(file.messageType) }
}

function declaredOf(descriptors: readonly DescriptorProto[]): DeclaredMessage[] {
  return descriptors
    .filter(({ options }) => options?.mapEntry !== true)
    .map(({ name, nestedType }) => ({ name, messages: declaredOf(nestedType) }))
}

/** A message while its text is being read. */
interface OpenMessage {
  readonly name: string
  readonly messages: OpenMessage[]
  isMapEntry: boolean
}

// Comments and text literals are passed over; whatever else is there stands for itself. One without an
// end goes to the end of the text (its group is there then): each beginning looks for an end only once.
const TOKENS =
  /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|($))|"(?:\\[\s\S]?|[^"\\])*(?:"|($))|'(?:\\[\s\S]?|[^'\\])*(?:'|($))|[\w.]+|[^\s]/g

function ofText(text: string): DeclaredFile | null {
  const reader = new TextReader()
  for (const [token, ...ends] of text.matchAll(TOKENS)) {
    if (ends.includes('')) return null
    if (!/^(?:\/[/*]|["'])/.test(token)) reader.take(token)
  }
  return reader.file()
}

/** Statements end with `;`, `{` or `}`: what matters is how each begins, and how deep it is. */
class TextReader {
  #packageName = ''
  readonly #messages: OpenMessage[] = []
  /** A message for each block that is open; null for a block of another kind. */
  readonly #open: (OpenMessage | null)[] = []
  #statement: string[] = []
  #isBroken = false

  take(token: string): void {
    if (token === '{') this.#begin()
    else if (token === '}') this.#end()
    else if (token === ';') this.#finish()
    else this.#statement.push(token)
  }

  file(): DeclaredFile | null {
    if (this.#isBroken || this.#open.length > 0 || this.#statement.length > 0) return null
    return { packageName: this.#packageName, messages: withoutEntries(this.#messages) }
  }

  #begin(): void {
    const [keyword, name, ...more] = this.#statement
    const parent = this.#open.at(-1)
    const isMessage = keyword === 'message' && name !== undefined && more.length === 0
    const siblings = this.#open.length === 0 ? this.#messages : parent?.messages
    this.#statement = []
    if (!isMessage || siblings === undefined) return void this.#open.push(null)
    const message = { name, messages: [], isMapEntry: false }
    siblings.push(message)
    this.#open.push(message)
  }

  #end(): void {
    if (this.#open.pop() === undefined) this.#isBroken = true
    this.#statement = []
  }

  #finish(): void {
    const statement = this.#statement.join(' ')
    const message = this.#open.at(-1)
    this.#statement = []
    if (this.#open.length === 0 && statement.startsWith('package ')) {
      this.#packageName = statement.slice('package '.length)
    }
    if (message && statement === 'option map_entry = true') message.isMapEntry = true
  }
}

function withoutEntries(messages: readonly OpenMessage[]): DeclaredMessage[] {
  return messages
    .filter(({ isMapEntry }) => !isMapEntry)
    .map((it) => ({ name: it.name, messages: withoutEntries(it.messages) }))
}
