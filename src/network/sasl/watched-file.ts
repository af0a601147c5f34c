/**
 * A file that somebody may replace: read again when its time or size has changed.
 *
 * Looked at before each use rather than watched: watching misses how Kubernetes swaps its mounts.
 *
 * Neighbours: jwt-assertion.ts.
 */
import { readFile, stat } from 'node:fs/promises'

/** The content of one file, made into something. */
export class WatchedFile<Content> {
  readonly #path: string
  readonly #parse: (text: string) => Content
  #seen = ''
  #content: Content | undefined

  /** `parse`: throws where the content makes no sense; the content before is not kept then. */
  constructor(path: string, parse: (text: string) => Content) {
    this.#path = path
    this.#parse = parse
  }

  /** @throws what reading or `parse` throws (rejects) */
  async content(): Promise<Content> {
    const { mtimeMs, size, ino } = await stat(this.#path)
    const seen = `${mtimeMs} ${size} ${ino}`
    if (this.#content === undefined || seen !== this.#seen) {
      this.#content = this.#parse(await readFile(this.#path, 'utf8'))
      this.#seen = seen
    }
    return this.#content
  }
}
